/**
 * The same answers as `plainEvaluator`, at the size of a large organisation (1,000 accounts, 750
 * permission sets, 5,000 policies): built once per version of policies, directory and settings,
 * then asked many times. A property test holds the two against each other.
 *
 * Accounts and permission sets get numbers, in the order in which they are listed. Each policy
 * becomes two bit masks, of the accounts it covers and of the permission sets it names, so that
 * "does it match" is two bit tests, and a list is a few hundred words ORed together. A policy is
 * found by its subject, so that only those naming the person are looked at. Masks hold everything
 * the directory knows; what is out of TEAM's reach is masked away at the end, because an
 * explanation tells of policies that match even so.
 */
import {
  type ApprovalBasis,
  approvalBasis,
  keptPolicies,
  type NumbersAtSubmission,
} from './approval.ts'
import { concludeEligibility, type EligibilitySettings, type Terms } from './eligibility.ts'
import {
  accountInReach,
  askedFor,
  byNameThenArn,
  byNameThenId,
  type EligiblePermissionSet,
  type EvaluatorFacts,
  type PolicyEvaluator,
  permissionSetInReach,
} from './evaluator.ts'
import type {
  Account,
  ApproverPolicy,
  EligibilityPolicy,
  EnabledMembers,
  PermissionSet,
  Person,
  PolicyTargets,
} from './facts.ts'
import type { AccountId, GroupId, PermissionSetArn, Target, UserId } from './ids.ts'
import { isArn, matchesNamePattern } from './targets.ts'

type Mask = Uint32Array

interface Masked<Policy> {
  readonly policy: Policy
  readonly accounts: Mask
  readonly permissionSets: Mask
}

interface Numbered {
  readonly accounts: readonly Account[]
  readonly permissionSets: readonly PermissionSet[]
  readonly accountNumber: ReadonlyMap<AccountId, number>
  readonly permissionSetNumber: ReadonlyMap<PermissionSetArn, number>
  readonly accountsInReach: Mask
  readonly permissionSetsInReach: Mask
}

