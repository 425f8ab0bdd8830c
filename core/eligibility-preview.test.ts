/** The preview of a change against asking the evaluator about every person and target, twice. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { effectsOf } from './eligibility-effects.ts'
import { compareEligibility, type PeopleClass, reachOfChange } from './eligibility-preview.ts'
import { plainEvaluator } from './evaluator.ts'
import type { EligibilityPolicy, Person } from './facts.ts'
import { numbersIn } from './masks.ts'
import { indexPolicies, type SubjectKey } from './policy-index.ts'
import { defaultSettings } from './settings.ts'
import {
  account,
  accountId,
  arnOf,
  directoryOf,
  eligibilityArbitrary,
  eligibilityPolicy,
  groupId,
  noTargets,
  ouId,
  permissionSet,
  policyId,
  type World,
  worldArbitrary,
} from './world.fixture.ts'

/** What the store does in SQL. */
function classify(people: readonly Person[], subjects: ReadonlySet<SubjectKey>) {
  const found = new Map<string, { subjects: SubjectKey[]; people: Person[] }>()
  for (const one of people.filter(({ enabled }) => enabled)) {
    const theirs: SubjectKey[] = [
      `user ${one.userId}` as const,
      ...[...one.groupIds].map((id) => `group ${id}` as const),
    ].filter((subject) => subjects.has(subject))
    const key = theirs.toSorted().join()
    const known = found.get(key) ?? { subjects: theirs, people: [] }
    known.people.push(one)
    found.set(key, known)
  }
  return [...found.values()].map((one) => ({ ...one, count: one.people.length }))
}

interface Change {
  before: EligibilityPolicy | null
  after: EligibilityPolicy | null
}

function worldsOf(world: World, { before, after }: Change) {
  const others = world.eligibilityPolicies.filter((policy) => policy.id !== before?.id)
  const next = { ...world, eligibilityPolicies: after ? [...others, after] : others }
  return { previous: plainEvaluator(world), next: plainEvaluator(next) }
}

function preview(world: World, change: Change, stepsMax?: number) {
  const index = indexPolicies(world)
  const reach = reachOfChange(index, change)
  const subjects = new Set([...reach.others.keys(), ...reach.named])
  const affected = world.people.filter((one) =>
    reach.named.some(
      (subject) =>
        subject === `user ${one.userId}` ||
        [...one.groupIds].some((id) => subject === `group ${id}`),
    ),
  )
  const classes = classify(affected, subjects)
  const comparison = compareEligibility(reach, classes, world.settings, stepsMax)
  return { index, classes, comparison }
}

const changeArbitrary = fc.record({
  world: worldArbitrary,
  at: fc.nat(),
  drawn: eligibilityArbitrary,
  kind: fc.constantFrom('create' as const, 'replace' as const, 'delete' as const),
})

function changeOf(drawn: { world: World; at: number; drawn: object; kind: string }): Change {
  const { eligibilityPolicies } = drawn.world
  const before = eligibilityPolicies[drawn.at % Math.max(1, eligibilityPolicies.length)] ?? null
  const after = eligibilityPolicy('draft', drawn.drawn)
  if (drawn.kind === 'create' || before === null) return { before: null, after }
  return { before, after: drawn.kind === 'delete' ? null : { ...after, id: before.id } }
}

