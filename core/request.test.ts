import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Role, roles } from './access.ts'
import type { RequestId } from './ids.ts'
import {
  actionsFor,
  isOver,
  legalMoves,
  maySeeRequest,
  type RequestAction,
  type RequestFacts,
  type RequestState,
  refuseAction,
  requestActions,
  requestStates,
  type Viewer,
} from './request.ts'
import { userId } from './world.fixture.ts'

const at = new Date('2026-11-24T09:00:00Z')
const facts = (status: RequestState, more: Partial<RequestFacts> = {}): RequestFacts => ({
  requesterId: userId('ann'),
  status,
  breakGlass: false,
  reviewed: false,
  votes: [],
  decidedBy: null,
  pendingExtensionId: null,
  grantedExtensionId: null,
  extensionAllowed: true,
  ...more,
})
const viewer = (name: string, held: Role[] = [], more: Partial<Viewer> = {}): Viewer => ({
  userId: userId(name),
  enabled: true,
  roles: new Set<Role>(['requester', ...held]),
  approvesTarget: held.includes('approver'),
  ...more,
})
const ann = viewer('ann')
const bob = viewer('bob', ['approver'])
const admin = viewer('adm', ['admin'])
const auditor = viewer('aud', ['auditor'])
const stranger = viewer('eve')

describe('the states', () => {
  test('end somewhere, from everywhere', () => {
    for (const state of requestStates) {
      const reached = new Set([state])
      for (const one of reached) for (const next of legalMoves[one]) reached.add(next)
      expect([...reached].some(isOver)).toBe(true)
    }
  })
  test('are all reached from those in which a request is born, and never left once over', () => {
    const reached = new Set<RequestState>(['pending', 'scheduled'])
    for (const one of reached) for (const next of legalMoves[one]) reached.add(next)
    expect([...reached].toSorted()).toEqual([...requestStates].toSorted())
  })
  test('never move from access that may exist to an end state without ending first', () => {
    for (const state of ['activating', 'active'] as const) {
      expect(legalMoves[state].filter(isOver)).toEqual([])
    }
  })
})

describe('who may do what and when', () => {
  const glass = { breakGlass: true }
  const decided = { decidedBy: { userId: userId('cho'), at } }
  const votedByBob = { votes: [{ userId: userId('bob'), decision: 'approved' as const }] }
  const extending = { pendingExtensionId: 'x' as RequestId }
  const rules: [string, RequestAction, RequestFacts, Viewer, string | null][] = [
    ['an approver may approve', 'approve', facts('pending'), bob, null],
    ['an approver may reject', 'reject', facts('pending'), bob, null],
    ['a requester may not approve their own', 'approve', facts('pending'), ann, 'own_request'],
    [
      'not even as an approver',
      'approve',
      facts('pending'),
      viewer('ann', ['approver']),
      'own_request',
    ],
    ['an administrator may not approve', 'approve', facts('pending'), admin, 'not_allowed'],
    ['an auditor may not reject', 'reject', facts('pending'), auditor, 'not_allowed'],
    ['a stranger is not told that it exists', 'approve', facts('pending'), stranger, 'not_found'],
    [
      'an approver of other targets is a stranger',
      'approve',
      facts('pending'),
      { ...bob, approvesTarget: false },
      'not_found',
    ],
    [
      'a disabled approver may nothing',
      'approve',
      facts('pending'),
      { ...bob, enabled: false },
      'person_disabled',
    ],
    ['nobody approves twice', 'approve', facts('pending', votedByBob), bob, 'already_voted'],
    [
      'nobody approves what is decided',
      'approve',
      facts('scheduled', decided),
      bob,
      'already_decided',
    ],
    ['nobody approves what is cancelled', 'approve', facts('cancelled'), bob, 'not_pending'],
    ['nobody rejects what needed no approval', 'reject', facts('active'), bob, 'not_pending'],

    ['a requester may cancel while it waits', 'cancel', facts('pending'), ann, null],
    ['a requester may cancel before the start', 'cancel', facts('scheduled'), ann, null],
    ['a requester may cancel while it starts', 'cancel', facts('activating'), ann, null],
    [
      'a requester gives back what is active, instead of cancelling',
      'cancel',
      facts('active'),
      ann,
      'already_active',
    ],
    ['nobody cancels what is ending', 'cancel', facts('ending'), ann, 'already_ending'],
    ['nobody cancels what is over', 'cancel', facts('expired'), ann, 'already_over'],
    ['an approver may not cancel', 'cancel', facts('pending'), bob, 'not_allowed'],
    ['an administrator may not cancel', 'cancel', facts('pending'), admin, 'not_allowed'],

    ['a requester may give back what is active', 'return', facts('active'), ann, null],
    [
      'nobody gives back what is not active yet',
      'return',
      facts('activating'),
      ann,
      'not_active_yet',
    ],
    ['nobody gives back what is ending', 'return', facts('ending'), ann, 'already_ending'],
    ['an approver may not give back', 'return', facts('active'), bob, 'not_allowed'],

    ['an approver may revoke from scheduled on', 'revoke', facts('scheduled'), bob, null],
    ['an approver may revoke what starts', 'revoke', facts('activating'), bob, null],
    ['an administrator may revoke what is active', 'revoke', facts('active'), admin, null],
    [
      'an administrator may revoke their own',
      'revoke',
      facts('active', { requesterId: userId('adm') }),
      admin,
      null,
    ],
    ['nobody revokes what waits', 'revoke', facts('pending'), bob, 'not_granted_yet'],
    ['nobody revokes what is ending', 'revoke', facts('ending'), admin, 'already_ending'],
    ['nobody revokes what is over', 'revoke', facts('ended'), admin, 'already_over'],
    ['an auditor may not revoke', 'revoke', facts('active'), auditor, 'not_allowed'],
    ['a requester may not revoke', 'revoke', facts('active'), ann, 'not_allowed'],
    [
      'a past decider who has left may not revoke',
      'revoke',
      facts('active', votedByBob),
      { ...bob, approvesTarget: false },
      'not_allowed',
    ],

    ['a requester may extend what is active', 'extend', facts('active'), ann, null],
    ['once at a time', 'extend', facts('active', extending), ann, 'extension_pending'],
    [
      'and not twice from the same end',
      'extend',
      facts('active', { grantedExtensionId: 'x' as RequestId }),
      ann,
      'already_extended',
    ],
    [
      'if the setting allows it',
      'extend',
      facts('active', { extensionAllowed: false }),
      ann,
      'extension_not_allowed',
    ],
    ['nobody extends what is ending', 'extend', facts('ending'), ann, 'already_ending'],
    ['nobody extends what has not begun', 'extend', facts('scheduled'), ann, 'not_active_yet'],
    ['an approver may not extend', 'extend', facts('active'), bob, 'not_allowed'],

    ['an approver may review break-glass', 'review', facts('active', glass), bob, null],
    ['an approver may review it when it is over', 'review', facts('ended', glass), bob, null],
    ['once', 'review', facts('ended', { ...glass, reviewed: true }), bob, 'already_reviewed'],
    ['nothing else is reviewed', 'review', facts('ended'), bob, 'nothing_to_review'],
    [
      'nobody reviews their own',
      'review',
      facts('ended', glass),
      viewer('ann', ['approver']),
      'own_request',
    ],
    ['an auditor may not review', 'review', facts('ended', glass), auditor, 'not_allowed'],
  ]
  test.each(rules)('%s (%s)', (_, name, request, who, code) => {
    expect(refuseAction(name, request, who)?.code ?? null).toBe(code)
  })

  test('the refusal names who decided', () => {
    expect(refuseAction('reject', facts('rejected', decided), bob)?.params).toMatchObject({
      by: 'cho',
      at: at.toISOString(),
    })
  })
})

