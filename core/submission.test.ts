import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RequestId } from './ids.ts'
import { decide, directory, type Given, key, target } from './submission.fixture.ts'
import { type Held, targetsPerSubmissionMax } from './submission.ts'
import {
  accountId,
  anyText,
  approverPolicy,
  arnOf,
  eligibilityPolicy,
  noTargets,
  person,
} from './world.fixture.ts'

test('what is in order becomes a request that waits, with all its row needs', () => {
  const verdict = decide({
    submission: { ticket: ' INC１ ', startsAt: new Date('2026-11-25T00:00:00Z') },
    approver: [approverPolicy('a', { approvalsRequired: 2, version: 7 })],
  })
  expect(verdict.codes).toEqual([])
  expect(verdict.requests).toEqual([
    {
      target: target(1),
      account: directory.accounts.get(accountId(1)),
      permissionSet: directory.permissionSets.get(arnOf('ReadOnly')),
      status: 'pending',
      requestedStartsAt: new Date('2026-11-25T00:00:00Z'),
      durationMinutes: 60,
      justification: '「障害対応」のため',
      ticket: 'INC１',
      breakGlass: false,
      approvalsRequired: 2,
      approverCount: 2,
      quorums: [{ policyId: 'a', version: 7, needed: 2 }],
      expiresAt: new Date('2026-11-24T12:00:00Z'),
    },
  ])
})

describe('a request is scheduled at once', () => {
  const free = [eligibilityPolicy('e', { approvalRequired: false })]
  test.each<[string, Given]>([
    ['where no policy needs approval, even without approvers', { eligibility: free, approver: [] }],
    ['where approval is switched off', { settings: { approvalRequired: false }, approver: [] }],
  ])('%s', (_, given) => {
    expect(decide(given).requests).toMatchObject([
      { status: 'scheduled', approvalsRequired: 0, quorums: [] },
    ])
  })
  test('but not where the person widened it for themselves', () => {
    const facts = { ownWidening: new Set([key(target(1))]) }
    expect(decide({ eligibility: free, facts }).requests).toMatchObject([{ status: 'pending' }])
    expect(decide({ eligibility: free, facts, approver: [] }).codes).toEqual([
      'too_few_approvers targets.0',
    ])
  })
})

