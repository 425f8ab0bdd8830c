/**
 * The same answers as `plainEvaluator`, at the size of a large organisation (1,000 accounts, 750
 * permission sets, 5,000 policies): built once per version of policies, directory and settings,
 * then asked many times. A property test holds the two against each other.
 *
 * On the bit masks of `policy-index.ts`, "does it match" is two bit tests, and a list is a few
 * hundred words ORed together. A policy is found by its subject, so that only those naming the
 * person are looked at. What is out of TEAM's reach is masked away at the end, because an
 * explanation tells of policies that match even so.
 */
import { type ApprovalBasis, approvalBasis, basisFor, keptPolicies } from './approval.ts'
import { createReach } from './compiled-reach.ts'
import { concludeEligibility, type EligibilitySettings } from './eligibility.ts'
import {
  askedFor,
  type EligiblePermissionSet,
  type EvaluatorFacts,
  type PolicyEvaluator,
} from './evaluator.ts'
import type { Account, ApproverPolicy, EligibilityPolicy, EnabledMembers, Person } from './facts.ts'
import type { GroupId, Target, UserId } from './ids.ts'
import { addAll, eachIn, emptyMask, has, type Mask, overlap } from './masks.ts'
import { indexPolicies, type Masked, type Numbered, type PolicyIndex } from './policy-index.ts'
import { addPolicy, type Sum, termsOf } from './terms.ts'

export function compilePolicies(
  facts: EvaluatorFacts,
  index: PolicyIndex = indexPolicies(facts),
): PolicyEvaluator {
  const { directory, settings } = facts
  const { numbered, bySubject, approver: approverPolicies } = index
  const policiesOf = (person: Person) => [
    ...(bySubject.get(`user ${person.userId}`) ?? []),
    ...[...person.groupIds].flatMap((groupId) => bySubject.get(`group ${groupId}`) ?? []),
  ]
  const { enabledMembers } = directory
  const countApprovers = approverCounter(enabledMembers)
  const wholeBasis = wholeBases({ numbered, approverPolicies, enabledMembers })
  return {
    ...createReach({
      numbered,
      eligibilityPolicies: [...bySubject.values()].flat(),
      approverPolicies,
      policiesOf,
      setsAt: (policies, sets) => listPermissionSets(numbered, policies, settings, sets),
    }),
    asked: (target) => askedFor(directory, target),
    eligibility: (person, target, options = {}) => {
      const at = numbersOf(numbered, target)
      const looked = policiesOf(person).map(({ policy, accounts, permissionSets }) => ({
        policy,
        accountMatches: has(accounts, at.account),
        permissionSetMatches: has(permissionSets, at.permissionSet),
      }))
      return concludeEligibility(person, askedFor(directory, target), looked, settings, options)
    },
    approval: (target, requesterId, atSubmission) =>
      basisFor(wholeBasis(target), { requesterId, ...(atSubmission ? { atSubmission } : {}) }),
    eligibleAccounts: (person) =>
      person.enabled ? listAccounts(numbered, policiesOf(person)) : [],
    eligiblePermissionSets: (person, accountId) => {
      const account = numbered.accountNumber.get(accountId)
      if (account === undefined || !person.enabled) return []
      if (!has(numbered.accountsInReach, account)) return []
      const atAccount = policiesOf(person).filter((one) => has(one.accounts, account))
      const approversAtAccount = approverPolicies.filter((one) => has(one.accounts, account))
      const counts = countApprovers(approversAtAccount, numbered.permissionSets.length)
      return listPermissionSets(numbered, atAccount, settings).map(({ number, ...one }) => ({
        ...one,
        approverCount: counts(number, person.userId),
      }))
    },
  }
}

function numbersOf(numbered: Numbered, target: Target) {
  return {
    account: numbered.accountNumber.get(target.accountId) ?? null,
    permissionSet: numbered.permissionSetNumber.get(target.permissionSetArn) ?? null,
  }
}

