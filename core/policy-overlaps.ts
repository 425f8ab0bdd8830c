/**
 * Policies that repeat or undo each other, and targets that nobody can approve: as the directory
 * stands now, by what is matched in TEAM's reach. A policy that matches nothing has its own warning.
 */
import { type NumberedGroups, numberGroups } from './approvers.ts'
import { withinReach } from './eligibility-preview.ts'
import type { ApproverPolicy, EligibilityPolicy, EnabledMembers } from './facts.ts'
import type { PolicyId } from './ids.ts'
import {
  addAll,
  contains,
  countIn,
  eachIn,
  emptyMask,
  has,
  isEmpty,
  type Mask,
  union,
  without,
} from './masks.ts'
import { type Masked, type Matched, type PolicyIndex, subjectKey } from './policy-index.ts'
import type { PolicyWarning } from './policy-warnings.ts'

/** As many as are named; one is enough to look. */
const namedMax = 5

export function eligibilityOverlaps(
  policy: EligibilityPolicy,
  index: PolicyIndex,
  enabledMembers: EnabledMembers,
): PolicyWarning[] {
  if (!policy.enabled) return []
  const mine = { policy, ...withinReach(index, index.maskEligibility(policy)) }
  if (isEmpty(mine.accounts) || isEmpty(mine.permissionSets)) return []
  const others = (index.bySubject.get(subjectKey(policy.subject)) ?? []).filter(
    (one) => one.policy.id !== policy.id,
  )
  const approvable = policy.approvalRequired ? withoutApprovers(mine, index, enabledMembers) : []
  return [...repeats(mine, others, index, givesNoMore), ...approvable]
}

export function approverOverlaps(
  policy: ApproverPolicy,
  index: PolicyIndex,
  enabledMembers: EnabledMembers,
): PolicyWarning[] {
  if (!policy.enabled) return []
  const mine = { policy, ...withinReach(index, index.maskApprover(policy)) }
  if (isEmpty(mine.accounts) || isEmpty(mine.permissionSets)) return []
  const others = index.approver.filter((one) => one.policy.id !== policy.id)
  const aside = policy.exclusive
    ? []
    : others.filter((one) => one.policy.exclusive && reachesAll(one, mine))
  return [
    ...repeats(mine, others, index, decidesNoMore),
    ...named('set_aside', aside),
    ...withoutApprovers(mine, index, enabledMembers),
  ]
}

function reachesAll(outer: Matched, inner: Matched): boolean {
  return (
    contains(outer.accounts, inner.accounts) && contains(outer.permissionSets, inner.permissionSets)
  )
}

function repeats<Policy extends { id: PolicyId }>(
  mine: Masked<Policy>,
  others: readonly Masked<Policy>[],
  index: PolicyIndex,
  addsNothing: (one: Policy, beside: Policy) => boolean,
): PolicyWarning[] {
  // Of thousands of others few are left by their terms, which are compared at no cost.
  const covering = others.filter(
    (one) => addsNothing(mine.policy, one.policy) && reachesAll(one, mine),
  )
  const covered = others.filter((one) => {
    if (!addsNothing(one.policy, mine.policy)) return false
    const within = withinReach(index, one)
    if (isEmpty(within.accounts) || isEmpty(within.permissionSets)) return false
    return reachesAll(mine, within)
  })
  const same = covering.filter((one) => covered.includes(one))
  return [
    ...named('same_as', same),
    ...named(
      'covered_by',
      covering.filter((one) => !same.includes(one)),
    ),
    ...named(
      'covers',
      covered.filter((one) => !same.includes(one)),
    ),
  ]
}

function named(
  code: 'same_as' | 'covered_by' | 'covers' | 'set_aside',
  policies: readonly Masked<{ id: PolicyId }>[],
): PolicyWarning[] {
  if (policies.length === 0) return []
  const policyIds = policies.slice(0, namedMax).map((one) => one.policy.id)
  return [{ code, params: { policyIds, count: policies.length }, field: 'targets' }]
}

