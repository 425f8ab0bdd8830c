/**
 * The evaluators against the oracle on random organisations and policies (a few thousand; 100,000
 * with `TEST_FULL=1`), and wrong evaluators, each of which the oracle must catch: else agreeing with
 * it would prove little. The first three are errors of the sample that TEAM replaces.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tally, tooFewApprovers, type Vote } from './approval.ts'
import { compilePolicies } from './compiled.ts'
import { type PolicyEvaluator, plainEvaluator } from './evaluator.ts'
import type { EligibilityPolicy, EnabledMembers, PolicyTargets } from './facts.ts'
import type { Target, UserId } from './ids.ts'
import { oracleApprovers, oracleCarries, oracleEligibility } from './oracle.fixture.ts'
import { isArn } from './targets.ts'
import {
  members,
  noTargets,
  ouId,
  targetArbitrary,
  userId,
  userNames,
  type World,
  worldArbitrary,
} from './world.fixture.ts'

interface Case {
  readonly world: World
  readonly person: number
  readonly target: Target
  readonly breakGlass: boolean
  readonly voters: readonly string[]
}

const cases: fc.Arbitrary<Case> = fc.record({
  world: worldArbitrary,
  person: fc.nat(),
  target: targetArbitrary,
  breakGlass: fc.boolean(),
  voters: fc.array(fc.constantFrom(...userNames, 'stranger'), { maxLength: 6 }),
})

/** What somebody who decides says of one case. */
interface Verdict {
  readonly eligibility: unknown
  readonly approvers: readonly string[]
  readonly carries: boolean
  readonly enough: boolean
}

type Decider = (one: Case) => Verdict

const whoOf = ({ world, person }: Case) => world.people[person % world.people.length]!
const approving = (voters: readonly string[]): Vote[] =>
  voters.map((name) => ({ userId: userId(name), decision: 'approved' }))

function oracle(one: Case): Verdict {
  const { world, target, breakGlass, voters } = one
  const { userId: requester } = whoOf(one)
  return {
    eligibility: oracleEligibility(world, whoOf(one), target, breakGlass),
    approvers: oracleApprovers(world, target, requester).toSorted(),
    carries: oracleCarries(world, target, requester, voters),
    enough: oracleCarries(world, target, requester, [...userNames]),
  }
}

const deciderOf =
  (
    build: (world: World) => PolicyEvaluator,
    requesterOf = (one: Case) => whoOf(one).userId,
  ): Decider =>
  (one) => {
    const evaluator = build(one.world)
    const decision = evaluator.eligibility(whoOf(one), one.target, { breakGlass: one.breakGlass })
    const basis = evaluator.approval(one.target, requesterOf(one))
    return {
      eligibility: decision.eligible
        ? {
            longest: decision.terms.maxDurationMinutes,
            approval: decision.terms.approvalRequired,
            ticket: decision.terms.ticketRequired,
            justification: decision.terms.justificationRequired,
          }
        : decision.refusal.code,
      approvers: [...basis.approvers].toSorted(),
      carries: tally(basis, approving(one.voters)).outcome === 'approved',
      enough: tooFewApprovers(basis) === null,
    }
  }

const agrees = (decide: Decider) =>
  fc.property(cases, (one) => {
    expect(decide(one)).toEqual(oracle(one))
  })

const isFull = process.env.TEST_FULL === '1'
const numRuns = isFull ? 100_000 : 2_000

describe(`on ${numRuns} random organisations and policies the oracle agrees with`, () => {
  test.each([
    ['the plain evaluator', plainEvaluator],
    ['the compiled evaluator', compilePolicies],
  ])('%s', { timeout: 3_600_000 }, (_, build) => {
    fc.assert(agrees(deciderOf(build)), { numRuns })
  })
})

/** An evaluator that is right about a world which it has misread. */
const misreading = (misread: (world: World) => Partial<World>): Decider =>
  deciderOf((world) => plainEvaluator({ ...world, ...misread(world) }))

const eligibilityPolicies = (change: (policy: EligibilityPolicy) => Partial<EligibilityPolicy>) =>
  misreading(({ eligibilityPolicies: all }) => ({
    eligibilityPolicies: all.map((policy) => ({ ...policy, ...change(policy) })),
  }))

const targets = (change: (targets: PolicyTargets) => PolicyTargets) =>
  misreading((world) => ({
    eligibilityPolicies: world.eligibilityPolicies.map((policy) => ({
      ...policy,
      targets: change(policy.targets),
    })),
  }))

const scoped = (scope: 'children' | 'subtree') => (all: PolicyTargets) => ({
  ...all,
  organizationalUnits: all.organizationalUnits.map(({ id }) => ({ id, scope })),
})

