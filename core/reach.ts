/**
 * Policies asked the other way round: who could ask for something in this account, for what could
 * this person ask anywhere, who decides there. Answers come one at a time and in order, so that a
 * page costs what is on it and a whole export no more memory than a page. `plainReach` is the
 * definition; compiled-reach.ts answers the same and is tested against it.
 */
import { keptPolicies } from './approval.ts'
import { byPolicyId, namesPerson, type Terms } from './eligibility.ts'
import type { EvaluatorFacts, PolicyEvaluator } from './evaluator.ts'
import type { Account, ApproverPolicy, EligibilityPolicy, PermissionSet, Person } from './facts.ts'
import type { AccountId, GroupId } from './ids.ts'
import { accountInReach, byNameThenArn, byNameThenId, permissionSetInReach } from './in-reach.ts'
import type { People } from './people.ts'
import { coveredBy, namedBy } from './targets.ts'

/** One thing that one person could ask for. */
export interface CouldAsk {
  readonly person: Person
  readonly account: Account
  readonly permissionSet: PermissionSet
  readonly terms: Terms
  /** The policies that allow it, by id. */
  readonly policies: readonly EligibilityPolicy[]
}

/** An approver policy that has a say in an account, and on which permission sets. */
export interface ApproverPolicyThere {
  readonly policy: ApproverPolicy
  /** In reach, and not taken over by an exclusive policy; by name, then ARN. */
  readonly permissionSets: readonly PermissionSet[]
}

/** Absent: all of them. */
export interface ReachQuery {
  readonly wantsPerson?: (person: Person) => boolean
  readonly wantsAccount?: (account: Account) => boolean
  readonly wantsPermissionSet?: (permissionSet: PermissionSet) => boolean
}

export interface Reach {
  /** By person, then permission set. */
  whoCouldAsk(accountId: AccountId, people: People, query?: ReachQuery): Iterable<CouldAsk>
  /** By account, then permission set. */
  whatCouldBeAsked(person: Person, query?: ReachQuery): Iterable<CouldAsk>
  /** By policy id; none of them decides on nothing. */
  approverPoliciesAt(accountId: AccountId): readonly ApproverPolicyThere[]
  /** Accounts in reach that a policy naming one of these groups covers; by name, then id. */
  accountsApprovedBy(groupIds: ReadonlySet<GroupId>): readonly Account[]
}

const everything = () => true

export function plainReach(
  facts: EvaluatorFacts,
  eligibility: PolicyEvaluator['eligibility'],
): Reach {
  const { directory, eligibilityPolicies, approverPolicies } = facts
  const accounts = [...directory.accounts.values()].filter(accountInReach).toSorted(byNameThenId)
  const permissionSets = [...directory.permissionSets.values()]
    .filter(permissionSetInReach)
    .toSorted(byNameThenArn)

  function* couldAsk(person: Person, account: Account, query: ReachQuery): Generator<CouldAsk> {
    for (const permissionSet of permissionSets.filter(query.wantsPermissionSet ?? everything)) {
      const { accountId } = account
      const { permissionSetArn } = permissionSet
      const decision = eligibility(person, { accountId, permissionSetArn })
      if (!decision.eligible) continue
      const policies = eligibilityPolicies.filter(
        (policy) =>
          policy.enabled &&
          namesPerson(policy, person) &&
          coveredBy(policy.targets, account) !== null &&
          namedBy(policy.permissionSets, permissionSet) !== null,
      )
      const { terms } = decision
      yield { person, account, permissionSet, terms, policies: policies.toSorted(byPolicyId) }
    }
  }

  return {
    *whoCouldAsk(accountId, people, query = {}) {
      const account = accounts.find((one) => one.accountId === accountId)
      if (account === undefined) return
      for (const person of people.list.filter(query.wantsPerson ?? everything)) {
        yield* couldAsk(person, account, query)
      }
    },
    *whatCouldBeAsked(person, query = {}) {
      for (const account of accounts.filter(query.wantsAccount ?? everything)) {
        yield* couldAsk(person, account, query)
      }
    },
    approverPoliciesAt(accountId) {
      const account = accounts.find((one) => one.accountId === accountId)
      if (account === undefined) return []
      const here = approverPolicies.filter(
        (policy) => policy.enabled && coveredBy(policy.targets, account) !== null,
      )
      const names = (policy: ApproverPolicy, one: PermissionSet) =>
        policy.permissionSets === null || namedBy(policy.permissionSets, one) !== null
      return here
        .map((policy) => ({
          policy,
          permissionSets: permissionSets.filter((one) =>
            keptPolicies(here.filter((other) => names(other, one))).includes(policy),
          ),
        }))
        .filter((one) => one.permissionSets.length > 0)
        .toSorted((a, b) => byPolicyId(a.policy, b.policy))
    },
    accountsApprovedBy: (groupIds) =>
      accounts.filter((account) =>
        approverPolicies.some(
          (policy) =>
            policy.enabled &&
            policy.approverGroups.some((groupId) => groupIds.has(groupId)) &&
            coveredBy(policy.targets, account) !== null,
        ),
      ),
  }
}