/** The longest wins and the strictest wins, so what is shorter and laxer adds nothing. */
function givesNoMore(one: EligibilityPolicy, beside: EligibilityPolicy): boolean {
  return (
    one.maxDurationMinutes <= beside.maxDurationMinutes &&
    (!one.approvalRequired || beside.approvalRequired) &&
    (!one.ticketRequired || beside.ticketRequired) &&
    (!one.justificationRequired || beside.justificationRequired) &&
    (!one.breakGlass || beside.breakGlass)
  )
}

/** A number of two or more is reached from a policy's own groups, so there they must be the same. */
function decidesNoMore(one: ApproverPolicy, beside: ApproverPolicy): boolean {
  const { approverGroups: groups, approvalsRequired: needed } = one
  const subset = groups.every((id) => beside.approverGroups.includes(id))
  if (one.exclusive !== beside.exclusive || !subset) return false
  const same = groups.length === beside.approverGroups.length
  return needed < 2 || (same && beside.approvalsRequired >= needed)
}

function withoutApprovers(
  mine: Matched,
  index: PolicyIndex,
  enabledMembers: EnabledMembers,
): PolicyWarning[] {
  const approvable = approvableSets(index, enabledMembers)
  let targets = 0
  eachIn(mine.accounts, (account) => {
    const sets = approvable[account]
    const left = mine.permissionSets.map((word, at) => word & ~(sets?.[at] ?? 0))
    targets += countIn(left)
  })
  if (targets === 0) return []
  return [{ code: 'too_few_approvers', params: { targets }, field: 'targets' }]
}

/** Worked out once for an index: a page of policies asks for it as often as it has rows. */
const known = new WeakMap<PolicyIndex, { members: EnabledMembers; sets: readonly Mask[] }>()

/** By the number of the account, the permission sets for which enough people could approve. */
function approvableSets(index: PolicyIndex, members: EnabledMembers): readonly Mask[] {
  const before = known.get(index)
  if (before?.members === members) return before.sets
  const { accounts, permissionSets } = index.numbered
  const groups = numberGroups(members)
  const policies = index.approver.map((one) => ({ ...one, lacks: lackOf(one.policy, groups) }))
  const sets = accounts.map((_, account) => {
    const there = policies.filter((one) => has(one.accounts, account))
    const [exclusive, others] = [true, false].map((kept) => {
      const counting = there.filter(({ policy }) => policy.exclusive === kept)
      return decidedBy(counting, permissionSets.length)
    }) as [Decided, Decided]
    return union(exclusive.approvable, without(others.approvable, exclusive.matched))
  })
  known.set(index, { members, sets })
  return sets
}

type Lack = 'nobody' | 'too few' | null

/** Of a policy alone: without anybody it leaves the decision to others, with too few it blocks it. */
function lackOf(
  { approverGroups, approvalsRequired }: ApproverPolicy,
  groups: NumberedGroups,
): Lack {
  const able = groups.membersOf(approverGroups).size
  if (approvalsRequired >= 2 && able < approvalsRequired) return 'too few'
  return able === 0 ? 'nobody' : null
}

interface Decided {
  readonly matched: Mask
  readonly approvable: Mask
}

/** The permission sets that some of these match, and those for which all of them together suffice. */
function decidedBy(
  counting: readonly (Matched & { readonly lacks: Lack })[],
  permissionSets: number,
): Decided {
  const [matched, enough, blocked] = [0, 1, 2].map(() => emptyMask(permissionSets)) as [
    Mask,
    Mask,
    Mask,
  ]
  for (const one of counting) {
    addAll(matched, one.permissionSets)
    if (one.lacks === null) addAll(enough, one.permissionSets)
    if (one.lacks === 'too few') addAll(blocked, one.permissionSets)
  }
  return { matched, approvable: without(enough, blocked) }
}
