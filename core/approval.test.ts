import { describe, expect, test } from 'vitest'
import {
  type ApprovalBasis,
  approvalsStillSuffice,
  countsFor,
  decideApprovers,
  decideVote,
  refuseVote,
  tally,
  tooFewApprovers,
  type Vote,
  type VoteFacts,
} from './approval.ts'
import type { ApproverPolicy } from './facts.ts'
import { requestStates } from './request.ts'
import {
  account,
  accountId,
  approverPolicy,
  groupId,
  members,
  noTargets,
  permissionSet,
  policyId,
  userId,
} from './world.fixture.ts'

const asked = { account: account(1, ['r-root']), permissionSet: permissionSet('ReadOnly') }
const enabledMembers = members({
  approvers: ['bob', 'cho', 'ann'],
  security: ['dan', 'eve', 'bob'],
  pair: ['dan', 'eve'],
  empty: [],
})
const groups = (...names: string[]) => ({ approverGroups: names.map(groupId) })

function basisFor(policies: ApproverPolicy[], more: { atSubmission?: Map<string, number> } = {}) {
  const atSubmission = new Map([...(more.atSubmission ?? [])].map(([id, n]) => [policyId(id), n]))
  const facts = { requesterId: userId('ann'), enabledMembers, atSubmission }
  return decideApprovers(asked, policies, facts)
}

const approvers = (basis: ApprovalBasis) => [...basis.approvers].toSorted()
const approve = (...names: string[]): Vote[] =>
  names.map((name) => ({ userId: userId(name), decision: 'approved' }))

describe('approvers are', () => {
  const security = approverPolicy('s', groups('security'))
  const rules: [string, ApproverPolicy[], string[]][] = [
    ['nobody, without a policy', [], []],
    ['the members of its groups, less the requester', [approverPolicy('a')], ['bob', 'cho']],
    [
      'the members of all groups of all policies',
      [approverPolicy('a'), security],
      ['bob', 'cho', 'dan', 'eve'],
    ],
    [
      'only those of exclusive policies, if there is one',
      [approverPolicy('a'), { ...security, exclusive: true }],
      ['bob', 'dan', 'eve'],
    ],
    [
      'those of both, if both policies are exclusive',
      [approverPolicy('a', { exclusive: true }), { ...security, exclusive: true }],
      ['bob', 'cho', 'dan', 'eve'],
    ],
    [
      'not pushed aside by an exclusive policy that is disabled',
      [approverPolicy('a'), { ...security, exclusive: true, enabled: false }],
      ['bob', 'cho'],
    ],
    [
      'not pushed aside by an exclusive policy for another account',
      [
        approverPolicy('a'),
        { ...security, exclusive: true, targets: { ...noTargets, accounts: [accountId(2)] } },
      ],
      ['bob', 'cho'],
    ],
    [
      'not pushed aside by an exclusive policy for another permission set',
      [approverPolicy('a'), { ...security, exclusive: true, permissionSets: ['Admin*'] }],
      ['bob', 'cho'],
    ],
    [
      'those of a policy that names this permission set',
      [approverPolicy('a', { permissionSets: ['Read*'] })],
      ['bob', 'cho'],
    ],
    ['nobody by a group that is gone', [approverPolicy('a', groups('gone'))], []],
  ]
  test.each(rules)('%s', (_, policies, expected) => {
    expect(approvers(basisFor(policies))).toEqual(expected)
  })
})

describe('too few could approve', () => {
  const rules: [string, ApproverPolicy[], object | null][] = [
    ['where nobody is an approver', [], { needed: 1, available: 0, policyId: null }],
    [
      'where the only member is the requester',
      [approverPolicy('a', groups('empty'))],
      { needed: 1, available: 0, policyId: null },
    ],
    ['never where one is enough and there is one', [approverPolicy('a')], null],
    [
      'where the requester would make the number full',
      [approverPolicy('a', { approvalsRequired: 3 })],
      { needed: 3, available: 2, policyId: 'a' },
    ],
    [
      'where a policy cannot reach its number from its own groups, however many others there are',
      [
        approverPolicy('a', { ...groups('security') }),
        approverPolicy('b', { ...groups('pair'), approvalsRequired: 3 }),
      ],
      { needed: 3, available: 2, policyId: 'b' },
    ],
    [
      'never because a policy that asks for one has nobody, if another has somebody',
      [approverPolicy('a', groups('empty')), approverPolicy('b')],
      null,
    ],
    [
      'never where one person counts for two policies',
      [
        approverPolicy('a', { approvalsRequired: 2 }),
        approverPolicy('b', { ...groups('security'), approvalsRequired: 3 }),
      ],
      null,
    ],
  ]
  test.each(rules)('%s', (_, policies, params) => {
    const refused = tooFewApprovers(basisFor(policies))
    expect(refused).toEqual(
      params === null ? null : { code: 'too_few_approvers', params, field: 'targets' },
    )
  })
})