/** A page of a list, twice over; a basis may hold thousands of people, so no more are kept. */
const basesKeptMax = 64
/** Nobody's id, so that nobody is left out as the requester. */
const nobody = '' as UserId

/** Who decides on a target, whoever asks: lists ask it of each row several times. */
function wholeBases(compiled: {
  readonly numbered: Numbered
  readonly approverPolicies: readonly Masked<ApproverPolicy>[]
  readonly enabledMembers: EnabledMembers
}) {
  const { numbered, approverPolicies, enabledMembers } = compiled
  const bases = new Map<string, ApprovalBasis>()
  return (target: Target): ApprovalBasis => {
    const key = `${target.accountId} ${target.permissionSetArn}`
    const known = bases.get(key)
    if (known) return known
    const at = numbersOf(numbered, target)
    const matching = approverPolicies.filter(
      (one) => has(one.accounts, at.account) && has(one.permissionSets, at.permissionSet),
    )
    const kept = keptPolicies(matching.map((one) => one.policy))
    const basis = approvalBasis(kept, { requesterId: nobody, enabledMembers })
    const [oldest] = bases.keys()
    if (bases.size >= basesKeptMax && oldest !== undefined) bases.delete(oldest)
    bases.set(key, basis)
    return basis
  }
}

function listAccounts(
  numbered: Numbered,
  policies: readonly Masked<EligibilityPolicy>[],
): Account[] {
  const mask = emptyMask(numbered.accounts.length)
  for (const { accounts, permissionSets } of policies) {
    if (overlap(permissionSets, numbered.permissionSetsInReach)) addAll(mask, accounts)
  }
  return numbered.accounts.filter(
    (_, number) => has(mask, number) && has(numbered.accountsInReach, number),
  )
}

function listPermissionSets(
  numbered: Numbered,
  atAccount: readonly Masked<EligibilityPolicy>[],
  settings: EligibilitySettings,
  within: Mask = numbered.permissionSetsInReach,
): (Omit<EligiblePermissionSet, 'approverCount'> & { readonly number: number })[] {
  const sums: (Sum | undefined)[] = new Array(numbered.permissionSets.length)
  for (const { policy, permissionSets } of atAccount) {
    eachIn(permissionSets, (number) => {
      sums[number] = addPolicy(sums[number], policy)
    })
  }
  return numbered.permissionSets.flatMap((permissionSet, number) => {
    const sum = sums[number]
    if (!sum || !has(within, number)) return []
    return [{ number, permissionSet, terms: termsOf(sum, settings) }]
  })
}

const unionsKeptMax = 10_000

/** Counts approvers per permission set; equal combinations of groups are united only once. */
function approverCounter(enabledMembers: EnabledMembers) {
  const unions = new Map<string, ReadonlySet<UserId>>()
  const unite = (groupIds: readonly GroupId[]): ReadonlySet<UserId> => {
    const key = groupIds.join(' ')
    const known = unions.get(key)
    if (known) return known
    const union = new Set(groupIds.flatMap((groupId) => [...(enabledMembers.get(groupId) ?? [])]))
    if (unions.size >= unionsKeptMax) unions.clear()
    unions.set(key, union)
    return union
  }
  return (atAccount: readonly Masked<ApproverPolicy>[], permissionSetCount: number) => {
    const matching: ApproverPolicy[][] = Array.from({ length: permissionSetCount }, () => [])
    for (const { policy, permissionSets } of atAccount) {
      eachIn(permissionSets, (number) => matching[number]?.push(policy))
    }
    return (number: number, requesterId: UserId): number => {
      const kept = keptPolicies(matching[number] ?? [])
      const groupIds = new Set(kept.flatMap((policy) => policy.approverGroups))
      const union = unite([...groupIds].toSorted())
      return union.size - (union.has(requesterId) ? 1 : 0)
    }
  }
}