export function compilePolicies(facts: EvaluatorFacts): PolicyEvaluator {
  const { directory, settings } = facts
  const numbered = numberDirectory(facts)
  const maskTargets = targetMasker(numbered)
  const maskSets = permissionSetMasker(numbered)
  const bySubject = new Map<string, Masked<EligibilityPolicy>[]>()
  for (const policy of facts.eligibilityPolicies.filter((one) => one.enabled)) {
    const masked = {
      policy,
      accounts: maskTargets(policy.targets),
      permissionSets: maskSets(policy.permissionSets),
    }
    const subject = `${policy.subject.type} ${policy.subject.id}`
    const others = bySubject.get(subject)
    if (others) others.push(masked)
    else bySubject.set(subject, [masked])
  }
  const approverPolicies = facts.approverPolicies
    .filter((one) => one.enabled)
    .map((policy) => ({
      policy,
      accounts: maskTargets(policy.targets),
      permissionSets: maskSets(policy.permissionSets ?? ['*']),
    }))

  const policiesOf = (person: Person) => [
    ...(bySubject.get(`user ${person.userId}`) ?? []),
    ...[...person.groupIds].flatMap((groupId) => bySubject.get(`group ${groupId}`) ?? []),
  ]
  const countApprovers = approverCounter(directory.enabledMembers)
  return {
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
      basisOf({ numbered, approverPolicies, enabledMembers: directory.enabledMembers }, target, {
        requesterId,
        atSubmission,
      }),
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

function numberDirectory({ directory }: EvaluatorFacts): Numbered {
  const accounts = [...directory.accounts.values()].toSorted(byNameThenId)
  const permissionSets = [...directory.permissionSets.values()].toSorted(byNameThenArn)
  return {
    accounts,
    permissionSets,
    accountNumber: new Map(accounts.map((one, number) => [one.accountId, number])),
    permissionSetNumber: new Map(
      permissionSets.map((one, number) => [one.permissionSetArn, number]),
    ),
    accountsInReach: maskWhere(accounts, accountInReach),
    permissionSetsInReach: maskWhere(permissionSets, permissionSetInReach),
  }
}

function numbersOf(numbered: Numbered, target: Target) {
  return {
    account: numbered.accountNumber.get(target.accountId) ?? null,
    permissionSet: numbered.permissionSetNumber.get(target.permissionSetArn) ?? null,
  }
}

function targetMasker({ accounts, accountNumber }: Numbered): (targets: PolicyTargets) => Mask {
  const everything = maskWhere(accounts, () => true)
  const inUnit = new Map<string, Mask>()
  const put = (unit: string, number: number) => {
    const mask = inUnit.get(unit) ?? emptyMask(accounts.length)
    inUnit.set(unit, mask)
    set(mask, number)
  }
  for (const [number, { ouPath }] of accounts.entries()) {
    for (const ouId of ouPath) put(`subtree ${ouId}`, number)
    const parent = ouPath.at(-1)
    if (parent !== undefined) put(`children ${parent}`, number)
  }
  return (targets) => {
    if (targets.root) return everything
    const mask = emptyMask(accounts.length)
    for (const accountId of targets.accounts) {
      const number = accountNumber.get(accountId)
      if (number !== undefined) set(mask, number)
    }
    for (const { id, scope } of targets.organizationalUnits) {
      const unit = inUnit.get(`${scope} ${id}`)
      if (unit) addAll(mask, unit)
    }
    return mask
  }
}

function permissionSetMasker(numbered: Numbered): (entries: readonly string[]) => Mask {
  const { permissionSets, permissionSetNumber } = numbered
  const known = new Map<string, Mask>()
  const maskEntry = (entry: string): Mask => {
    if (!isArn(entry))
      return maskWhere(permissionSets, (one) => matchesNamePattern(entry, one.name))
    const mask = emptyMask(permissionSets.length)
    // What is looked up may be no permission set at all, which finds nothing.
    const number = permissionSetNumber.get(entry as PermissionSetArn)
    if (number !== undefined) set(mask, number)
    return mask
  }
  return (entries) => {
    const mask = emptyMask(permissionSets.length)
    for (const entry of entries) {
      const one = known.get(entry) ?? maskEntry(entry)
      known.set(entry, one)
      addAll(mask, one)
    }
    return mask
  }
}

function basisOf(
  compiled: {
    readonly numbered: Numbered
    readonly approverPolicies: readonly Masked<ApproverPolicy>[]
    readonly enabledMembers: EnabledMembers
  },
  target: Target,
  facts: { requesterId: UserId; atSubmission: NumbersAtSubmission | undefined },
): ApprovalBasis {
  const { enabledMembers, numbered, approverPolicies } = compiled
  const { requesterId, atSubmission } = facts
  const at = numbersOf(numbered, target)
  const matching = approverPolicies.filter(
    (one) => has(one.accounts, at.account) && has(one.permissionSets, at.permissionSet),
  )
  return approvalBasis(keptPolicies(matching.map((one) => one.policy)), {
    requesterId,
    enabledMembers,
    ...(atSubmission ? { atSubmission } : {}),
  })
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

/** What the matching policies add up to for one permission set. */
interface Sum {
  longest: number
  breakGlassLongest: number
  approvalRequired: boolean
  ticketRequired: boolean
  justificationRequired: boolean
}

function listPermissionSets(
  numbered: Numbered,
  atAccount: readonly Masked<EligibilityPolicy>[],
  settings: EligibilitySettings,
): (Omit<EligiblePermissionSet, 'approverCount'> & { readonly number: number })[] {
  const sums: (Sum | undefined)[] = new Array(numbered.permissionSets.length)
  for (const { policy, permissionSets } of atAccount) {
    eachIn(permissionSets, (number) => {
      sums[number] = addPolicy(sums[number], policy)
    })
  }
  return numbered.permissionSets.flatMap((permissionSet, number) => {
    const sum = sums[number]
    if (!sum || !has(numbered.permissionSetsInReach, number)) return []
    return [{ number, permissionSet, terms: termsOf(sum, settings) }]
  })
}

function addPolicy(sum: Sum | undefined, policy: EligibilityPolicy): Sum {
  const minutes = policy.maxDurationMinutes
  const into = sum ?? {
    longest: 0,
    breakGlassLongest: 0,
    approvalRequired: false,
    ticketRequired: false,
    justificationRequired: false,
  }
  into.longest = Math.max(into.longest, minutes)
  if (policy.breakGlass) into.breakGlassLongest = Math.max(into.breakGlassLongest, minutes)
  into.approvalRequired ||= policy.approvalRequired
  into.ticketRequired ||= policy.ticketRequired
  into.justificationRequired ||= policy.justificationRequired
  return into
}

function termsOf(sum: Sum, settings: EligibilitySettings): Terms {
  const cap = settings.maxDurationMinutes
  const breakGlass = sum.breakGlassLongest > 0
  return {
    maxDurationMinutes: Math.min(sum.longest, cap),
    approvalRequired: settings.approvalRequired && sum.approvalRequired,
    ticketRequired: settings.ticketRequired || sum.ticketRequired,
    justificationRequired: settings.justificationRequired || sum.justificationRequired,
    breakGlass,
    breakGlassMaxDurationMinutes: breakGlass ? Math.min(sum.breakGlassLongest, cap) : null,
  }
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

function emptyMask(length: number): Mask {
  return new Uint32Array(Math.ceil(length / 32))
}

function maskWhere<One>(all: readonly One[], holds: (one: One) => boolean): Mask {
  const mask = emptyMask(all.length)
  for (const [number, one] of all.entries()) if (holds(one)) set(mask, number)
  return mask
}

function set(mask: Mask, number: number): void {
  mask[number >>> 5] = (mask[number >>> 5] ?? 0) | (1 << (number & 31))
}

function has(mask: Mask, number: number | null): boolean {
  return number !== null && ((mask[number >>> 5] ?? 0) & (1 << (number & 31))) !== 0
}

function addAll(into: Mask, from: Mask): void {
  for (const [at, word] of from.entries()) into[at] = (into[at] ?? 0) | word
}

function overlap(a: Mask, b: Mask): boolean {
  return a.some((word, at) => (word & (b[at] ?? 0)) !== 0)
}

function eachIn(mask: Mask, visit: (number: number) => void): void {
  for (const [at, word] of mask.entries()) {
    for (let rest = word; rest !== 0; rest &= rest - 1) {
      visit(at * 32 + 31 - Math.clz32(rest & -rest))
    }
  }
}
