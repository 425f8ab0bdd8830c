import { describe, expect, test } from 'vitest'
import {
  type ExtendedGrant,
  extensionMinutesMax,
  isPastExtending,
  refuseChain,
} from './extension.ts'
import type { RequestId } from './ids.ts'
import type { RequestState } from './request.ts'
import { decide, type Given, key, now, target } from './submission.fixture.ts'
import { approverPolicy, eligibilityPolicy } from './world.fixture.ts'

const inMinutes = (minutes: number) => new Date(now.getTime() + minutes * 60_000)
const grant = (change: Partial<ExtendedGrant> = {}): ExtendedGrant => ({
  requestId: 'parent' as RequestId,
  status: 'active',
  endsAt: inMinutes(30),
  chainMinutes: 60,
  ...change,
})

describe('a grant is past extending', () => {
  const rules: [string, RequestState, Date | null, boolean][] = [
    ['not while it is active', 'active', inMinutes(1), false],
    ['at the moment of its end', 'active', now, true],
    ['after its end, though nobody has noticed yet', 'active', inMinutes(-1), true],
    ['while it is ending, however early', 'ending', inMinutes(30), true],
    ['when it is over', 'revoked', inMinutes(30), true],
    ['before it is confirmed', 'activating', null, true],
  ]
  test.each(rules)('%s', (_, status, endsAt, past) =>
    expect(isPastExtending({ status, endsAt }, now)).toBe(past),
  )
})

describe('a chain lasts at most so many times the longest duration', () => {
  const rules: [string, { chain: number; max: number; factor: number }, number][] = [
    [
      'after a full first grant there is room for another',
      { chain: 120, max: 120, factor: 2 },
      120,
    ],
    ['one extension alone lasts no longer than a request', { chain: 10, max: 120, factor: 2 }, 120],
    ['the first grant counts', { chain: 150, max: 120, factor: 2 }, 90],
    ['a full chain leaves nothing', { chain: 240, max: 120, factor: 2 }, 0],
    ['a maximum lowered since leaves nothing, and not less', { chain: 240, max: 60, factor: 2 }, 0],
    ['at once times the longest, only what the first left', { chain: 90, max: 120, factor: 1 }, 30],
  ]
  test.each(rules)('%s', (_, { chain, max, factor }, left) => {
    const facts = {
      chainMinutes: chain,
      maxDurationMinutes: max,
      settings: { extensionChainFactor: factor },
    }
    expect(extensionMinutesMax(facts)).toBe(left)
    expect(refuseChain(facts, left + 1)?.code).toBe('chain_too_long')
    if (left > 0) expect(refuseChain(facts, left)).toBeNull()
  })
})

describe('an extension is refused', () => {
  const rules: [string, Given, string[]][] = [
    ['not if all is in order', {}, []],
    [
      'beyond the longest duration',
      { submission: { durationMinutes: 121 }, facts: { extending: grant({ chainMinutes: 1 }) } },
      ['duration_too_long durationMinutes'],
    ],
    [
      'beyond the length of the chain',
      { submission: { durationMinutes: 61 }, facts: { extending: grant({ chainMinutes: 180 }) } },
      ['chain_too_long durationMinutes'],
    ],
    [
      'not within it',
      { submission: { durationMinutes: 60 }, facts: { extending: grant({ chainMinutes: 180 }) } },
      [],
    ],
    [
      'once its parent has ended',
      { facts: { extending: grant({ endsAt: now }) } },
      ['already_ending null'],
    ],
    [
      'as break-glass, whatever the policies give',
      {
        eligibility: [eligibilityPolicy('e', { breakGlass: true })],
        submission: { breakGlass: true },
      },
      ['break_glass_not_allowed breakGlass'],
    ],
    ['what no policy gives any more', { eligibility: [] }, ['not_eligible targets.0']],
    ['what nobody could approve', { approver: [] }, ['too_few_approvers targets.0']],
    [
      'without the ticket that a policy wants',
      { eligibility: [eligibilityPolicy('e', { ticketRequired: true })] },
      ['ticket_required ticket'],
    ],
    [
      'without justification',
      { submission: { justification: ' ' } },
      ['text_malformed justification'],
    ],
    [
      'not because it ends further ahead than a request may start',
      {
        settings: { furthestStartDays: 0 },
        facts: { extending: grant({ endsAt: inMinutes(60 * 24) }) },
      },
      [],
    ],
    ['not because an ordinary request for the same waits', waitingForTheSame(), []],
    ['not because the access is held: TEAM gave it', { facts: { held: heldDirectly() } }, []],
  ]
  test.each(rules)('%s', (_, given, codes) =>
    expect(decide({ ...given, facts: { extending: grant(), ...given.facts } }).codes).toEqual(
      codes,
    ),
  )

  function waitingForTheSame(): Given {
    return { facts: { pending: new Map([[key(target(1)), 'first' as RequestId]]) } }
  }
  function heldDirectly() {
    return new Map([[key(target(1)), 'direct' as const]])
  }
})

describe('an extension', () => {
  const extended = (given: Given = {}) =>
    decide({ ...given, facts: { extending: grant(), ...given.facts } })

  test('begins where its parent ends, whatever start is asked for', () => {
    const verdict = extended({ submission: { startsAt: inMinutes(500), durationMinutes: 60 } })
    expect(verdict.requests).toMatchObject([{ requestedStartsAt: inMinutes(30) }])
    expect(verdict.targets).toMatchObject([{ endsAbout: inMinutes(90) }])
  })
  test('waits for a decision no longer than its parent lasts, nor longer than any other', () => {
    expect(extended().requests).toMatchObject([{ expiresAt: inMinutes(30) }])
    const long = grant({ endsAt: inMinutes(600) })
    expect(extended({ facts: { extending: long } }).requests).toMatchObject([
      { expiresAt: inMinutes(180) },
    ])
  })
  test('needs the approvals that a request would need', () => {
    const two = [approverPolicy('a', { approvalsRequired: 2 })]
    expect(extended({ approver: two }).requests).toMatchObject([
      { status: 'pending', approvalsRequired: 2 },
    ])
    const free = [eligibilityPolicy('e', { approvalRequired: false })]
    expect(extended({ eligibility: free }).requests).toMatchObject([{ status: 'scheduled' }])
  })
})
