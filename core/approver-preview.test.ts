/** The preview of a change against asking the evaluator about every target, twice. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { tooFewApprovers } from './approval.ts'
import { compareApprovers } from './approver-preview.ts'
import { plainEvaluator } from './evaluator.ts'
import type { ApproverPolicy } from './facts.ts'
import { numbersIn } from './masks.ts'
import { indexPolicies } from './policy-index.ts'
import {
  account,
  approverArbitrary,
  approverPolicy,
  arnOf,
  directoryOf,
  everywhere,
  groupId,
  members,
  noTargets,
  ouId,
  permissionSet,
  userId,
  worldArbitrary,
} from './world.fixture.ts'

const drawnChange = fc.record({
  world: worldArbitrary,
  at: fc.nat(),
  drawn: approverArbitrary,
  kind: fc.constantFrom('create' as const, 'replace' as const, 'delete' as const),
})

test('the preview names exactly the targets whose approvers or numbers change', () => {
  fc.assert(
    fc.property(drawnChange, ({ world, at, drawn, kind }) => {
      const all = world.approverPolicies
      const before = kind === 'create' ? null : (all[at % Math.max(1, all.length)] ?? null)
      const made = approverPolicy('draft', drawn)
      const after: ApproverPolicy | null =
        kind === 'delete' && before ? null : { ...made, id: before?.id ?? made.id }
      const others = all.filter((policy) => policy.id !== before?.id)
      const previous = plainEvaluator(world)
      const next = plainEvaluator({
        ...world,
        approverPolicies: after ? [...others, after] : others,
      })
      const nobody = userId('nobody')
      const expected: string[] = []
      for (const one of world.directory.accounts.values()) {
        for (const set of world.directory.permissionSets.values()) {
          if (one.isManagement || one.state !== 'ACTIVE' || set.inManagementAccount) continue
          const target = { accountId: one.accountId, permissionSetArn: set.permissionSetArn }
          const was = previous.approval(target, nobody)
          const is = next.approval(target, nobody)
          const facts = [was, is].map((side) => ({
            approvers: [...side.approvers].toSorted(),
            needed: side.approvalsRequired,
            exclusive: side.exclusive,
            tooFew: tooFewApprovers(side) !== null,
            others: side.quorums.map(({ policyId }) => policyId).filter((id) => id !== made.id),
          }))
          const differs =
            JSON.stringify({ ...facts[0], exclusive: 0, others: 0 }) !==
            JSON.stringify({ ...facts[1], exclusive: 0, others: 0 })
          if (differs) expected.push(JSON.stringify([target, ...facts.map(brief)]))
        }
      }
      const index = indexPolicies(world)
      const comparison = compareApprovers(index, { before, after }, world.directory.enabledMembers)
      const seen = comparison.groups
        .filter(({ effects }) =>
          effects.some(
            (one) => !['sets_aside', 'sets_aside_no_more', 'still_too_few'].includes(one),
          ),
        )
        .flatMap((group) =>
          numbersIn(group.accounts).flatMap((a) =>
            numbersIn(group.permissionSets).map((s) =>
              JSON.stringify([
                {
                  accountId: index.numbered.accounts[a]?.accountId,
                  permissionSetArn: index.numbered.permissionSets[s]?.permissionSetArn,
                },
                ...[group.before, group.after].map((side) =>
                  brief({
                    approvers: [...side.approvers].toSorted(),
                    needed: side.approvalsRequired,
                    exclusive: side.exclusive,
                    tooFew: side.tooFew !== null,
                  }),
                ),
              ]),
            ),
          ),
        )
      expect(seen.toSorted()).toEqual(expected.toSorted())
      expect(comparison.accountsCompared).toBe(comparison.accounts)
    }),
    { numRuns: 600 },
  )
})

function brief(side: { approvers: string[]; needed: number; exclusive: boolean; tooFew: boolean }) {
  return [side.approvers, side.needed, side.exclusive, side.tooFew]
}

const directory = directoryOf(
  [account(1, ['ou-0']), account(2, ['ou-0', 'ou-1'])],
  [permissionSet('Read'), permissionSet('Admin')],
)
const enabledMembers = members({ approvers: ['bob', 'cho'], seconds: ['dan'], empty: [] })
const plain = approverPolicy('plain')
const indexed = (...approverPolicies: ApproverPolicy[]) =>
  indexPolicies({ eligibilityPolicies: [], approverPolicies, directory })
const compare = (
  before: ApproverPolicy | null,
  after: ApproverPolicy | null,
  ...all: ApproverPolicy[]
) => {
  const { groups, totals, setAside, gaining, losing } = compareApprovers(
    indexed(...all),
    { before, after },
    enabledMembers,
  )
  return { groups, totals, setAside: [...setAside], gaining: [...gaining], losing: [...losing] }
}

test('an exclusive policy is told by what it sets aside, and whom', () => {
  const exclusive = approverPolicy('new', {
    targets: { ...noTargets, organizationalUnits: [{ id: ouId('ou-1'), scope: 'subtree' }] },
    permissionSets: [arnOf('Admin')],
    approverGroups: [groupId('seconds')],
    exclusive: true,
  })
  expect(compare(null, exclusive, plain)).toMatchObject({
    groups: [{ effects: ['approvers_added', 'sets_aside', 'approvers_removed'] }],
    setAside: [['plain', 1]],
    gaining: ['dan'],
    losing: ['bob', 'cho'],
  })
})

test('targets are told that are left with too few', () => {
  expect(compare(plain, null, plain).totals).toEqual([
    { effect: 'left_with_too_few', targets: 4 },
    { effect: 'approvers_removed', targets: 4 },
  ])
  const three = { ...plain, approvalsRequired: 3 }
  expect(compare(plain, three, plain)).toMatchObject({
    groups: [
      {
        effects: ['left_with_too_few', 'more_needed'],
        after: { tooFew: { needed: 3, available: 2 } },
        accountCount: 2,
        permissionSetCount: 2,
      },
    ],
  })
  const empty = approverPolicy('new', { approverGroups: [groupId('empty')], targets: everywhere })
  expect(compare(null, empty).totals).toEqual([{ effect: 'still_too_few', targets: 4 }])
})
