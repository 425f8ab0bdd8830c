/**
 * What a policy must be beyond its shape, what to warn of, and what a change of it changes.
 * Ids that the directory does not know are no mistake but a warning: things get deleted, and a
 * policy that names them must stay editable.
 */
import type { ApproverPolicy, EligibilityPolicy, PolicyTargets } from './facts.ts'
import { fieldText, isBlank } from './fields.ts'
import { type Refusal, refusal } from './refusals.ts'
import { durationMinutesLimit, type Settings } from './settings.ts'
import { isArn } from './targets.ts'
import { checkText, checkTicket } from './text.ts'

export type EligibilityDraft = Omit<EligibilityPolicy, 'id' | 'version'>
export type ApproverDraft = Omit<ApproverPolicy, 'id' | 'version'>
export type PolicySettings = Pick<Settings, 'ticketRequiredForPolicies' | 'ticketPattern'>

export type PolicyVerdict<Draft> =
  | { readonly ok: true; readonly policy: Draft }
  | { readonly ok: false; readonly refusals: readonly Refusal[] }

export const policyLimits = {
  accountsMax: 5_000,
  organizationalUnitsMax: 1_000,
  permissionSetsMax: 2_000,
  approverGroupsMax: 100,
  approvalsRequiredMax: 5,
} as const

export function validateEligibilityPolicy(
  draft: EligibilityDraft,
  settings: PolicySettings,
): PolicyVerdict<EligibilityDraft> {
  const prose = checkProse(draft, settings)
  const refusals = [
    ...(draft.subject.id.trim() === '' ? [refusal('required', {}, 'subject')] : []),
    ...refuseTargets(draft.targets),
    ...refusePermissionSets(draft.permissionSets),
    ...refuseRange('maxDurationMinutes', draft.maxDurationMinutes, durationMinutesLimit),
    ...prose.refusals,
  ]
  if (refusals.length > 0) return { ok: false, refusals }
  return { ok: true, policy: { ...draft, note: prose.note, ticket: prose.ticket } }
}

export function validateApproverPolicy(
  draft: ApproverDraft,
  settings: PolicySettings,
): PolicyVerdict<ApproverDraft> {
  const prose = checkProse(draft, settings)
  const { approvalsRequiredMax, approverGroupsMax } = policyLimits
  const refusals = [
    ...refuseTargets(draft.targets),
    ...(draft.permissionSets === null ? [] : refusePermissionSets(draft.permissionSets)),
    ...refuseList('approverGroups', draft.approverGroups, approverGroupsMax, 1),
    ...refuseRange('approvalsRequired', draft.approvalsRequired, approvalsRequiredMax),
    ...prose.refusals,
  ]
  if (refusals.length > 0) return { ok: false, refusals }
  return { ok: true, policy: { ...draft, note: prose.note, ticket: prose.ticket } }
}

function refuseRange(field: string, value: number, max: number): Refusal[] {
  const good = Number.isSafeInteger(value) && value >= 1 && value <= max
  return good ? [] : [refusal('out_of_range', { min: 1, max }, field)]
}

function refuseTargets({ accounts, organizationalUnits, root }: PolicyTargets): Refusal[] {
  const unitIds = organizationalUnits.map((unit) => unit.id)
  const empty = accounts.length === 0 && organizationalUnits.length === 0 && !root
  const { accountsMax, organizationalUnitsMax } = policyLimits
  return [
    ...(empty ? [refusal('targets_empty', {}, 'targets')] : []),
    ...refuseList('targets.accounts', accounts, accountsMax, 0),
    ...accounts.flatMap((accountId, i) =>
      /^\d{12}$/.test(accountId)
        ? []
        : [refusal('malformed', { expected: 'account_id' }, `targets.accounts.${i}`)],
    ),
    ...refuseList('targets.organizationalUnits', unitIds, organizationalUnitsMax, 0),
    ...unitIds.flatMap((ouId, i) =>
      /^(?:ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32})$/.test(ouId)
        ? []
        : [refusal('malformed', { expected: 'ou_id' }, `targets.organizationalUnits.${i}`)],
    ),
  ]
}

/** Twice the longest name there is, for the stars in between. */
const namePatternCharactersMax = 64
const namePattern = new RegExp(`^[\\w+=,.@*?-]{1,${namePatternCharactersMax}}$`)
const permissionSetArn = /^arn:[a-z0-9-]+:sso:::permissionSet\/[\w.-]{1,64}\/[\w./-]{1,64}$/

function refusePermissionSets(entries: readonly string[]): Refusal[] {
  return [
    ...refuseList('permissionSets', entries, policyLimits.permissionSetsMax, 1),
    ...entries.flatMap((entry, i) => {
      const shape = isArn(entry) ? permissionSetArn : namePattern
      const expected = isArn(entry) ? 'permission_set_arn' : 'name_pattern'
      return shape.test(entry) ? [] : [refusal('malformed', { expected }, `permissionSets.${i}`)]
    }),
  ]
}

function refuseList(field: string, list: readonly string[], max: number, min: 0 | 1): Refusal[] {
  if (list.length < min) return [refusal('required', {}, field)]
  if (list.length > max) return [refusal('out_of_range', { min, max }, field)]
  const seen = new Set<string>()
  return list.flatMap((value, i) => {
    if (seen.has(value)) return [refusal('duplicate', { value }, `${field}.${i}`)]
    seen.add(value)
    return []
  })
}

function checkProse(
  draft: { readonly note: string; readonly ticket: string | null },
  settings: PolicySettings,
) {
  const note = checkNote(draft.note)
  const ticket = checkPolicyTicket(draft.ticket, settings)
  const refusals = [note.refusal, ticket.refusal].filter((one) => one !== null)
  return { note: note.text ?? '', ticket: ticket.text, refusals }
}

function checkNote(input: string) {
  return isBlank(input) ? { text: '', refusal: null } : fieldText('note', checkText(input))
}

/** Held to the pattern only where the setting demands a ticket. */
function checkPolicyTicket(input: string | null, settings: PolicySettings) {
  const pattern = settings.ticketRequiredForPolicies ? settings.ticketPattern : null
  if (input !== null && !isBlank(input)) return fieldText('ticket', checkTicket(input, pattern))
  const missing = settings.ticketRequiredForPolicies
    ? refusal('ticket_required', { pattern }, 'ticket')
    : null
  return { text: null, refusal: missing }
}