describe('votes carry', () => {
  const two = approverPolicy('a', { approvalsRequired: 2 })
  const twoOfSecurity = approverPolicy('s', { ...groups('security'), approvalsRequired: 2 })
  const rules: [string, ApproverPolicy[], Vote[], string][] = [
    [
      'with one approval, if no policy asks for two',
      [approverPolicy('a')],
      approve('bob'),
      'approved',
    ],
    ['never without any', [approverPolicy('a')], [], 'pending'],
    [
      'never by the requester, though in the group',
      [approverPolicy('a')],
      approve('ann'),
      'pending',
    ],
    ['never by a stranger', [approverPolicy('a')], approve('dan'), 'pending'],
    ['with two where two are asked for', [two], approve('bob', 'cho'), 'approved'],
    ['never with one where two are asked for', [two], approve('bob'), 'pending'],
    ['never by one person voting twice', [two], approve('bob', 'bob'), 'pending'],
    [
      'never by members of another policy',
      [two, approverPolicy('s', groups('security'))],
      approve('bob', 'dan'),
      'pending',
    ],
    [
      'only when each policy has its number',
      [two, twoOfSecurity],
      approve('bob', 'cho'),
      'pending',
    ],
    [
      'with one person counting for several policies',
      [two, twoOfSecurity],
      approve('bob', 'cho', 'dan'),
      'approved',
    ],
    [
      'to a rejection by a single one, whatever was approved',
      [two],
      [...approve('bob'), { userId: userId('cho'), decision: 'rejected' }],
      'rejected',
    ],
    [
      'to no rejection by a stranger',
      [two],
      [...approve('bob', 'cho'), { userId: userId('dan'), decision: 'rejected' }],
      'approved',
    ],
  ]
  test.each(rules)('%s', (_, policies, votes, outcome) => {
    expect(tally(basisFor(policies), votes).outcome).toBe(outcome)
  })

  test('and what is missing is told policy by policy', () => {
    expect(tally(basisFor([two, twoOfSecurity]), approve('bob', 'cho')).missing).toEqual([
      { policyId: 's', needed: 2, given: 1 },
    ])
  })

  test('by the larger of the number at submission and that of today', () => {
    const lowered = basisFor([approverPolicy('a')], { atSubmission: new Map([['a', 2]]) })
    const raised = basisFor([two], { atSubmission: new Map([['a', 1]]) })
    expect(tally(lowered, approve('bob')).outcome).toBe('pending')
    expect(tally(raised, approve('bob')).outcome).toBe('pending')
    expect(lowered.approvalsRequired).toBe(2)
  })

  test('without the numbers of policies that are no longer kept', () => {
    const basis = basisFor([approverPolicy('a')], { atSubmission: new Map([['deleted', 5]]) })
    expect(tally(basis, approve('bob')).outcome).toBe('approved')
  })
})

describe('a vote is refused', () => {
  const at = new Date('2026-11-24T09:00:00Z')
  const open: VoteFacts = {
    requesterId: userId('ann'),
    status: 'pending',
    basis: basisFor([approverPolicy('a', { approvalsRequired: 2 })]),
    votes: approve('bob'),
    decidedBy: null,
  }
  const rejected: VoteFacts = {
    ...open,
    status: 'rejected',
    decidedBy: { userId: userId('bob'), at },
  }
  const rules: [string, VoteFacts, string, string | null][] = [
    ['never to an approver who has not voted', open, 'cho', null],
    ['to the requester, though in the group', open, 'ann', 'own_request'],
    ['to the requester, even after the decision', rejected, 'ann', 'own_request'],
    ['to a person in none of the groups', open, 'dan', 'not_allowed'],
    ['to one who has voted', open, 'bob', 'already_voted'],
    ['after somebody decided', rejected, 'cho', 'already_decided'],
    ['after it was cancelled', { ...open, status: 'cancelled' }, 'cho', 'not_pending'],
    ['after it expired', { ...open, status: 'expired' }, 'cho', 'not_pending'],
  ]
  test.each(rules)('%s', (_, facts, voter, code) => {
    expect(refuseVote(facts, userId(voter))?.code ?? null).toBe(code)
  })

  test('with the name and the time of who decided', () => {
    expect(refuseVote(rejected, userId('cho'))?.params).toEqual({
      status: 'rejected',
      by: 'bob',
      at: '2026-11-24T09:00:00.000Z',
    })
  })

  test('in every state but pending', () => {
    for (const status of requestStates.filter((state) => state !== 'pending')) {
      expect(decideVote({ ...open, status }, approve('cho')[0]!).ok).toBe(false)
    }
  })

  test('otherwise it is added to those given before', () => {
    const second = approve('cho')[0]!
    expect(decideVote(open, second)).toMatchObject({ ok: true, tally: { outcome: 'approved' } })
  })
})

describe('when access is about to be created', () => {
  const given = (name: string, ...countedFor: string[]) => {
    return { userId: userId(name), countedFor: countedFor.map(policyId) }
  }
  const two = basisFor([approverPolicy('a', { approvalsRequired: 2 })])
  test.each([
    ['no approval does not suffice', basisFor([approverPolicy('a')]), [], false],
    [
      'one suffices where one is asked for',
      basisFor([approverPolicy('a')]),
      [given('bob', 'a')],
      true,
    ],
    ['one does not where two are by now', two, [given('bob', 'a')], false],
    [
      'approvals of people who have left since still count',
      two,
      [given('bob', 'a'), given('gone', 'a')],
      true,
    ],
    [
      'approvals given under another policy count by the groups of today',
      two,
      [given('bob', 'x'), given('cho')],
      true,
    ],
    ['one person does not count twice', two, [given('bob', 'a'), given('bob', 'x')], false],
    [
      'an approval stands though every approver policy is gone',
      basisFor([]),
      [given('bob', 'a')],
      true,
    ],
  ])('%s', (_, basis, votes, suffices) => {
    expect(approvalsStillSuffice(basis, votes)).toBe(suffices)
  })

  test('each vote counts for the policies in whose groups its voter is', () => {
    const basis = basisFor([approverPolicy('a'), approverPolicy('s', groups('security'))])
    expect(countsFor(basis, userId('bob'))).toEqual(['a', 's'])
    expect(countsFor(basis, userId('eve'))).toEqual(['s'])
    expect(countsFor(basis, userId('ann'))).toEqual([])
  })
})
