/** The same answers as `plainReach`, looking only at policies and people that can matter. */
import { byPolicyId, type Terms } from './eligibility.ts'
import type { ApproverPolicy, EligibilityPolicy, PermissionSet, Person } from './facts.ts'
import type { AccountId } from './ids.ts'
import {
  addAll,
  eachNumberIn,
  emptyMask,
  has,
  intersection,
  type Mask,
  maskWhere,
  overlap,
  set,
  without,
} from './masks.ts'
import type { People } from './people.ts'
import type { Masked, Numbered } from './policy-index.ts'
import type { CouldAsk, Reach, ReachQuery } from './reach.ts'

export interface CompiledPolicies {
  readonly numbered: Numbered
  /** Enabled ones. */
  readonly eligibilityPolicies: readonly Masked<EligibilityPolicy>[]
  readonly approverPolicies: readonly Masked<ApproverPolicy>[]
  readonly policiesOf: (person: Person) => readonly Masked<EligibilityPolicy>[]
  /** What these policies, which cover an account, add up to there, within a choice of sets. */
  readonly setsAt: (
    policies: readonly Masked<EligibilityPolicy>[],
    within: Mask,
  ) => readonly { number: number; permissionSet: PermissionSet; terms: Terms }[]
}

export function createReach(compiled: CompiledPolicies): Reach {
  const { numbered, eligibilityPolicies, approverPolicies, policiesOf, setsAt } = compiled
  const { accountsInReach, permissionSetsInReach } = numbered

  function numberInReach(accountId: AccountId): number | null {
    const number = numbered.accountNumber.get(accountId)
    return number !== undefined && has(accountsInReach, number) ? number : null
  }

  function wantedSets({ wantsPermissionSet }: ReachQuery): Mask {
    if (wantsPermissionSet === undefined) return permissionSetsInReach
    return intersection(
      permissionSetsInReach,
      maskWhere(numbered.permissionSets, wantsPermissionSet),
    )
  }

  function* couldAsk(
    person: Person,
    policies: readonly Masked<EligibilityPolicy>[],
    at: { readonly account: number; readonly sets: Mask },
  ): Generator<CouldAsk> {
    const account = numbered.accounts[at.account]
    const here = policies.filter((one) => has(one.accounts, at.account))
    if (account === undefined) return
    for (const { number, permissionSet, terms } of setsAt(here, at.sets)) {
      const allowing = here.filter((one) => has(one.permissionSets, number))
      const byId = allowing.map(({ policy }) => policy).toSorted(byPolicyId)
      yield { person, account, permissionSet, terms, policies: byId }
    }
  }

  return {
    *whoCouldAsk(accountId, people, query = {}) {
      const account = numberInReach(accountId)
      if (account === null) return
      const sets = wantedSets(query)
      const here = eligibilityPolicies.filter(
        (one) => has(one.accounts, account) && overlap(one.permissionSets, sets),
      )
      for (const place of eachNumberIn(subjectsOf(here, people))) {
        const person = people.list[place]
        if (!person?.enabled || query.wantsPerson?.(person) === false) continue
        yield* couldAsk(person, policiesOf(person), { account, sets })
      }
    },
    *whatCouldBeAsked(person, query = {}) {
      if (!person.enabled) return
      const sets = wantedSets(query)
      const policies = policiesOf(person).filter((one) => overlap(one.permissionSets, sets))
      const covered = emptyMask(numbered.accounts.length)
      for (const { accounts } of policies) addAll(covered, accounts)
      for (const number of eachNumberIn(intersection(covered, accountsInReach))) {
        const account = numbered.accounts[number]
        if (account === undefined || query.wantsAccount?.(account) === false) continue
        yield* couldAsk(person, policies, { account: number, sets })
      }
    },
    approverPoliciesAt(accountId) {
      const account = numberInReach(accountId)
      if (account === null) return []
      const here = approverPolicies.filter((one) => has(one.accounts, account))
      const taken = emptyMask(numbered.permissionSets.length)
      for (const { policy, permissionSets } of here) {
        if (policy.exclusive) addAll(taken, permissionSets)
      }
      return here
        .map(({ policy, permissionSets }) => {
          const inReach = intersection(permissionSets, permissionSetsInReach)
          const kept = policy.exclusive ? inReach : without(inReach, taken)
          return { policy, permissionSets: numbered.permissionSets.filter((_, n) => has(kept, n)) }
        })
        .filter((one) => one.permissionSets.length > 0)
        .toSorted((a, b) => byPolicyId(a.policy, b.policy))
    },
    accountsApprovedBy(groupIds) {
      const covered = emptyMask(numbered.accounts.length)
      for (const { policy, accounts } of approverPolicies) {
        if (policy.approverGroups.some((groupId) => groupIds.has(groupId))) {
          addAll(covered, accounts)
        }
      }
      const inReach = intersection(covered, accountsInReach)
      return numbered.accounts.filter((_, number) => has(inReach, number))
    },
  }
}

/** Places of everybody whom one of these policies names. */
function subjectsOf(policies: readonly Masked<EligibilityPolicy>[], people: People): Mask {
  const places = emptyMask(people.list.length)
  const seen = new Set<string>()
  for (const { policy } of policies) {
    const { type, id } = policy.subject
    if (seen.has(`${type} ${id}`)) continue
    seen.add(`${type} ${id}`)
    if (type === 'user') {
      const place = people.placeOf.get(id)
      if (place !== undefined) set(places, place)
    } else {
      for (const place of people.membersOf.get(id) ?? []) set(places, place)
    }
  }
  return places
}
