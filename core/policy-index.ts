/**
 * Policies and directory by numbers: accounts and permission sets get one each, in the order in
 * which they are listed, and each enabled policy becomes two bit masks, of the accounts it covers
 * and of the permission sets it names. Masks hold everything the directory knows, out of reach or
 * not. The evaluator, the preview of a change and the warnings all rest on it.
 */
import type { EvaluatorFacts } from './evaluator.ts'
import type {
  Account,
  ApproverPolicy,
  EligibilityPolicy,
  PermissionSet,
  PolicyTargets,
} from './facts.ts'
import type { AccountId, PermissionSetArn } from './ids.ts'
import { accountInReach, byNameThenArn, byNameThenId, permissionSetInReach } from './in-reach.ts'
import { addAll, emptyMask, type Mask, maskWhere, set } from './masks.ts'
import { isArn, matchesNamePattern } from './targets.ts'

/** What something matches: every pair of the two is a target. */
export interface Matched {
  readonly accounts: Mask
  readonly permissionSets: Mask
}

export interface Masked<Policy> extends Matched {
  readonly policy: Policy
}

export interface Numbered {
  readonly accounts: readonly Account[]
  readonly permissionSets: readonly PermissionSet[]
  readonly accountNumber: ReadonlyMap<AccountId, number>
  readonly permissionSetNumber: ReadonlyMap<PermissionSetArn, number>
  readonly accountsInReach: Mask
  readonly permissionSetsInReach: Mask
}

export type IndexFacts = Omit<EvaluatorFacts, 'settings'>

/** Whom a policy is for, as one text. */
export type SubjectKey = `user ${string}` | `group ${string}`

export function subjectKey({ type, id }: EligibilityPolicy['subject']): SubjectKey {
  return `${type} ${id}`
}

export interface PolicyIndex {
  readonly numbered: Numbered
  maskEligibility(policy: Pick<EligibilityPolicy, 'targets' | 'permissionSets'>): Matched
  maskApprover(policy: Pick<ApproverPolicy, 'targets' | 'permissionSets'>): Matched
  /** Enabled ones only. */
  readonly bySubject: ReadonlyMap<SubjectKey, readonly Masked<EligibilityPolicy>[]>
  readonly approver: readonly Masked<ApproverPolicy>[]
}

export function indexPolicies(facts: IndexFacts): PolicyIndex {
  const numbered = numberDirectory(facts)
  const maskTargets = targetMasker(numbered)
  const maskSets = permissionSetMasker(numbered)
  const maskEligibility: PolicyIndex['maskEligibility'] = ({ targets, permissionSets }) => ({
    accounts: maskTargets(targets),
    permissionSets: maskSets(permissionSets),
  })
  const maskApprover: PolicyIndex['maskApprover'] = ({ targets, permissionSets }) => ({
    accounts: maskTargets(targets),
    permissionSets: maskSets(permissionSets ?? ['*']),
  })
  const bySubject = new Map<SubjectKey, Masked<EligibilityPolicy>[]>()
  for (const policy of facts.eligibilityPolicies.filter((one) => one.enabled)) {
    const masked = { policy, ...maskEligibility(policy) }
    const subject = subjectKey(policy.subject)
    const others = bySubject.get(subject)
    if (others) others.push(masked)
    else bySubject.set(subject, [masked])
  }
  const approver = facts.approverPolicies
    .filter((one) => one.enabled)
    .map((policy) => ({ policy, ...maskApprover(policy) }))
  return { numbered, maskEligibility, maskApprover, bySubject, approver }
}

function numberDirectory({ directory }: IndexFacts): Numbered {
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
