/**
 * A refusal is thrown once, by an operation or by the house of HTTP, and mapped once, to problem+json.
 * What a person may not see is 404, what they may see and not do is 403, a state that forbids it is 409.
 */
import type { Refusal, RefusalCode as RuleCode } from '#core/refusals.ts'

/** What only the house says; the rules know nothing of it. */
export const houseCodes = [
  'unauthenticated',
  'csrf',
  'method_not_allowed',
  'too_large',
  'unsupported_media_type',
  'idempotency_key_reused',
  'in_progress',
  'internal',
  'unavailable',
] as const

export type RefusalCode = RuleCode | (typeof houseCodes)[number]

interface Answer {
  readonly status: number
  readonly title: string
}

const answers: Record<RefusalCode, Answer> = {
  malformed: { status: 400, title: 'The request could not be understood' },

  unauthenticated: { status: 401, title: 'Sign in first' },
  person_disabled: { status: 401, title: 'This person is disabled in the directory' },

  csrf: { status: 403, title: 'This did not come from a page of TEAM' },
  not_allowed: { status: 403, title: 'You may not do this' },
  not_eligible: { status: 403, title: 'You are not eligible for this access' },
  out_of_reach: { status: 403, title: 'TEAM cannot give access there' },
  own_request: { status: 403, title: 'Somebody else must decide on your own request' },
  break_glass_not_allowed: { status: 403, title: 'Break-glass is not allowed here' },
  extension_not_allowed: { status: 403, title: 'Extensions are not allowed here' },
  own_proposal: { status: 403, title: 'Another administrator must decide on your own proposal' },
  own_key: { status: 403, title: 'Another administrator must hand over your own access' },
  own_record: { status: 403, title: 'Somebody else must erase what is kept of you' },
  not_administrator_yourself: { status: 403, title: 'You would no longer be an administrator' },

  not_found: { status: 404, title: 'There is nothing here that you may see' },
  method_not_allowed: { status: 405, title: 'This cannot be done here' },

  already_held: { status: 409, title: 'This access is already held' },
  duplicate_pending: { status: 409, title: 'A request for this is already waiting' },
  too_few_approvers: { status: 409, title: 'Too few people could approve this' },
  already_decided: { status: 409, title: 'This is already decided' },
  already_voted: { status: 409, title: 'You have already decided on this' },
  not_pending: { status: 409, title: 'This request is not waiting for approval' },
  no_longer_eligible: { status: 409, title: 'The requester may no longer have this access' },
  approvals_no_longer_suffice: { status: 409, title: 'More approvals are needed by now' },
  review_overdue: { status: 409, title: 'A review of break-glass access is overdue' },
  notice_not_resendable: { status: 409, title: 'This notice cannot be sent again' },
  nothing_to_review: { status: 409, title: 'There is nothing to review' },
  already_reviewed: { status: 409, title: 'This is already reviewed' },
  not_granted_yet: { status: 409, title: 'This is not granted yet' },
  not_active_yet: { status: 409, title: 'This access is not active yet' },
  already_active: { status: 409, title: 'This access is already active' },
  already_ending: { status: 409, title: 'This access is already ending' },
  already_over: { status: 409, title: 'This is already over' },
  extension_pending: { status: 409, title: 'An extension is already waiting' },
  already_extended: { status: 409, title: 'This is already extended' },
  not_held: { status: 409, title: 'TEAM does not hold this key' },
  call_in_flight: { status: 409, title: 'A call to AWS is in flight' },
  key_unsettled: { status: 409, title: 'A call of unknown outcome may still land' },
  not_late: { status: 409, title: 'Nothing is late here' },
  already_acknowledged: { status: 409, title: 'This is already acknowledged' },
  session_log_off: { status: 409, title: 'No source of session logs is set' },
  never_granted: { status: 409, title: 'This access was never given' },
  not_waiting: { status: 409, title: 'This refresh waits for no word' },
  too_many_saved_requests: { status: 409, title: 'There are too many saved requests' },
  under_legal_hold: { status: 409, title: 'A legal hold keeps this' },
  record_in_use: { status: 409, title: 'What is kept of this person is still needed' },
  already_released: { status: 409, title: 'This hold is already released' },
  too_many_tokens: { status: 409, title: 'There are too many tokens' },
  no_administrator_left: { status: 409, title: 'At least one administrator must remain' },
  too_few_administrators: { status: 409, title: 'Too few administrators for this' },
  author_not_administrator: {
    status: 409,
    title: 'Who proposed this is no longer an administrator',
  },
  proposal_expired: { status: 409, title: 'Nobody decided on this proposal in time' },
  ends_live_grants: { status: 409, title: 'This would end live access' },
  in_progress: { status: 409, title: 'The same request is still being answered' },

  version_conflict: { status: 412, title: 'Somebody else changed this in the meantime' },
  too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'Send JSON' },

  targets_empty: { status: 422, title: 'Nothing is asked for' },
  too_many_targets: { status: 422, title: 'Too many targets in one submission' },
  duplicate_target: { status: 422, title: 'The same target is named twice' },
  duration_malformed: { status: 422, title: 'The duration is not a whole number of minutes' },
  duration_too_long: { status: 422, title: 'The duration is longer than allowed' },
  chain_too_long: { status: 422, title: 'All extensions together would last too long' },
  start_malformed: { status: 422, title: 'The start is not a time' },
  start_too_far: { status: 422, title: 'The start is too far ahead' },
  text_malformed: { status: 422, title: 'A text has characters or a length not allowed' },
  ticket_required: { status: 422, title: 'A ticket is required' },
  ticket_malformed: { status: 422, title: 'The ticket does not have the form asked for' },
  comment_required: { status: 422, title: 'A comment is required' },
  out_of_range: { status: 422, title: 'A value is out of range' },
  duplicate: { status: 422, title: 'Something is named twice' },
  required: { status: 422, title: 'Something required is missing' },
  ticket_example_unfit: { status: 422, title: 'The example does not fit the ticket pattern' },
  ticket_template_malformed: { status: 422, title: 'The address of tickets cannot be used' },
  pattern_malformed: { status: 422, title: 'A pattern is malformed' },
  scope_not_allowed: { status: 422, title: 'Such a token may not have this scope' },
  network_malformed: { status: 422, title: 'This is no address and no range of addresses' },
  expiry_out_of_range: { status: 422, title: 'A token must expire, and sooner than this' },
  log_location_malformed: { status: 422, title: 'This is no place of session logs' },
  secret_beside_widening: { status: 422, title: 'A secret cannot wait in a proposal' },
  slack_secret_while_on: { status: 422, title: 'Slack is on' },
  unknown_setting: { status: 422, title: 'There is no such setting' },
  unknown_id: { status: 422, title: 'The directory does not know this' },
  unknown_group: { status: 422, title: 'There is no such group' },
  idempotency_key_reused: { status: 422, title: 'This idempotency key had another body' },

  version_required: { status: 428, title: 'Say which version you change' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong in TEAM' },
  unconfirmed_with_aws: { status: 503, title: 'AWS could not be asked' },
  unavailable: { status: 503, title: 'TEAM cannot answer now' },
}

