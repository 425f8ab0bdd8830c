/** What a change of a policy changes, for the event, and whether it widens access. */
import type { ApproverPolicy, PolicyTargets } from './facts.ts'
import type { ApproverDraft, EligibilityDraft } from './policy.ts'

export interface FieldDifference {
  readonly field: string
  /** Absent where the policy is new. */
  readonly before?: unknown
  /** Absent where the policy is deleted. */
  readonly after?: unknown
}

/** Before and after of every field that differs; null where there is no policy. */
export function policyDifference<Draft extends EligibilityDraft | ApproverDraft>(
  before: Draft | null,
  after: Draft | null,
): FieldDifference[] {
  const old = fieldsOf(before)
  const fresh = fieldsOf(after)
  const fields = [...new Set([...old.keys(), ...fresh.keys()])].toSorted()
  return fields
    .filter((field) => !same(old.get(field), fresh.get(field)))
    .map((field) => ({
      field,
      ...(before ? { before: old.get(field) } : {}),
      ...(after ? { after: fresh.get(field) } : {}),
    }))
}

const unlisted = new Set(['id', 'version', 'updatedBy', 'updatedAt', 'warnings'])

function fieldsOf(policy: object | null): Map<string, unknown> {
  return new Map(Object.entries(policy ?? {}).filter(([field]) => !unlisted.has(field)))
}

/** The order of a list, and of an object's members, says nothing in a policy. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => JSON.stringify(sorted(item)))
    return items.toSorted()
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, item]) => [name, sorted(item)] as const)
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1))
}

export const wideningReasons = [
  'created',
  'enabled',
  'subject_changed',
  'targets_widened',
  'permission_sets_widened',
  'longer',
  'approval_lowered',
  'break_glass',
  'approvers_widened',
  'quorum_lowered',
  'exclusive_changed',
] as const

export type WideningReason = (typeof wideningReasons)[number]

/** The field in which the wider part stands. */
export const fieldThatWidens: Readonly<Record<WideningReason, string>> = {
  created: 'enabled',
  enabled: 'enabled',
  subject_changed: 'subject',
  targets_widened: 'targets',
  permission_sets_widened: 'permissionSets',
  longer: 'maxDurationMinutes',
  approval_lowered: 'approvalRequired',
  break_glass: 'breakGlass',
  approvers_widened: 'approverGroups',
  quorum_lowered: 'approvalsRequired',
  exclusive_changed: 'exclusive',
}

/**
 * Why a change widens access (the domain's "Nobody widens for themselves"). In doubt it does: a
 * policy that demanded approval and is gone no longer demands it of those whom another names.
 */
export function eligibilityWidening(
  before: EligibilityDraft | null,
  after: EligibilityDraft | null,
): WideningReason[] {
  const was = before?.enabled ? before : null
  const is = after?.enabled ? after : null
  if (!is) return was?.approvalRequired ? ['approval_lowered'] : []
  if (!was) return [before ? 'enabled' : 'created']
  const reasons: [WideningReason, boolean][] = [
    ['subject_changed', !same(was.subject, is.subject)],
    ['targets_widened', targetsAdded(was.targets, is.targets)],
    ['permission_sets_widened', added(was.permissionSets, is.permissionSets)],
    ['longer', is.maxDurationMinutes > was.maxDurationMinutes],
    ['approval_lowered', was.approvalRequired && (!is.approvalRequired || reachesLess(was, is))],
    ['break_glass', is.breakGlass && !was.breakGlass],
  ]
  return reasons.filter(([, holds]) => holds).map(([reason]) => reason)
}

function reachesLess(was: EligibilityDraft, is: EligibilityDraft): boolean {
  return (
    !same(was.subject, is.subject) ||
    targetsAdded(is.targets, was.targets) ||
    added(is.permissionSets, was.permissionSets)
  )
}

/**
 * An approver policy lets people decide, and may hold others off or demand more of them; so one
 * that reaches further widens by the first, and one that reaches less by the second.
 */
export function approverWidening(
  before: ApproverDraft | null,
  after: ApproverDraft | null,
): WideningReason[] {
  const was = before?.enabled ? before : null
  const is = after?.enabled ? after : null
  if (!was && !is) return []
  if (!was) return [before ? 'enabled' : 'created']
  if (!is) return demands(was) ? ['approval_lowered'] : []
  const setsChanged = !same(was.permissionSets, is.permissionSets)
  const targetsChanged = !same(was.targets, is.targets)
  const reasons: [WideningReason, boolean][] = [
    ['targets_widened', targetsChanged && (demands(was) || targetsAdded(was.targets, is.targets))],
    ['permission_sets_widened', setsChanged && (demands(was) || setsAdded(was, is))],
    ['approvers_widened', added(was.approverGroups, is.approverGroups)],
    ['quorum_lowered', is.approvalsRequired < was.approvalsRequired],
    ['exclusive_changed', is.exclusive !== was.exclusive],
  ]
  return reasons.filter(([, holds]) => holds).map(([reason]) => reason)
}

function demands(policy: Pick<ApproverPolicy, 'exclusive' | 'approvalsRequired'>): boolean {
  return policy.exclusive || policy.approvalsRequired >= 2
}

function setsAdded(was: ApproverDraft, is: ApproverDraft): boolean {
  if (was.permissionSets === null) return false
  return is.permissionSets === null || added(was.permissionSets, is.permissionSets)
}

function added(before: readonly string[], after: readonly string[]): boolean {
  const old = new Set(before)
  return after.some((one) => !old.has(one))
}

/** By what is written, not by whom it reaches today: the directory changes under a policy. */
function targetsAdded(before: PolicyTargets, after: PolicyTargets): boolean {
  if (before.root) return false
  const units = (targets: PolicyTargets) =>
    targets.organizationalUnits.map(({ id, scope }) => `${id} ${scope}`)
  const oldUnits = [
    ...units(before),
    ...units(before).map((one) => one.replace(/subtree$/, 'children')),
  ]
  return after.root || added(before.accounts, after.accounts) || added(oldUnits, units(after))
}
