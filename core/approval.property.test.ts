import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ApprovalBasis,
  approvalBasis,
  keptPolicies,
  tally,
  tooFewApprovers,
  type Vote,
} from './approval.ts'
import {
  approverPolicy,
  groupId,
  groupNames,
  members,
  policyId,
  userId,
  userNames,
} from './world.fixture.ts'

const approve = (...names: string[]): Vote[] =>
  names.map((name) => ({ userId: userId(name), decision: 'approved' }))

describe('against an oracle that goes through every person and policy', () => {
  const policy = fc.record({
    approverGroups: fc.uniqueArray(fc.constantFrom(...groupNames).map(groupId), {
      minLength: 1,
      maxLength: 3,
    }),
    approvalsRequired: fc.integer({ min: 1, max: 4 }),
    exclusive: fc.boolean(),
  })
  const membership = fc.tuple(
    ...groupNames.map(() => fc.uniqueArray(fc.constantFrom(...userNames))),
  )
  const voters = fc.array(fc.constantFrom(...userNames, 'stranger'), { maxLength: 6 })
  const numbers = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 })
  const inputs = fc.record({
    policies: fc.array(policy, { maxLength: 4 }),
    membership,
    voters,
    numbers,
  })

  interface Inputs {
    policies: { approverGroups: string[]; approvalsRequired: number; exclusive: boolean }[]
    membership: string[][]
    voters: string[]
    numbers: number[]
  }

  function oracleCarries({ policies, membership, voters, numbers }: Inputs): boolean {
    const anyExclusive = policies.filter((one) => one.exclusive).length > 0
    let anyMultiple = false
    let anyApproval = false
    for (const [i, one] of policies.entries()) {
      if (anyExclusive && !one.exclusive) continue
      const needed = Math.max(one.approvalsRequired, numbers[i] ?? 0)
      let given = 0
      for (const name of userNames) {
        if (name === 'ann' || !voters.includes(name)) continue
        const inGroup = one.approverGroups.some((group) => {
          return membership[groupNames.indexOf(group)]!.includes(name)
        })
        if (inGroup) given += 1
      }
      if (given > 0) anyApproval = true
      if (needed > 1) anyMultiple = true
      if (needed > 1 && given < needed) return false
    }
    return anyMultiple || anyApproval
  }

  function basisOf({ policies, membership, numbers }: Inputs): ApprovalBasis {
    const kept = keptPolicies(
      policies.map((one, i) =>
        approverPolicy(`a${i}`, { ...one, approverGroups: one.approverGroups.map(groupId) }),
      ),
    )
    return approvalBasis(kept, {
      requesterId: userId('ann'),
      enabledMembers: members(
        Object.fromEntries(groupNames.map((group, i) => [group, membership[i]!])),
      ),
      atSubmission: new Map(numbers.map((number, i) => [policyId(`a${i}`), number])),
    })
  }

  test('votes carry for both or for neither', () => {
    fc.assert(
      fc.property(inputs, (drawn) => {
        const { outcome } = tally(basisOf(drawn), approve(...drawn.voters))
        expect(outcome === 'approved').toBe(oracleCarries(drawn))
      }),
      { numRuns: 1_000 },
    )
  })

  test('there are too few exactly if not even everybody voting for it would carry', () => {
    fc.assert(
      fc.property(inputs, (drawn) => {
        const everybody = { ...drawn, voters: [...userNames] }
        expect(tooFewApprovers(basisOf(drawn)) === null).toBe(oracleCarries(everybody))
      }),
      { numRuns: 1_000 },
    )
  })

  test('another approval never undoes what carries, and the order of votes says nothing', () => {
    fc.assert(
      fc.property(inputs, fc.constantFrom(...userNames), (drawn, more) => {
        const basis = basisOf(drawn)
        const votes = approve(...drawn.voters)
        const before = tally(basis, votes)
        expect(tally(basis, votes.toReversed())).toEqual(before)
        if (before.outcome === 'approved') {
          expect(tally(basis, [...votes, ...approve(more)]).outcome).toBe('approved')
        }
      }),
      { numRuns: 500 },
    )
  })
})
