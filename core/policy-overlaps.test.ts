import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { tooFewApprovers } from './approval.ts'
import { plainEvaluator } from './evaluator.ts'
import type { ApproverPolicy, EligibilityPolicy } from './facts.ts'
import { indexPolicies } from './policy-index.ts'
import { approverOverlaps, eligibilityOverlaps } from './policy-overlaps.ts'
import {
  account,
  accountId,
  approverPolicy,
  arnOf,
  directoryOf,
  eligibilityPolicy,
  groupId,
  members,
  noTargets,
  permissionSet,
  userId,
  worldArbitrary,
} from './world.fixture.ts'

const directory = directoryOf(
  [account(1, ['ou-0']), account(2, ['ou-0']), account(3, ['ou-0'], { state: 'SUSPENDED' })],
  [permissionSet('Read'), permissionSet('Admin')],
)
const enabledMembers = members({ approvers: ['bob', 'cho'], seconds: ['dan'], empty: [] })
const first = { ...noTargets, accounts: [accountId(1)] }
const anyone = approverPolicy('any')

const said = (list: readonly { code: string; params: object }[]) =>
  list.map(({ code, params }) => `${code} ${Object.values(params).join(' ')}`)
const ofEligibility = (
  policy: EligibilityPolicy,
  others: EligibilityPolicy[],
  approverPolicies: ApproverPolicy[] = [anyone],
) => {
  const index = indexPolicies({ eligibilityPolicies: others, approverPolicies, directory })
  return said(eligibilityOverlaps(policy, index, enabledMembers))
}
const ofApprover = (policy: ApproverPolicy, others: ApproverPolicy[]) => {
  const all = [policy, ...others]
  const index = indexPolicies({ eligibilityPolicies: [], approverPolicies: all, directory })
  return said(approverOverlaps(policy, index, enabledMembers))
}

const mine = eligibilityPolicy('mine')
const other = (more: Partial<EligibilityPolicy>) => eligibilityPolicy('other', more)

test.each<[string, EligibilityPolicy, EligibilityPolicy[], string[]]>([
  ['of nothing where it stands alone', mine, [], []],
  ['of another that is the same', mine, [other({})], ['same_as other 1']],
  [
    'of another that matches the same today, worded otherwise',
    mine,
    [other({ permissionSets: ['Read', arnOf('Admin')] })],
    ['same_as other 1'],
  ],
  ['of a wider one', mine, [other({ maxDurationMinutes: 90 })], ['covered_by other 1']],
  ['of a narrower one', mine, [other({ targets: first })], ['covers other 1']],
  [
    'never of a narrower one that is stricter there',
    { ...mine, ticketRequired: false },
    [other({ targets: first, ticketRequired: true })],
    [],
  ],
  ['never of a longer one for less', mine, [other({ targets: first, maxDurationMinutes: 90 })], []],
  [
    'never of one for somebody else',
    mine,
    [other({ subject: { type: 'user', id: userId('x') } })],
    [],
  ],
  ['never of a disabled one', mine, [other({ enabled: false })], []],
  ['never while it is disabled itself', { ...mine, enabled: false }, [other({})], []],
])('an eligibility policy warns %s', (_, policy, others, expected) => {
  expect(ofEligibility(policy, others)).toEqual(expected)
})

test('an eligibility policy warns of targets that nobody can approve, if it demands approval', () => {
  const some = approverPolicy('some', { targets: first, permissionSets: ['Read'] })
  expect(ofEligibility(mine, [], [some])).toEqual(['too_few_approvers 3'])
  expect(ofEligibility({ ...mine, approvalRequired: false }, [], [some])).toEqual([])
})

test('the targets that too few could approve are those of which the rules say so, one by one', () => {
  fc.assert(
    fc.property(worldArbitrary, (world) => {
      const { directory } = world
      const rules = plainEvaluator(world)
      const inReach = [...directory.accounts.values()]
        .filter(({ state, isManagement }) => state === 'ACTIVE' && !isManagement)
        .flatMap(({ accountId }) =>
          [...directory.permissionSets.values()]
            .filter(({ inManagementAccount }) => !inManagementAccount)
            .map(({ permissionSetArn }) => ({ accountId, permissionSetArn })),
        )
      const short = inReach.filter(
        (target) => tooFewApprovers(rules.approval(target, userId('nobody'))) !== null,
      )
      const overlaps = eligibilityOverlaps(
        eligibilityPolicy('everywhere'),
        indexPolicies({ ...world, eligibilityPolicies: [] }),
        directory.enabledMembers,
      )
      const told = overlaps.find(({ code }) => code === 'too_few_approvers')
      expect(told?.params ?? { targets: 0 }).toEqual({ targets: short.length })
    }),
  )
})

const decides = (more: Partial<ApproverPolicy>) => approverPolicy('other', more)

test.each<[string, ApproverPolicy, ApproverPolicy[], string[]]>([
  ['of nothing where it stands alone', anyone, [], []],
  ['of another that is the same', anyone, [decides({})], ['same_as other 1']],
  [
    'of one with more groups',
    anyone,
    [decides({ approverGroups: ['approvers', 'seconds'].map(groupId) })],
    ['covered_by other 1'],
  ],
  [
    'never of one with more groups where two must agree',
    { ...anyone, approvalsRequired: 2 },
    [decides({ approverGroups: ['approvers', 'seconds'].map(groupId), approvalsRequired: 2 })],
    [],
  ],
  [
    'of an exclusive one that sets it aside',
    anyone,
    [decides({ exclusive: true })],
    ['set_aside other 1'],
  ],
  [
    'of an exclusive one without people, on every target of both',
    anyone,
    [decides({ exclusive: true, approverGroups: [groupId('empty')] })],
    ['set_aside other 1', 'too_few_approvers 4'],
  ],
])('an approver policy warns %s', (_, policy, others, expected) => {
  expect(ofApprover(policy, others)).toEqual(expected)
})