describe('what is offered', () => {
  const names = (request: RequestFacts, who: Viewer) =>
    actionsFor(request, who).map(({ name, allowed }) => (allowed ? name : `(${name})`))
  test.each<[string, RequestFacts, Viewer, string[]]>([
    [
      'to the requester of a waiting one',
      facts('pending'),
      ann,
      ['cancel', '(return)', '(extend)'],
    ],
    ['to the requester of an active one', facts('active'), ann, ['(cancel)', 'return', 'extend']],
    [
      'to a requester who approves such targets',
      facts('pending'),
      viewer('ann', ['approver']),
      ['(approve)', '(reject)', 'cancel', '(return)', '(extend)'],
    ],
    ['to an approver', facts('pending'), bob, ['approve', 'reject', '(revoke)']],
    [
      'to an approver, of break-glass',
      facts('active', { breakGlass: true }),
      bob,
      ['(approve)', '(reject)', 'revoke', 'review'],
    ],
    ['to an administrator', facts('scheduled'), admin, ['revoke']],
    ['to an auditor: nothing', facts('active'), auditor, []],
    ['to a stranger: nothing', facts('active'), stranger, []],
    ['to the disabled: nothing', facts('active'), { ...ann, enabled: false }, []],
  ])('%s', (_, request, who, expected) => expect(names(request, who)).toEqual(expected))

  test('comes with the reason why not', () => {
    expect(actionsFor(facts('active'), ann)[0]).toEqual({
      name: 'cancel',
      allowed: false,
      code: 'already_active',
      params: { status: 'active' },
    })
  })

  test('as allowed is exactly what is not refused, for everybody and in every state', () => {
    const anyone = fc.record({
      name: fc.constantFrom('ann', 'bob'),
      held: fc.subarray([...roles]),
      enabled: fc.boolean(),
    })
    const request = fc.record({
      status: fc.constantFrom(...requestStates),
      breakGlass: fc.boolean(),
      reviewed: fc.boolean(),
      voted: fc.boolean(),
    })
    fc.assert(
      fc.property(anyone, request, ({ name, held, enabled }, { voted, status, ...more }) => {
        const who = viewer(name, held, { enabled })
        const votes = voted ? [{ userId: userId('bob'), decision: 'approved' as const }] : []
        const given = facts(status, { ...more, votes })
        const offered = actionsFor(given, who)
        const allowed = offered.filter((one) => one.allowed).map((one) => one.name)
        const open = requestActions.filter((one) => refuseAction(one, given, who) === null)
        expect(allowed).toEqual(open)
        if (offered.length > 0) expect(maySeeRequest(given, who)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a request exists for', () => {
  const voted = facts('ended', { votes: [{ userId: userId('eve'), decision: 'rejected' }] })
  test.each([
    ['its requester', ann, facts('pending'), true],
    ['its approvers', bob, facts('pending'), true],
    ['those who ever voted on it', stranger, voted, true],
    ['auditors', auditor, facts('pending'), true],
    ['administrators', admin, facts('pending'), true],
    ['nobody else', stranger, facts('pending'), false],
    ['nobody who is disabled', { ...ann, enabled: false }, facts('pending'), false],
  ])('%s', (_, who, request, may) => expect(maySeeRequest(request, who)).toBe(may))
})
