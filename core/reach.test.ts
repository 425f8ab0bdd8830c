/** Policies asked the other way round must say what the evaluator says, person by person. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compilePolicies } from './compiled.ts'
import { type PolicyEvaluator, plainEvaluator } from './evaluator.ts'
import type { Person } from './facts.ts'
import { numberPeople } from './people.ts'
import type { CouldAsk } from './reach.ts'
import { defaultSettings } from './settings.ts'
import {
  account,
  accountId,
  approverPolicy,
  arnOf,
  directoryOf,
  eligibilityPolicy,
  groupId,
  groupNames,
  members,
  ouId,
  permissionSet,
  person,
  userId,
  type World,
  worldArbitrary,
} from './world.fixture.ts'

const idOf = ({ person: who, account: at, permissionSet: what, terms }: CouldAsk) => ({
  userId: who.userId,
  accountId: at.accountId,
  permissionSetArn: what.permissionSetArn,
  terms,
})

/** By asking the evaluator of decisions about every person and every target there is. */
function askedOneByOne(world: World, evaluator: PolicyEvaluator) {
  return world.people.flatMap((who) =>
    [...world.directory.accounts.values()].flatMap((at) =>
      [...world.directory.permissionSets.values()].flatMap((what) => {
        const { accountId, permissionSetArn } = { ...at, ...what }
        const decision = evaluator.eligibility(who, { accountId, permissionSetArn })
        if (!decision.eligible) return []
        const policyIds = decision.explanation.policies.filter((one) => one.counts)
        const { userId } = who
        const { terms } = decision
        return [{ userId, accountId, permissionSetArn, terms, policyIds: policyIds.length }]
      }),
    ),
  )
}

const sorted = <Row>(rows: readonly Row[]) => rows.map((row) => JSON.stringify(row)).toSorted()
const evaluators = { plain: plainEvaluator, compiled: compilePolicies }

describe.each(Object.entries(evaluators))('the %s evaluator', (_, build) => {
  test('names for an account exactly those to whom it would say yes, by the same policies', () => {
    fc.assert(
      fc.property(worldArbitrary, (world) => {
        const evaluator = build(world)
        const people = numberPeople(world.people)
        const found = [...world.directory.accounts.keys()].flatMap((id) => [
          ...evaluator.whoCouldAsk(id, people),
        ])
        const rows = found.map((one) => ({ ...idOf(one), policyIds: one.policies.length }))
        expect(sorted(rows)).toEqual(sorted(askedOneByOne(world, evaluator)))
      }),
      { numRuns: 70 },
    )
  })

  test('names for a person exactly what it would say yes to', () => {
    fc.assert(
      fc.property(worldArbitrary, (world) => {
        const evaluator = build(world)
        const found = world.people.flatMap((who) => [...evaluator.whatCouldBeAsked(who)])
        const rows = found.map((one) => ({ ...idOf(one), policyIds: one.policies.length }))
        expect(sorted(rows)).toEqual(sorted(askedOneByOne(world, evaluator)))
      }),
      { numRuns: 70 },
    )
  })

  test('says of each approver policy on which sets it decides, as a decision would', () => {
    fc.assert(
      fc.property(worldArbitrary, (world) => {
        const evaluator = build(world)
        for (const { accountId, state, isManagement } of world.directory.accounts.values()) {
          const said = evaluator
            .approverPoliciesAt(accountId)
            .flatMap(({ policy, permissionSets }) =>
              permissionSets.map((one) => `${policy.id} ${one.permissionSetArn}`),
            )
          const inReach = state === 'ACTIVE' && !isManagement
          const sets = [...world.directory.permissionSets.values()].filter(
            (one) => inReach && !one.inManagementAccount,
          )
          const decided = sets.flatMap(({ permissionSetArn }) =>
            evaluator
              .approval({ accountId, permissionSetArn }, userId('nobody'))
              .quorums.map(({ policyId }) => `${policyId} ${permissionSetArn}`),
          )
          expect(said.toSorted()).toEqual(decided.toSorted())
        }
      }),
      { numRuns: 70 },
    )
  })
})

