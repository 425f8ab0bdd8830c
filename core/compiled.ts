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
import { type ApprovalBasis, basisFor, basisOf, keptPolicies } from './approval.ts'
import { numberGroups } from './approvers.ts'
import { createReach } from './compiled-reach.ts'
import { byPolicyId, concludeEligibility, type EligibilitySettings } from './eligibility.ts'
import {
  askedFor,
  type EligiblePermissionSet,
  type EvaluatorFacts,
  type PolicyEvaluator,
} from './evaluator.ts'
import type { Account, ApproverPolicy, EligibilityPolicy, EnabledMembers, Person } from './facts.ts'
import type { PolicyId, Target } from './ids.ts'
import {
  addAll,
  eachIn,
  emptyMask,
  has,
  intersection,
  type Mask,
  numbersIn,
  overlap,
  transposed,
} from './masks.ts'
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
  const approverPoliciesFor = policiesFor(numbered, approverPolicies)
  const wholeBasis = wholeBases(approverPoliciesFor, directory.enabledMembers)
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
    approverPoliciesFor,
    eligibleAccounts: (person) =>
      person.enabled ? listAccounts(numbered, policiesOf(person)) : [],
    eligiblePermissionSets: (person, accountId) => {
      const account = numbered.accountNumber.get(accountId)
      if (account === undefined || !person.enabled) return []
      if (!has(numbered.accountsInReach, account)) return []
      const atAccount = policiesOf(person).filter((one) => has(one.accounts, account))
      return listPermissionSets(numbered, atAccount, settings).map(({ number: _, ...one }) => one)
    },
  }
}

function numbersOf(numbered: Numbered, target: Target) {
  return {
    account: numbered.accountNumber.get(target.accountId) ?? null,
    permissionSet: numbered.permissionSetNumber.get(target.permissionSetArn) ?? null,
  }
}

/** Which approver policies decide on a target. */
function policiesFor(
  numbered: Numbered,
  approverPolicies: readonly Masked<ApproverPolicy>[],
): (target: Target) => ApproverPolicy[] {
  // In the order in which they are kept, so that it need not be made for each target.
  const ordered = approverPolicies.toSorted((a, b) => byPolicyId(a.policy, b.policy))
  const { accounts, permissionSets } = numbered
  const atAccount = transposed(
    ordered.map((one) => one.accounts),
    accounts.length,
  )
  const ofSet = transposed(
    ordered.map((one) => one.permissionSets),
    permissionSets.length,
  )
  return (target) => {
    const at = numbersOf(numbered, target)
    const there = atAccount[at.account ?? -1]
    const naming = ofSet[at.permissionSet ?? -1]
    if (!there || !naming) return []
    const matching = numbersIn(intersection(there, naming)).flatMap((n) => ordered[n]?.policy ?? [])
    return keptPolicies(matching)
  }
}

/** Some pages of lists; a basis of a target where many policies match takes some kilobytes. */
const basesKeptMax = 2_000

/** Who decides on a target, whoever asks: lists ask it of each row several times. */
function wholeBases(
  keptFor: (target: Target) => readonly ApproverPolicy[],
  enabledMembers: EnabledMembers,
): (target: Target) => ApprovalBasis {
  const groups = numberGroups(enabledMembers)
  const members = new Map<PolicyId, ReturnType<typeof groups.membersOf>>()
  // Two generations, for putting one that was asked for behind the others each time costs more.
  let bases = new Map<string, ApprovalBasis>()
  let older = bases

  function membersOf({ id, approverGroups }: ApproverPolicy) {
    const known = members.get(id)
    const able = known ?? groups.membersOf(approverGroups)
    members.set(id, able)
    return able
  }

  function basisAt(target: Target): ApprovalBasis {
    const kept = keptFor(target).map((policy) => ({ policy, able: membersOf(policy) }))
    return basisOf(kept, groups.unite)
  }

  return (target) => {
    const key = `${target.accountId} ${target.permissionSetArn}`
    const known = bases.get(key)
    if (known) return known
    const basis = older.get(key) ?? basisAt(target)
    if (bases.size >= basesKeptMax / 2) {
      older = bases
      bases = new Map()
    }
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
): (EligiblePermissionSet & { readonly number: number })[] {
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