describe('refused is', () => {
  const glass = { eligibility: [eligibilityPolicy('e', { breakGlass: true })] }
  const breakGlass = { breakGlass: true }
  const pending = new Map([[key(target(1)), 'first' as RequestId]])
  const holds = (held: Held) => ({ held: new Map([[key(target(1)), held]]) })
  const many = (count: number) => Array.from({ length: count }, (_, i) => target(100 + i))
  const rules: [string, Given, string[]][] = [
    ['no target', { submission: { targets: [] } }, ['targets_empty targets']],
    ['a 21st target', { submission: { targets: many(21) } }, ['too_many_targets targets']],
    ['nothing up to 20 targets', { submission: { targets: many(targetsPerSubmissionMax) } }, []],
    [
      'the same target twice',
      { submission: { targets: [target(1), target(2), target(1)] } },
      ['duplicate_target targets.2'],
    ],
    ['what no policy gives', { eligibility: [] }, ['not_eligible targets.0']],
    [
      'an account out of reach',
      { submission: { targets: [target(1), target(3)] } },
      ['out_of_reach targets.1'],
    ],
    ['an unknown account', { submission: { targets: [target(9)] } }, ['not_eligible targets.0']],
    [
      'a disabled person',
      { facts: { requester: person('ann', [], false) } },
      ['person_disabled null'],
    ],

    [
      'a duration of nothing',
      { submission: { durationMinutes: 0 } },
      ['duration_malformed durationMinutes'],
    ],
    [
      'a negative duration',
      { submission: { durationMinutes: -60 } },
      ['duration_malformed durationMinutes'],
    ],
    [
      'half a minute',
      { submission: { durationMinutes: 1.5 } },
      ['duration_malformed durationMinutes'],
    ],
    [
      'an endless duration',
      { submission: { durationMinutes: Number.POSITIVE_INFINITY } },
      ['duration_malformed durationMinutes'],
    ],
    [
      'no number for a duration',
      { submission: { durationMinutes: Number.NaN } },
      ['duration_malformed durationMinutes'],
    ],
    [
      'a duration beyond the policy',
      { submission: { durationMinutes: 121 } },
      ['duration_too_long durationMinutes'],
    ],
    [
      'a duration beyond the setting',
      { submission: { durationMinutes: 31 }, settings: { maxDurationMinutes: 30 } },
      ['duration_too_long durationMinutes'],
    ],
    ['nothing at the longest duration', { submission: { durationMinutes: 120 } }, []],

    [
      'a start that is none',
      { submission: { startsAt: new Date(Number.NaN) } },
      ['start_malformed startsAt'],
    ],
    [
      'a start beyond thirty days',
      { submission: { startsAt: new Date('2026-12-24T09:00:00.001Z') } },
      ['start_too_far startsAt'],
    ],
    ['nothing at thirty days', { submission: { startsAt: new Date('2026-12-24T09:00:00Z') } }, []],
    ['nothing in the past', { submission: { startsAt: new Date('1970-01-01T00:00:00Z') } }, []],

    [
      'no justification',
      { submission: { justification: ' \n' } },
      ['text_malformed justification'],
    ],
    [
      'an invisible justification',
      { submission: { justification: '\u200B' } },
      ['text_malformed justification'],
    ],
    [
      'an override in the justification',
      { submission: { justification: 'a\u202Eb' } },
      ['text_malformed justification'],
    ],
    [
      'nothing without justification where nobody wants one',
      {
        submission: { justification: '' },
        settings: { justificationRequired: false },
        eligibility: [eligibilityPolicy('e', { justificationRequired: false })],
      },
      [],
    ],
    [
      'no justification where only a policy wants one',
      { submission: { justification: '' }, settings: { justificationRequired: false } },
      ['text_malformed justification'],
    ],
    [
      'an override even where nobody wants a justification',
      {
        submission: { justification: 'a\u202Eb' },
        settings: { justificationRequired: false },
        eligibility: [eligibilityPolicy('e', { justificationRequired: false })],
      },
      ['text_malformed justification'],
    ],

    [
      'no ticket where the setting wants one',
      { settings: { ticketRequired: true } },
      ['ticket_required ticket'],
    ],
    [
      'no ticket where a policy wants one',
      {
        eligibility: [eligibilityPolicy('e', { ticketRequired: true })],
        submission: { ticket: ' ' },
      },
      ['ticket_required ticket'],
    ],
    [
      'a ticket off the pattern, wanted or not',
      { settings: { ticketPattern: 'INC\\d+' }, submission: { ticket: 'INC' } },
      ['ticket_malformed ticket'],
    ],
    [
      'a ticket that is no proper text',
      { submission: { ticket: 'INC\u00001' } },
      ['text_malformed ticket'],
    ],

    ['what the person holds directly', { facts: holds('direct') }, ['already_held targets.0']],
    ['nothing that comes through a group', { facts: holds('group') }, []],
    [
      'what AWS could not be asked about',
      { facts: holds('unknown') },
      ['unconfirmed_with_aws null'],
    ],
    ['nothing of that in a preview', { facts: { ...holds('unknown'), purpose: 'preview' } }, []],
    ['what already waits', { facts: { pending } }, ['duplicate_pending targets.0']],
    [
      'nothing because something else waits',
      { facts: { pending }, submission: { targets: [target(2)] } },
      [],
    ],
    ['what nobody could approve', { approver: [] }, ['too_few_approvers targets.0']],
    [
      'what too few could approve',
      { approver: [approverPolicy('a', { approvalsRequired: 3 })] },
      ['too_few_approvers targets.0'],
    ],

    ['nothing of break-glass at a screen, now', { ...glass, submission: breakGlass }, []],
    [
      'break-glass where no policy gives it',
      { submission: breakGlass },
      ['not_eligible targets.0'],
    ],
    [
      'break-glass from a token',
      { ...glass, submission: breakGlass, facts: { via: 'token' } },
      ['break_glass_not_allowed breakGlass'],
    ],
    [
      'break-glass from Slack',
      { ...glass, submission: breakGlass, facts: { via: 'slack' } },
      ['break_glass_not_allowed breakGlass'],
    ],
    [
      'break-glass for later',
      { ...glass, submission: { ...breakGlass, startsAt: new Date('2026-11-24T09:00:01Z') } },
      ['break_glass_not_allowed startsAt'],
    ],
    [
      'break-glass without a possible reviewer',
      { ...glass, submission: breakGlass, approver: [] },
      ['too_few_approvers targets.0'],
    ],
    [
      'break-glass with a review overdue',
      { ...glass, submission: breakGlass, facts: { reviewOverdue: true } },
      ['review_overdue breakGlass'],
    ],
    [
      'break-glass without justification, whatever the settings',
      {
        eligibility: [eligibilityPolicy('e', { breakGlass: true, justificationRequired: false })],
        settings: { justificationRequired: false },
        submission: { ...breakGlass, justification: '' },
      },
      ['text_malformed justification'],
    ],
    [
      'break-glass that the person widened for themselves',
      { ...glass, submission: breakGlass, facts: { ownWidening: new Set([key(target(1))]) } },
      ['break_glass_not_allowed breakGlass'],
    ],
  ]
  test.each(rules)('%s', (_, given, codes) => {
    const verdict = decide(given)
    expect(verdict.codes).toEqual(codes)
    expect(verdict.requests === null).toBe(codes.length > 0)
  })
})