test('the compiled evaluator gives the very same rows in the same order, narrowed alike', () => {
  fc.assert(
    fc.property(
      worldArbitrary,
      fc.constantFrom('', 'a', 'b', 'Read'),
      fc.constantFrom('', 'Read', 'dmi'),
      (world, who, what) => {
        const [plain, compiled] = [plainEvaluator(world), compilePolicies(world)]
        const people = numberPeople(world.people)
        const query = {
          wantsPerson: (one: Person) => one.userName.includes(who),
          wantsAccount: (one: { name: string }) => one.name.includes(who),
          wantsPermissionSet: (one: { name: string }) => one.name.includes(what),
        }
        for (const id of world.directory.accounts.keys()) {
          expect([...compiled.whoCouldAsk(id, people, query)]).toEqual([
            ...plain.whoCouldAsk(id, people, query),
          ])
          expect(compiled.approverPoliciesAt(id)).toEqual(plain.approverPoliciesAt(id))
        }
        for (const one of world.people) {
          expect([...compiled.whatCouldBeAsked(one, query)]).toEqual([
            ...plain.whatCouldBeAsked(one, query),
          ])
        }
        const groups = new Set(groupNames.slice(0, 2).map(groupId))
        expect(compiled.accountsApprovedBy(groups)).toEqual(plain.accountsApprovedBy(groups))
      },
    ),
    { numRuns: 70 },
  )
})

test('at 20,000 people, 2,000 groups, 1,000 accounts, 750 sets and 5,000 policies a page takes moments', () => {
  const units = Array.from({ length: 200 }, (_, i) => `ou-${i}`)
  const accounts = Array.from({ length: 1_000 }, (_, i) =>
    account(i, ['r-root', ...units.slice(i % 5, (i % 5) + 5), units[i % 200]!]),
  )
  const sets = Array.from({ length: 750 }, (_, i) => permissionSet(`Set-${i}`))
  const everybody = Array.from({ length: 20_000 }, (_, i) =>
    person(
      `p${i}`,
      [0, 1, 2, 3, 4].map((n) => `g${(i * 7 + n * 401) % 2_000}`),
    ),
  )
  const eligibilityPolicies = Array.from({ length: 4_000 }, (_, i) =>
    eligibilityPolicy(`e${i}`, {
      subject: { type: 'group', id: groupId(`g${i % 2_000}`) },
      targets: {
        accounts: [accountId(i % 1_000)],
        organizationalUnits: [{ id: ouId(units[i % 200]!), scope: 'subtree' }],
        root: i % 50 === 0,
      },
      permissionSets: [`Set-${i % 75}*`, arnOf(`Set-${i % 750}`)],
    }),
  )
  const approverPolicies = Array.from({ length: 1_000 }, (_, i) =>
    approverPolicy(`a${i}`, {
      targets: {
        accounts: [],
        organizationalUnits: [{ id: ouId(units[i % 200]!), scope: 'subtree' }],
        root: false,
      },
      approverGroups: [groupId(`g${i}`)],
      exclusive: i % 40 === 0,
    }),
  )
  const directory = directoryOf(accounts, sets, members({ g1: ['p1'], g2: ['p2'] }))
  const facts = { eligibilityPolicies, approverPolicies, directory, settings: defaultSettings }
  const evaluator = compilePolicies(facts)
  const people = numberPeople(everybody)
  const last = (one: Person) => one.userName >= 'p99'
  const pages: Record<string, () => Iterable<unknown>> = {
    'the first of an account': () => evaluator.whoCouldAsk(accountId(3), people),
    'the last of an account': () =>
      evaluator.whoCouldAsk(accountId(3), people, { wantsPerson: last }),
    'one set of an account': () =>
      evaluator.whoCouldAsk(accountId(3), people, {
        wantsPermissionSet: (one) => one.name === 'Set-3',
      }),
    'of a person': () => evaluator.whatCouldBeAsked(everybody[7]!),
    'the last accounts of a person': () =>
      evaluator.whatCouldBeAsked(everybody[7]!, { wantsAccount: (one) => one.name > 'account 99' }),
    'the approver policies of an account': () => evaluator.approverPoliciesAt(accountId(3)),
    'the accounts that a group decides on': () =>
      evaluator.accountsApprovedBy(new Set([groupId('g7')])),
  }
  const tookMs = Object.entries(pages).map(([name, rows]) => {
    const startedAt = performance.now()
    expect([...take(rows(), 51)].length, name).toBeGreaterThan(0)
    return [name, Math.round(performance.now() - startedAt)] as const
  })
  if (process.env.TEST_LOG) console.log(tookMs)
  // Generous for a busy machine: people times sets times policies would take minutes.
  for (const [name, ms] of tookMs) expect(ms, name).toBeLessThan(5_000)
})

function* take<Row>(rows: Iterable<Row>, count: number): Generator<Row> {
  let taken = 0
  for (const row of rows) {
    if (taken === count) return
    taken += 1
    yield row
  }
}
