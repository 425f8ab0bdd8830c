/** What somebody can do who was refused: beside what happened, and that nothing was changed. */
import type { Failure } from './api.ts'
import type { StringKey, Translate } from './i18n.tsx'
import { isWorded, type WordedCode, wordFailure } from './problems.ts'

type RemedyKey = Extract<StringKey, `remedy.${string}`>

/** `said`: the words of the code say it themselves. */
export const remedies: Readonly<Record<WordedCode, RemedyKey | 'said'>> = {
  unexpected: 'said',
  unreachable: 'said',
  signed_out: 'said',
  unauthenticated: 'said',
  csrf: 'said',
  method_not_allowed: 'remedy.reload',
  too_large: 'remedy.correct',
  unsupported_media_type: 'said',
  idempotency_key_reused: 'said',
  in_progress: 'said',
  internal: 'said',
  unavailable: 'said',
  not_found: 'remedy.look',
  not_allowed: 'remedy.administrator',
  person_disabled: 'remedy.administrator',
  unconfirmed_with_aws: 'said',
  rate_limited: 'said',
  not_eligible: 'remedy.target',
  out_of_reach: 'remedy.target',
  targets_empty: 'said',
  too_many_targets: 'said',
  duplicate_target: 'remedy.correct',
  already_held: 'remedy.look',
  duplicate_pending: 'remedy.look',
  duration_malformed: 'said',
  duration_too_long: 'remedy.correct',
  start_malformed: 'said',
  start_too_far: 'remedy.correct',
  text_malformed: 'remedy.correct',
  ticket_required: 'said',
  ticket_malformed: 'remedy.correct',
  comment_required: 'said',
  too_few_approvers: 'remedy.administrator',
  own_request: 'said',
  already_decided: 'remedy.look',
  already_voted: 'said',
  not_pending: 'remedy.look',
  no_longer_eligible: 'remedy.administrator',
  approvals_no_longer_suffice: 'remedy.askAnew',
  break_glass_not_allowed: 'remedy.approval',
  review_overdue: 'said',
  nothing_to_review: 'remedy.look',
  notice_not_resendable: 'remedy.look',
  already_reviewed: 'remedy.look',
  not_granted_yet: 'remedy.wait',
  not_active_yet: 'remedy.wait',
  already_active: 'remedy.look',
  already_ending: 'remedy.look',
  already_over: 'remedy.look',
  extension_not_allowed: 'remedy.askAnew',
  extension_pending: 'remedy.wait',
  already_extended: 'remedy.look',
  chain_too_long: 'remedy.correct',
  not_held: 'remedy.look',
  call_in_flight: 'said',
  key_unsettled: 'said',
  not_late: 'remedy.look',
  already_acknowledged: 'remedy.look',
  own_record: 'said',
  under_legal_hold: 'said',
  record_in_use: 'said',
  already_released: 'remedy.look',
  session_log_off: 'said',
  never_granted: 'remedy.look',
  log_location_malformed: 'said',
  not_waiting: 'remedy.look',
  too_many_saved_requests: 'said',
  too_many_tokens: 'said',
  scope_not_allowed: 'remedy.correct',
  network_malformed: 'said',
  expiry_out_of_range: 'remedy.correct',
  out_of_range: 'remedy.correct',
  malformed: 'remedy.correct',
  duplicate: 'remedy.correct',
  required: 'said',
  ticket_example_unfit: 'said',
  ticket_template_malformed: 'remedy.correct',
  pattern_malformed: 'remedy.correct',
  unknown_setting: 'remedy.reload',
  unknown_id: 'remedy.other',
  unknown_group: 'remedy.other',
  no_administrator_left: 'remedy.other',
  not_administrator_yourself: 'remedy.other',
  too_few_administrators: 'remedy.administratorFirst',
  own_proposal: 'said',
  own_key: 'said',
  author_not_administrator: 'said',
  proposal_expired: 'remedy.proposeAnew',
  secret_beside_widening: 'said',
  slack_secret_while_on: 'said',
  ends_live_grants: 'remedy.confirm',
  version_conflict: 'remedy.compare',
  version_required: 'said',
}

/** Why it was refused, and what to do. */
export function wordRefusal(failure: Failure, t: Translate): string {
  const why = wordFailure(failure, t)
  const code = failure.kind === 'problem' ? failure.code : failure.kind
  const remedy = isWorded(code) ? remedies[code] : 'said'
  return remedy === 'said' ? why : t('word.sentences', { first: why, second: t(remedy) })
}

/** The answer was lost, or TEAM failed under it: what was asked for may have been done. */
export function isUnknown(failure: Failure): boolean {
  if (failure.kind !== 'problem') return failure.kind === 'unreachable'
  return failure.code === 'unexpected' || failure.code === 'internal'
}