export function statusOf(code: RefusalCode): number {
  return answers[code].status
}

export function titleOf(code: RefusalCode): string {
  return answers[code].title
}

export interface FieldError {
  /** Dotted, as in the body: `targets.0.accountId`. */
  readonly field: string
  readonly code: string
  readonly message: string
}

export type RefusalParams = Readonly<Record<string, unknown>>

interface RefusalDetails {
  /** What is wrong and what to do next, in words; never a secret, never a stack. */
  readonly detail?: string
  readonly params?: RefusalParams
  readonly errors?: readonly FieldError[]
  /** Where the code's own status would not be true: nobody sent If-Match with a proposal's version. */
  readonly status?: number
}

export class Refused extends Error {
  readonly code: RefusalCode
  readonly params: RefusalParams
  readonly errors: readonly FieldError[]
  readonly status: number

  constructor(code: RefusalCode, details: RefusalDetails = {}) {
    super(details.detail ?? `${titleOf(code)}.`)
    this.name = 'Refused'
    this.code = code
    this.params = details.params ?? {}
    this.errors = details.errors ?? []
    this.status = details.status ?? statusOf(code)
  }
}

/** What a rule refused, to be thrown by the operation that asked it. */
export function refusedBy(refusal: Refusal, detail?: string): Refused {
  const message = detail ?? `${titleOf(refusal.code)}.`
  const errors =
    refusal.field === null ? [] : [{ field: refusal.field, code: refusal.code, message }]
  return new Refused(refusal.code, { detail: message, params: refusal.params, errors })
}
