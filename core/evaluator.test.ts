/** The plain evaluator against an oracle written apart from it, and the compiled one against both. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Approvers, allBut, firstOf } from './approvers.ts'
import { compilePolicies } from './compiled.ts'
import { type PolicyEvaluator, plainEvaluator } from './evaluator.ts'
import { oracleApprovers, oracleEligibility } from './oracle.fixture.ts'
import { defaultSettings } from './settings.ts'
import {
  account,
  accountId,
  approverPolicy,
  arnOf,
  directoryOf,
  eligibilityPolicy,
  groupId,
  members,
  ouId,
  permissionSet,
  person,
  targetArbitrary,
  type World,
  worldArbitrary,
} from './world.fixture.ts'

const evaluators = { plain: plainEvaluator, compiled: compilePolicies }
const oneOf = (world: World, index: number) => world.people[index % world.people.length]!

/** A Set and numbers in a mask must agree in whatever they can be asked. */
function toldOf(approvers: Approvers, { people }: World) {
  return {
    size: approvers.size,
    all: [...approvers].toSorted(),
    first: firstOf(approvers, 2),
    has: people.filter(({ userId }) => approvers.has(userId)).map(({ userId }) => userId),
    others: people.map(({ userId }) => [...allBut(approvers, userId)].toSorted()),
  }
}

describe.each(Object.entries(evaluators))('the %s evaluator', (_, build) => {
  test('decides on eligibility as the oracle does', () => {
    fc.assert(
      fc.property(
        worldArbitrary,
        fc.nat(),
        targetArbitrary,
        fc.boolean(),
        (world, i, target, breakGlass) => {
          const who = oneOf(world, i)
          const decision = build(world).eligibility(who, target, { breakGlass })
          const seen = decision.eligible
            ? {
                longest: decision.terms.maxDurationMinutes,
                approval: decision.terms.approvalRequired,
                ticket: decision.terms.ticketRequired,
                justification: decision.terms.justificationRequired,
              }
            : decision.refusal.code
          expect(seen).toEqual(oracleEligibility(world, who, target, breakGlass))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('finds the approvers that the oracle finds', () => {
    fc.assert(
      fc.property(worldArbitrary, fc.nat(), targetArbitrary, (world, i, target) => {
        const { userId } = oneOf(world, i)
        const { approvers } = build(world).approval(target, userId)
        expect([...approvers].toSorted()).toEqual(oracleApprovers(world, target, userId).toSorted())
      }),
      { numRuns: 1_000 },
    )
  })

  test('lists exactly the targets for which it would say yes', () => {
    fc.assert(
      fc.property(worldArbitrary, fc.nat(), (world, i) => {
        const who = oneOf(world, i)
        const evaluator = build(world)
        const listed = [...world.directory.accounts.keys()].flatMap((accountId) =>
          evaluator
            .eligiblePermissionSets(who, accountId)
            .map(({ permissionSet: one }) => `${accountId} ${one.permissionSetArn}`),
        )
        const targets = [...world.directory.accounts.keys()].flatMap((accountId) =>
          [...world.directory.permissionSets.keys()].map((permissionSetArn) => ({
            accountId,
            permissionSetArn,
          })),
        )
        const expected = targets
          .filter((target) => typeof oracleEligibility(world, who, target, false) === 'object')
          .map((target) => `${target.accountId} ${target.permissionSetArn}`)
        expect(listed.toSorted()).toEqual(expected.toSorted())
        const accounts = evaluator.eligibleAccounts(who).map((one) => one.accountId)
        const expectedAccounts = new Set(expected.map((one) => one.split(' ')[0]))
        expect(accounts.toSorted()).toEqual([...expectedAccounts].toSorted())
      }),
      { numRuns: 300 },
    )
  })
})

test('the compiled evaluator gives the very same answers, explanations and lists as the plain', () => {
  fc.assert(
    fc.property(
      worldArbitrary,
      fc.nat(),
      targetArbitrary,
      fc.record({ breakGlass: fc.boolean(), mustBeApprovedByAnother: fc.boolean() }),
      (world, i, target, options) => {
        const who = oneOf(world, i)
        const plain = plainEvaluator(world)
        const compiled = compilePolicies(world)
        expect(compiled.eligibility(who, target, options)).toEqual(
          plain.eligibility(who, target, options),
        )
        const shown = ({ approval }: PolicyEvaluator) => {
          const { approvers, quorums, ...rest } = approval(target, who.userId)
          return {
            ...rest,
            approvers: toldOf(approvers, world),
            quorums: quorums.map(({ able, ...one }) => ({ ...one, able: toldOf(able, world) })),
          }
        }
        expect(shown(compiled)).toEqual(shown(plain))
        expect(compiled.approverPoliciesFor(target)).toEqual(plain.approverPoliciesFor(target))
        expect(compiled.eligibleAccounts(who)).toEqual(plain.eligibleAccounts(who))
        const listed = compiled.eligiblePermissionSets(who, target.accountId)
        expect(listed).toEqual(plain.eligiblePermissionSets(who, target.accountId))
      },
    ),
    { numRuns: 500 },
  )
})

test('at 1,000 accounts, 750 sets and 5,000 policies that all name the person, lists take moments', () => {
  const units = Array.from({ length: 200 }, (_, i) => `ou-${i}`)
  const accounts = Array.from({ length: 1_000 }, (_, i) =>
    account(i, ['r-root', units[i % 7]!, units[i % 200]!]),
  )
  const sets = Array.from({ length: 750 }, (_, i) => permissionSet(`Set-${i}`))
  const ann = person('ann', ['g'])
  const eligibilityPolicies = Array.from({ length: 5_000 }, (_, i) =>
    eligibilityPolicy(`e${i}`, {
      subject: { type: 'group', id: groupId('g') },
      targets: {
        accounts: [accountId(i % 1_000)],
        organizationalUnits: [{ id: ouId(units[i % 200]!), scope: 'subtree' }],
        root: i % 50 === 0,
      },
      permissionSets: [`Set-${i % 75}*`, arnOf(`Set-${i % 750}`)],
    }),
  )
  const approverPolicies = Array.from({ length: 500 }, (_, i) =>
    approverPolicy(`a${i}`, {
      targets: {
        accounts: [],
        organizationalUnits: [{ id: ouId(units[i % 200]!), scope: 'subtree' }],
        root: false,
      },
    }),
  )
  const enabledMembers = members({ g: ['ann'], approvers: ['bob', 'cho'] })
  const directory = directoryOf(accounts, sets, enabledMembers)
  const facts = { eligibilityPolicies, approverPolicies, directory, settings: defaultSettings }

  const took = (what: () => unknown) => {
    const startedAt = performance.now()
    what()
    return performance.now() - startedAt
  }
  let evaluator = compilePolicies(facts)
  const compiling = took(() => {
    evaluator = compilePolicies(facts)
  })
  const listing = took(() => expect(evaluator.eligibleAccounts(ann)).toHaveLength(1_000))
  const offering = took(() => {
    expect(evaluator.eligiblePermissionSets(ann, accountId(3)).length).toBeGreaterThan(100)
  })
  const target = { accountId: accountId(3), permissionSetArn: arnOf('Set-3') }
  const deciding = took(() => expect(evaluator.eligibility(ann, target).eligible).toBe(true))
  // Generous for a busy machine: what takes the product of the sizes would take minutes.
  expect(compiling).toBeLessThan(3_000)
  expect(listing + offering + deciding).toBeLessThan(1_000)
})