/** Only these of the policies that match one person and target have a say. */
const heeding =
  (heed: (all: readonly EligibilityPolicy[], one: Case) => readonly EligibilityPolicy[]): Decider =>
  (one) => {
    const { world, target } = one
    const matching = world.eligibilityPolicies.filter((policy) => {
      const alone = plainEvaluator({ ...world, eligibilityPolicies: [policy] })
      return alone.eligibility(whoOf(one), target, { breakGlass: one.breakGlass }).eligible
    })
    const heeded = heed(matching, one)
    return deciderOf(() => plainEvaluator({ ...world, eligibilityPolicies: heeded }))(one)
  }

function membersWithDisabled({ people, directory }: World): EnabledMembers {
  const groups = new Map<string, string[]>()
  for (const one of people) {
    for (const id of one.groupIds) groups.set(id, [...(groups.get(id) ?? []), one.userId])
  }
  return new Map([...directory.enabledMembers, ...members(Object.fromEntries(groups))])
}

const overAllGroups: Decider = (one) => {
  const { world, target, voters } = one
  const requesterId = whoOf(one).userId
  const basis = plainEvaluator(world).approval(target, requesterId)
  const pooled = {
    ...basis,
    quorums: basis.quorums.map((quorum) => ({ ...quorum, able: basis.approvers })),
  }
  return {
    ...deciderOf(plainEvaluator)(one),
    carries: tally(pooled, approving(voters)).outcome === 'approved',
    enough: tooFewApprovers(pooled) === null,
  }
}

/** Ten approvals by one person are ten. */
const everyVoteCounts: Decider = (one) => {
  const right = deciderOf(plainEvaluator)(one)
  const basis = plainEvaluator(one.world).approval(one.target, whoOf(one).userId)
  const counted = basis.quorums.every(({ able, needed }) => {
    const given = one.voters.filter((name) => able.has(userId(name))).length
    return needed < 2 || given >= needed
  })
  const any = one.voters.some((name) => basis.approvers.has(userId(name)))
  return { ...right, carries: counted && any }
}

const wrong: Record<string, Decider> = {
  'approval is bypassed by a second policy that needs none': heeding((all) => {
    const lax = all.some((policy) => !policy.approvalRequired)
    return lax ? all.map((policy) => ({ ...policy, approvalRequired: false })) : all
  }),
  'a duration leaks from one account to another': heeding((all, { world }) => {
    const longest = Math.max(
      ...world.eligibilityPolicies
        .filter((policy) => policy.enabled && all.some((one) => sameSubject(one, policy)))
        .map((policy) => policy.maxDurationMinutes),
    )
    return all.map((policy) => ({ ...policy, maxDurationMinutes: longest }))
  }),
  'only accounts directly in an OU are covered by its subtree': targets(scoped('children')),
  'the first policy that matches wins': heeding((all) => all.slice(0, 1)),
  'a quorum is counted over all groups together': overAllGroups,
  'every vote counts, whoever gave another': everyVoteCounts,
  'exclusive is ignored': misreading(({ approverPolicies }) => ({
    approverPolicies: approverPolicies.map((policy) => ({ ...policy, exclusive: false })),
  })),
  'the requester counts as an approver': deciderOf(plainEvaluator, () => 'nobody' as UserId),
  'disabled people count as approvers': misreading((world) => ({
    directory: { ...world.directory, enabledMembers: membersWithDisabled(world) },
  })),
  'a pattern matches anywhere in a name': eligibilityPolicies(({ permissionSets }) => ({
    permissionSets: permissionSets.map((entry) => (isArn(entry) ? entry : `*${entry}*`)),
  })),
  'disabled policies count': eligibilityPolicies(() => ({ enabled: true })),
  'disabled approver policies count': misreading(({ approverPolicies }) => ({
    approverPolicies: approverPolicies.map((policy) => ({ ...policy, enabled: true })),
  })),
  'the root covers accounts directly in it only': targets((all) =>
    all.root
      ? { ...noTargets, organizationalUnits: [{ id: ouId('ou-0'), scope: 'children' }] }
      : all,
  ),
  'children are taken for a subtree': targets(scoped('subtree')),
  'the longest duration is not capped': misreading(({ settings }) => ({
    settings: { ...settings, maxDurationMinutes: 100_000 },
  })),
  'any policy allows break-glass': eligibilityPolicies(() => ({ breakGlass: true })),
  'a suspended account is offered': misreading(({ directory }) => ({
    directory: {
      ...directory,
      accounts: new Map(
        [...directory.accounts].map(([id, one]) => [id, { ...one, state: 'ACTIVE' }]),
      ),
    },
  })),
}

function sameSubject(a: EligibilityPolicy, b: EligibilityPolicy): boolean {
  return a.subject.type === b.subject.type && a.subject.id === b.subject.id
}

describe('the oracle catches an evaluator for which', () => {
  test.each(Object.entries(wrong))('%s', (_, decide) => {
    const found = fc.check(agrees(decide), { numRuns: 5_000, seed: 20_261_127, endOnFailure: true })
    expect(found.failed).toBe(true)
  })
})
