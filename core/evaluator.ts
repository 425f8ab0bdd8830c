/**
 * Policies and directory put together once, asked many times. `plainEvaluator` is the definition;
 * `compilePolicies` answers the same and is meant for lists and for every day.
 */
import {
  type ApprovalBasis,
  decideApprovers,
  keptFor,
  type NumbersAtSubmission,
} from './approval.ts'
import {
  type AskedFor,
  decideEligibility,
  type EligibilityDecision,
  type EligibilityOptions,
  type EligibilitySettings,
  type Terms,
} from './eligibility.ts'
import type {
  Account,
  ApproverPolicy,
  Directory,
  EligibilityPolicy,
  PermissionSet,
  Person,
} from './facts.ts'
import type { AccountId, Target, UserId } from './ids.ts'
import { byNameThenArn, byNameThenId } from './in-reach.ts'
import { plainReach, type Reach } from './reach.ts'

export interface EvaluatorFacts {
  readonly eligibilityPolicies: readonly EligibilityPolicy[]
  readonly approverPolicies: readonly ApproverPolicy[]
  readonly directory: Directory
  readonly settings: EligibilitySettings
}

export interface EligiblePermissionSet {
  readonly permissionSet: PermissionSet
  readonly terms: Terms
}

export interface PolicyEvaluator extends Reach {
  asked(target: Target): AskedFor
  eligibility(person: Person, target: Target, options?: EligibilityOptions): EligibilityDecision
  approval(target: Target, requesterId: UserId, atSubmission?: NumbersAtSubmission): ApprovalBasis
  /** The policies by which it is decided there: of those that match, the exclusive ones if there are any. */
  approverPoliciesFor(target: Target): ApproverPolicy[]
  /** Accounts with at least one permission set that the person may ask for; by name, then id. */
  eligibleAccounts(person: Person): Account[]
  /** What the person may ask for in this account; by name, then ARN. */
  eligiblePermissionSets(person: Person, accountId: AccountId): EligiblePermissionSet[]
}

export function plainEvaluator(facts: EvaluatorFacts): PolicyEvaluator {
  const { directory, eligibilityPolicies, approverPolicies, settings } = facts
  const asked = (target: Target) => askedFor(directory, target)
  const eligibility: PolicyEvaluator['eligibility'] = (person, target, options) =>
    decideEligibility(person, asked(target), eligibilityPolicies, settings, options)
  const approval: PolicyEvaluator['approval'] = (target, requesterId, atSubmission) =>
    decideApprovers(asked(target), approverPolicies, {
      requesterId,
      enabledMembers: directory.enabledMembers,
      ...(atSubmission ? { atSubmission } : {}),
    })
  const eligiblePermissionSets: PolicyEvaluator['eligiblePermissionSets'] = (person, accountId) =>
    [...directory.permissionSets.values()]
      .flatMap((permissionSet) => {
        const target = { accountId, permissionSetArn: permissionSet.permissionSetArn }
        const decision = eligibility(person, target)
        if (!decision.eligible) return []
        return [{ permissionSet, terms: decision.terms }]
      })
      .toSorted((a, b) => byNameThenArn(a.permissionSet, b.permissionSet))
  return {
    ...plainReach(facts, eligibility),
    asked,
    eligibility,
    approval,
    approverPoliciesFor: (target) => keptFor(asked(target), approverPolicies),
    eligiblePermissionSets,
    eligibleAccounts: (person) =>
      [...directory.accounts.values()]
        .filter(({ accountId }) => eligiblePermissionSets(person, accountId).length > 0)
        .toSorted(byNameThenId),
  }
}

export function askedFor(directory: Directory, target: Target): AskedFor {
  return {
    account: directory.accounts.get(target.accountId) ?? null,
    permissionSet: directory.permissionSets.get(target.permissionSetArn) ?? null,
  }
}