describe('the preview of a change', () => {
  test('names exactly the people and targets whose terms change, and how', () => {
    fc.assert(
      fc.property(changeArbitrary, (drawn) => {
        const { world } = drawn
        const change = changeOf(drawn)
        const { previous, next } = worldsOf(world, change)
        const expected: string[] = []
        for (const one of world.people) {
          for (const at of world.directory.accounts.keys()) {
            for (const arn of world.directory.permissionSets.keys()) {
              const target = { accountId: at, permissionSetArn: arn }
              const was = previous.eligibility(one, target)
              const is = next.eligibility(one, target)
              const before = was.eligible ? was.terms : null
              const after = is.eligible ? is.terms : null
              const effects = effectsOf(before, after)
              if (effects.length === 0) continue
              expected.push(JSON.stringify([one.userId, at, arn, effects, before, after]))
            }
          }
        }
        const { index, classes, comparison } = preview(world, change)
        const seen = comparison.groups.flatMap((group) =>
          group.classes
            .flatMap((at) => classes[at]?.people ?? [])
            .flatMap((one) =>
              numbersIn(group.accounts).flatMap((at) =>
                numbersIn(group.permissionSets).map((set) =>
                  JSON.stringify([
                    one.userId,
                    index.numbered.accounts[at]?.accountId,
                    index.numbered.permissionSets[set]?.permissionSetArn,
                    group.effects,
                    group.before,
                    group.after,
                  ]),
                ),
              ),
            ),
        )
        expect(seen.toSorted()).toEqual(expected.toSorted())
        expect(comparison.peopleCompared).toBe(comparison.people)
        for (const { effect, keys, people } of comparison.totals) {
          const having = expected.filter((one) => JSON.parse(one)[3].includes(effect))
          expect(keys).toBe(having.length)
          expect(people).toBe(new Set(having.map((one) => JSON.parse(one)[0])).size)
        }
      }),
      { numRuns: 600 },
    )
  })

  test('says nothing of a change that changes nothing', () => {
    fc.assert(
      fc.property(worldArbitrary, fc.nat(), (world, at) => {
        const policy = world.eligibilityPolicies[at % Math.max(1, world.eligibilityPolicies.length)]
        if (policy === undefined) return
        const after = { ...policy, note: 'another note' }
        expect(preview(world, { before: policy, after }).comparison.groups).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  test('puts together what changes alike', () => {
    const world = smallWorld(120, 14)
    const after = eligibilityPolicy('new', {
      subject: { type: 'group', id: groupId('g') },
      permissionSets: [arnOf('ReadOnly')],
    })
    const { comparison } = preview(world, { before: null, after })
    expect(comparison.groups).toMatchObject([
      { effects: ['gains'], people: 120, accountCount: 14, permissionSetCount: 1, before: null },
    ])
    expect(comparison.totals).toEqual([{ effect: 'gains', people: 120, keys: 120 * 14 }])
  })

  test('that is cut says how many people were compared, the largest class first', () => {
    const world = smallWorld(10, 3)
    const own = eligibilityPolicy('own', { subject: { type: 'user', id: world.people[0]!.userId } })
    const after = eligibilityPolicy('new', { subject: { type: 'group', id: groupId('g') } })
    const cut = preview({ ...world, eligibilityPolicies: [own] }, { before: null, after }, 1)
    expect(cut.comparison).toMatchObject({ people: 10, peopleCompared: 9 })
    expect(cut.comparison.groups).toMatchObject([{ effects: ['gains'], people: 9 }])
  })
})

function smallWorld(peopleCount: number, accountCount: number): World {
  const people = Array.from({ length: peopleCount }, (_, i) => ({
    ...eligiblePerson(`p${i}`),
    groupIds: new Set([groupId('g')]),
  }))
  const accounts = Array.from({ length: accountCount }, (_, i) => account(i, ['ou-0']))
  return {
    ouParents: [],
    people,
    directory: directoryOf(accounts, [permissionSet('ReadOnly'), permissionSet('Admin')]),
    eligibilityPolicies: [],
    approverPolicies: [],
    settings: defaultSettings,
  }
}

function eligiblePerson(name: string): Person {
  return {
    userId: name as Person['userId'],
    userName: name,
    displayName: name,
    email: null,
    enabled: true,
    groupIds: new Set(),
  }
}

describe('at the sizes TEAM is built for', () => {
  const units = Array.from({ length: 200 }, (_, i) => `ou-${i}`)
  const accounts = Array.from({ length: 1_000 }, (_, i) =>
    account(i, ['r-root', units[i % 7]!, units[i % 200]!]),
  )
  const sets = Array.from({ length: 750 }, (_, i) => permissionSet(`Set-${i}`))
  // A twentieth of all policies names the group that changes, the others 400 more groups.
  const eligibilityPolicies = Array.from({ length: 5_000 }, (_, i) =>
    eligibilityPolicy(`e${i}`, {
      subject: { type: 'group', id: groupId(i % 20 === 0 ? 'g' : `g${i % 400}`) },
      targets: {
        accounts: [accountId(i % 1_000)],
        organizationalUnits: [{ id: ouId(units[i % 200]!), scope: 'subtree' }],
        root: i % 50 === 0,
      },
      maxDurationMinutes: 10 + (i % 300),
      permissionSets: [`Set-${i % 75}*`, arnOf(`Set-${i % 750}`)],
    }),
  )
  const index = indexPolicies({
    eligibilityPolicies,
    approverPolicies: [],
    directory: directoryOf(accounts, sets),
  })
  // 20,000 people, half of them in one class, the rest in 500 others.
  const classes: PeopleClass[] = Array.from({ length: 501 }, (_, i) => ({
    subjects: ['group g', ...(i === 0 ? [] : ([`group g${i % 400}`] as const))],
    count: i === 0 ? 10_000 : 20,
  }))

  test('a change of a large policy is compared within a second, or cut with that said', () => {
    const after = eligibilityPolicy('new', {
      id: policyId('new'),
      subject: { type: 'group', id: groupId('g') },
      permissionSets: ['*'],
      maxDurationMinutes: 200,
      approvalRequired: false,
    })
    const usedBefore = process.cpuUsage()
    const reach = reachOfChange(index, { before: null, after })
    const { people, peopleCompared, groups } = compareEligibility(reach, classes, defaultSettings)
    const usedMs = process.cpuUsage(usedBefore).user / 1000
    expect(people).toBe(20_000)
    expect(peopleCompared).toBeGreaterThanOrEqual(10_000)
    expect(groups.length).toBeGreaterThan(0)
    // About 600 on the machine this was written on; what takes the product of the sizes: minutes.
    expect(usedMs).toBeLessThan(4_000)
  })

  test('a change of one account and set is compared whole', () => {
    const after = eligibilityPolicy('new', {
      subject: { type: 'group', id: groupId('g') },
      targets: { ...noTargets, accounts: [accountId(3)] },
      permissionSets: [arnOf('Set-3')],
    })
    const reach = reachOfChange(index, { before: null, after })
    const { people, peopleCompared } = compareEligibility(reach, classes, defaultSettings)
    expect(peopleCompared).toBe(people)
  })
})
