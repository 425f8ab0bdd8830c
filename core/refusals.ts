/**
 * Every reason for which TEAM says no, by a stable code. The rules return them as values; the
 * HTTP layer maps each to a status, the web UI to words. Codes are added, never renamed.
 */
export const refusalCodes = [
  // Who asks.
  'not_found',
  'not_allowed',
  'person_disabled',
  'unconfirmed_with_aws',
  'rate_limited',
  // Eligibility and targets.
  'not_eligible',
  'out_of_reach',
  'targets_empty',
  'too_many_targets',
  'duplicate_target',
  'already_held',
  'duplicate_pending',
  // What is asked for.
  'duration_malformed',
  'duration_too_long',
  'start_malformed',
  'start_too_far',
  'text_malformed',
  'ticket_required',
  'ticket_malformed',
  'comment_required',
  // Approval.
  'too_few_approvers',
  'own_request',
  'already_decided',
  'already_voted',
  'not_pending',
  'no_longer_eligible',
  'approvals_no_longer_suffice',
  // Break-glass and review.
  'break_glass_not_allowed',
  'review_overdue',
  'nothing_to_review',
  'notice_not_resendable',
  'already_reviewed',
  // The life of a request.
  'not_granted_yet',
  'not_active_yet',
  'already_active',
  'already_ending',
  'already_over',
  'extension_not_allowed',
  'extension_pending',
  'already_extended',
  'chain_too_long',
  // Keys of the ledger.
  'not_held',
  'call_in_flight',
  'key_unsettled',
  'not_late',
  'already_acknowledged',
  // Session logs.
  'session_log_off',
  'never_granted',
  'log_location_malformed',
  // A directory refresh that is held.
  'not_waiting',
  // Saved requests.
  'too_many_saved_requests',
  // What is kept of people.
  'own_record',
  'under_legal_hold',
  'record_in_use',
  'already_released',
  // API tokens.
  'too_many_tokens',
  'scope_not_allowed',
  'network_malformed',
  'expiry_out_of_range',
  // Policies and settings.
  'out_of_range',
  'malformed',
  'duplicate',
  'required',
  'pattern_malformed',
  'ticket_example_unfit',
  'ticket_template_malformed',
  'unknown_setting',
  'unknown_group',
  'unknown_id',
  'no_administrator_left',
  'not_administrator_yourself',
  'too_few_administrators',
  'own_proposal',
  'own_key',
  'author_not_administrator',
  'proposal_expired',
  'secret_beside_widening',
  'slack_secret_while_on',
  'ends_live_grants',
  'version_conflict',
  'version_required',
] as const

export type RefusalCode = (typeof refusalCodes)[number]

export type ParamValue = string | number | boolean | null | readonly string[]

export type Params = Readonly<Record<string, ParamValue>>

export interface Refusal {
  readonly code: RefusalCode
  readonly params: Params
  /** The field of the body that must change; null if no field is to blame. */
  readonly field: string | null
}

export function refusal(code: RefusalCode, params: Params = {}, field: string | null = null) {
  return { code, params, field } satisfies Refusal
}