test('one refused target refuses all, and the others are still told what they need', () => {
  const verdict = decide({ submission: { targets: [target(1), target(3), target(2)] } })
  expect(verdict.requests).toBeNull()
  expect(verdict.targets.map((one) => one.refusal?.code ?? null)).toEqual([
    null,
    'out_of_reach',
    null,
  ])
  expect(verdict.targets[2]).toMatchObject({
    approvalsRequired: 1,
    approverCount: 2,
    endsAbout: new Date('2026-11-24T10:00:00Z'),
    held: 'none',
  })
})

test('a longer duration at one target does not stretch to another of the same submission', () => {
  const eligibility = [
    eligibilityPolicy('long', {
      targets: { ...noTargets, accounts: [accountId(1)] },
      maxDurationMinutes: 240,
    }),
    eligibilityPolicy('short', { maxDurationMinutes: 30 }),
  ]
  const verdict = decide({
    eligibility,
    submission: { targets: [target(1), target(2)], durationMinutes: 200 },
  })
  expect(verdict.targets.map((one) => one.refusal?.params ?? null)).toEqual([
    null,
    { maxDurationMinutes: 30 },
  ])
})

test('each refusal tells what the person needs to know to do better', () => {
  expect(
    decide({ facts: { pending: new Map([[key(target(1)), 'first' as RequestId]]) } }).targets[0]
      ?.refusal?.params,
  ).toEqual({ requestId: 'first' })
  expect(decide({ submission: { justification: 'a\u202Eb' } }).refusals[0]?.params).toMatchObject({
    reason: 'bidi_override',
    character: 'U+202E',
  })
  expect(
    decide({ submission: { startsAt: new Date('2027-01-01T00:00:00Z') } }).refusals[0]?.params,
  ).toEqual({ furthestStartDays: 30, furthest: '2026-12-24T09:00:00.000Z' })
  expect(
    decide({ eligibility: [eligibilityPolicy('e', { ticketRequired: true })] }).refusals[0]?.params,
  ).toEqual({ requiredBy: ['e'], pattern: null, example: null })
})

test('whatever is sent, there are requests for all targets or a refusal, never both or neither', () => {
  const text = fc.oneof(anyText(8), fc.constant('because'))
  const submission = fc.record({
    targets: fc.array(
      fc
        .tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom('ReadOnly', 'Admin', 'Gone'))
        .map(([number, set]) => target(number, set)),
      { maxLength: 4 },
    ),
    startsAt: fc.option(fc.date({ noInvalidDate: false })),
    durationMinutes: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.double()),
    justification: text,
    ticket: fc.option(text),
    breakGlass: fc.boolean(),
  })
  let accepted = 0
  fc.assert(
    fc.property(submission, (drawn) => {
      const verdict = decide({
        submission: drawn,
        eligibility: [eligibilityPolicy('e', { breakGlass: true })],
      })
      expect(verdict.requests === null).toBe(verdict.codes.length > 0)
      for (const [i, request] of (verdict.requests ?? []).entries()) {
        accepted += 1
        expect(request.target).toEqual(drawn.targets[i])
        expect(request.durationMinutes).toBeLessThanOrEqual(60)
        if (drawn.breakGlass) expect(request.requestedStartsAt).toBeNull()
      }
    }),
    { numRuns: 500 },
  )
  expect(accepted).toBeGreaterThan(0)
})
