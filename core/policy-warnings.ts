/** What an administrator should know of a policy as the directory stands now; it stays valid. */

import type { PolicyTargets, WholeDirectory } from './facts.ts'
import type { PermissionSetArn } from './ids.ts'
import { accountInReach, permissionSetInReach } from './in-reach.ts'
import type { ApproverDraft, EligibilityDraft } from './policy.ts'
import type { Params } from './refusals.ts'
import type { Settings } from './settings.ts'
import { coveredBy, isArn, matchesNamePattern, namedBy } from './targets.ts'

export const warningCodes = [
  'subject_deleted',
  'subject_disabled',
  'subject_empty',
  'account_deleted',
  'account_out_of_reach',
  'organizational_unit_deleted',
  'permission_set_deleted',
  'permission_set_out_of_reach',
  'pattern_matches_nothing',
  'matches_no_account',
  'matches_no_permission_set',
  'duration_capped',
  'approver_group_deleted',
  'approver_group_empty',
  'quorum_out_of_reach',
  'same_as',
  'covered_by',
  'covers',
  'set_aside',
  'too_few_approvers',
] as const

export interface PolicyWarning {
  readonly code: (typeof warningCodes)[number]
  readonly params: Params
  readonly field: string
}

export function eligibilityWarnings(
  policy: EligibilityDraft,
  directory: WholeDirectory,
  settings: Pick<Settings, 'maxDurationMinutes'>,
): PolicyWarning[] {
  const max = settings.maxDurationMinutes
  return [
    ...subjectWarnings(policy.subject, directory),
    ...targetWarnings(policy.targets, directory),
    ...permissionSetWarnings(policy.permissionSets, directory),
    ...(policy.maxDurationMinutes > max
      ? [warn('duration_capped', { max }, 'maxDurationMinutes')]
      : []),
  ]
}

export function approverWarnings(
  policy: ApproverDraft,
  directory: WholeDirectory,
): PolicyWarning[] {
  return [
    ...targetWarnings(policy.targets, directory),
    ...permissionSetWarnings(policy.permissionSets ?? ['*'], directory),
    ...approverGroupWarnings(policy, directory),
  ]
}

function warn(code: PolicyWarning['code'], params: Params, field: string): PolicyWarning {
  return { code, params, field }
}

function subjectWarnings(
  subject: EligibilityDraft['subject'],
  directory: WholeDirectory,
): PolicyWarning[] {
  const { id } = subject
  if (subject.type === 'user') {
    const user = directory.users.get(subject.id)
    if (!user) return [warn('subject_deleted', { id }, 'subject')]
    return user.enabled ? [] : [warn('subject_disabled', { id }, 'subject')]
  }
  if (!directory.groupIds.has(subject.id)) return [warn('subject_deleted', { id }, 'subject')]
  const members = directory.enabledMembers.get(subject.id)?.size ?? 0
  return members > 0 ? [] : [warn('subject_empty', { id }, 'subject')]
}

function targetWarnings(targets: PolicyTargets, directory: WholeDirectory): PolicyWarning[] {
  const named = targets.accounts.flatMap((accountId, i) => {
    const field = `targets.accounts.${i}`
    const account = directory.accounts.get(accountId)
    if (!account) return [warn('account_deleted', { accountId }, field)]
    return accountInReach(account) ? [] : [warn('account_out_of_reach', { accountId }, field)]
  })
  const units = targets.organizationalUnits.flatMap(({ id }, i) => {
    const field = `targets.organizationalUnits.${i}`
    return directory.ouIds.has(id) ? [] : [warn('organizational_unit_deleted', { id }, field)]
  })
  const matches = [...directory.accounts.values()].some((account) => {
    return accountInReach(account) && coveredBy(targets, account) !== null
  })
  return [...named, ...units, ...(matches ? [] : [warn('matches_no_account', {}, 'targets')])]
}

function permissionSetWarnings(
  entries: readonly string[],
  directory: WholeDirectory,
): PolicyWarning[] {
  const permissionSets = [...directory.permissionSets.values()]
  const each = entries.flatMap((entry, i) => {
    const field = `permissionSets.${i}`
    if (!isArn(entry)) {
      const matches = permissionSets.some((one) => matchesNamePattern(entry, one.name))
      return matches ? [] : [warn('pattern_matches_nothing', { pattern: entry }, field)]
    }
    // What is looked up may be no permission set at all, which finds nothing.
    const known = directory.permissionSets.get(entry as PermissionSetArn)
    if (!known) return [warn('permission_set_deleted', { permissionSetArn: entry }, field)]
    if (permissionSetInReach(known)) return []
    return [warn('permission_set_out_of_reach', { permissionSetArn: entry }, field)]
  })
  const matches = permissionSets.some((one) => {
    return permissionSetInReach(one) && namedBy(entries, one) !== null
  })
  return [...each, ...(matches ? [] : [warn('matches_no_permission_set', {}, 'permissionSets')])]
}

function approverGroupWarnings(policy: ApproverDraft, directory: WholeDirectory): PolicyWarning[] {
  const each = policy.approverGroups.flatMap((groupId, i) => {
    const field = `approverGroups.${i}`
    if (!directory.groupIds.has(groupId))
      return [warn('approver_group_deleted', { groupId }, field)]
    const members = directory.enabledMembers.get(groupId)?.size ?? 0
    return members > 0 ? [] : [warn('approver_group_empty', { groupId }, field)]
  })
  const people = new Set(
    policy.approverGroups.flatMap((groupId) => [...(directory.enabledMembers.get(groupId) ?? [])]),
  )
  const { approvalsRequired: needed } = policy
  if (people.size >= needed) return each
  const params = { needed, available: people.size }
  return [...each, warn('quorum_out_of_reach', params, 'approvalsRequired')]
}
