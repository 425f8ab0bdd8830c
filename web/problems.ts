/** The server's codes in words. A code that has no words yet shows the server's own sentence. */
import type { SchemaCode } from '#contract/common.ts'
import type { Failure } from './api.ts'
import type { StringKey, Translate, Values } from './i18n.tsx'
import { durationText } from './time.ts'

type Params = Readonly<Record<string, unknown>>
type CodeKey = Extract<StringKey, `code.${string}`>

/** Every code that has words; a key more or less is a type error. */
const plainKeys = {
  unexpected: 'code.unexpected',
  unreachable: 'code.unreachable',
  signed_out: 'code.signed_out',
  unauthenticated: 'code.unauthenticated',
  csrf: 'code.csrf',
  method_not_allowed: 'code.method_not_allowed',
  too_large: 'code.too_large',
  unsupported_media_type: 'code.unsupported_media_type',
  idempotency_key_reused: 'code.idempotency_key_reused',
  in_progress: 'code.in_progress',
  internal: 'code.internal',
  unavailable: 'code.unavailable',
  not_found: 'code.not_found',
  not_allowed: 'code.not_allowed',
  person_disabled: 'code.person_disabled',
  unconfirmed_with_aws: 'code.unconfirmed_with_aws',
  rate_limited: 'code.rate_limited',
  not_eligible: 'code.not_eligible',
  out_of_reach: 'code.out_of_reach',
  targets_empty: 'code.targets_empty',
  too_many_targets: 'code.too_many_targets',
  duplicate_target: 'code.duplicate_target',
  already_held: 'code.already_held',
  duplicate_pending: 'code.duplicate_pending',
  duration_malformed: 'code.duration_malformed',
  duration_too_long: 'code.duration_too_long',
  start_malformed: 'code.start_malformed',
  start_too_far: 'code.start_too_far',
  text_malformed: 'code.text_malformed',
  ticket_required: 'code.ticket_required',
  ticket_malformed: 'code.ticket_malformed',
  comment_required: 'code.comment_required',
  too_few_approvers: 'code.too_few_approvers',
  own_request: 'code.own_request',
  already_decided: 'code.already_decided',
  already_voted: 'code.already_voted',
  not_pending: 'code.not_pending',
  no_longer_eligible: 'code.no_longer_eligible',
  approvals_no_longer_suffice: 'code.approvals_no_longer_suffice',
  break_glass_not_allowed: 'code.break_glass_not_allowed',
  review_overdue: 'code.review_overdue',
  nothing_to_review: 'code.nothing_to_review',
  notice_not_resendable: 'code.notice_not_resendable',
  already_reviewed: 'code.already_reviewed',
  not_granted_yet: 'code.not_granted_yet',
  not_active_yet: 'code.not_active_yet',
  already_active: 'code.already_active',
  already_ending: 'code.already_ending',
  already_over: 'code.already_over',
  extension_not_allowed: 'code.extension_not_allowed',
  extension_pending: 'code.extension_pending',
  already_extended: 'code.already_extended',
  chain_too_long: 'code.chain_too_long',
  not_held: 'code.not_held',
  call_in_flight: 'code.call_in_flight',
  key_unsettled: 'code.key_unsettled',
  not_late: 'code.not_late',
  already_acknowledged: 'code.already_acknowledged',
  own_record: 'code.own_record',
  under_legal_hold: 'code.under_legal_hold',
  record_in_use: 'code.record_in_use',
  already_released: 'code.already_released',
  session_log_off: 'code.session_log_off',
  never_granted: 'code.never_granted',
  log_location_malformed: 'code.log_location_malformed',
  not_waiting: 'code.not_waiting',
  too_many_saved_requests: 'code.too_many_saved_requests',
  too_many_tokens: 'code.too_many_tokens',
  scope_not_allowed: 'code.scope_not_allowed',
  network_malformed: 'code.network_malformed',
  expiry_out_of_range: 'code.expiry_out_of_range',
  out_of_range: 'code.out_of_range',
  malformed: 'code.malformed',
  duplicate: 'code.duplicate',
  required: 'code.required',
  ticket_example_unfit: 'code.ticket_example_unfit',
  ticket_template_malformed: 'code.ticket_template_malformed',
  pattern_malformed: 'code.pattern_malformed',
  unknown_setting: 'code.unknown_setting',
  unknown_id: 'code.unknown_id',
  unknown_group: 'code.unknown_group',
  no_administrator_left: 'code.no_administrator_left',
  not_administrator_yourself: 'code.not_administrator_yourself',
  too_few_administrators: 'code.too_few_administrators',
  own_proposal: 'code.own_proposal',
  own_key: 'code.own_key',
  author_not_administrator: 'code.author_not_administrator',
  proposal_expired: 'code.proposal_expired',
  secret_beside_widening: 'code.secret_beside_widening',
  slack_secret_while_on: 'code.slack_secret_while_on',
  ends_live_grants: 'code.ends_live_grants',
  version_conflict: 'code.version_conflict',
  version_required: 'code.version_required',
} as const satisfies Readonly<Record<string, CodeKey>>

export type WordedCode = keyof typeof plainKeys

export const wordedCodes: readonly string[] = Object.keys(plainKeys)

export function isWorded(code: string): code is WordedCode {
  return Object.hasOwn(plainKeys, code)
}

interface Wording {
  readonly key: CodeKey
  readonly values?: Values
}

/** A closer wording, where the parameters that came along allow one. */
function closerWording(code: string, params: Params, t: Translate): Wording | null {
  switch (code) {
    case 'not_eligible':
      return byChoice(params.failed ?? params.failedPart, {
        subject: 'code.not_eligible.subject',
        account: 'code.not_eligible.account',
        permissionSet: 'code.not_eligible.permissionSet',
        breakGlass: 'code.not_eligible.breakGlass',
      })
    case 'out_of_reach':
      return byChoice(params.reason, {
        management_account: 'code.out_of_reach.management_account',
        account_not_active: 'code.out_of_reach.account_not_active',
        in_management_account: 'code.out_of_reach.in_management_account',
      })
    case 'duration_too_long': {
      const max = params.maxDurationMinutes
      if (typeof max !== 'number') return null
      return { key: 'code.duration_too_long.max', values: { duration: durationText(max, t) } }
    }
    case 'break_glass_not_allowed':
      return byChoice(params.reason, {
        scheduled: 'code.break_glass_not_allowed.scheduled',
        own_widening: 'code.break_glass_not_allowed.own_widening',
      })
    case 'chain_too_long': {
      const left = params.leftMinutes
      if (typeof left !== 'number') return null
      if (left < 1) return { key: 'code.chain_too_long.full' }
      return { key: 'code.chain_too_long.left', values: { duration: durationText(left, t) } }
    }
    case 'start_too_far': {
      const days = params.furthestStartDays
      return typeof days === 'number' ? { key: 'code.start_too_far.max', values: { days } } : null
    }
    case 'ends_live_grants': {
      const { count } = params
      return typeof count === 'number'
        ? { key: 'code.ends_live_grants.count', values: { count } }
        : null
    }
    case 'version_conflict':
      return byChoice(params.reason, { proposal_stale: 'code.version_conflict.proposal' })
    case 'text_malformed':
      return textWording(params)
    case 'ticket_malformed': {
      const { pattern, example } = params
      if (typeof example === 'string') {
        return { key: 'code.ticket_malformed.example', values: { example } }
      }
      if (typeof pattern !== 'string') return null
      return { key: 'code.ticket_malformed.pattern', values: { pattern } }
    }
    case 'ticket_template_malformed':
      return byChoice(params.reason, {
        place: 'code.ticket_template_malformed.place',
        address: 'code.ticket_template_malformed.address',
        https: 'code.ticket_template_malformed.https',
        host: 'code.ticket_template_malformed.host',
      })
    default:
      return null
  }
}

function byChoice(choice: unknown, keys: Readonly<Record<string, CodeKey>>): Wording | null {
  const key = typeof choice === 'string' && Object.hasOwn(keys, choice) ? keys[choice] : undefined
  return key ? { key } : null
}

function textWording(params: Params): Wording | null {
  const { reason, character, charactersMax } = params
  if (reason === 'empty') return { key: 'code.text_malformed.empty' }
  if (reason === 'line_break') return { key: 'code.text_malformed.line_break' }
  if (reason === 'too_long' && typeof charactersMax === 'number') {
    return { key: 'code.text_malformed.too_long', values: { max: charactersMax } }
  }
  if (typeof character !== 'string' || character === '') return null
  if (reason === 'look_alike') {
    return { key: 'code.text_malformed.look_alike', values: { character } }
  }
  return { key: 'code.text_malformed.character', values: { character } }
}

export function wordCode(
  code: string,
  params: Params,
  t: Translate,
  fallback: string = code,
): string {
  const closer = closerWording(code, params, t)
  if (closer) return t(closer.key, closer.values)
  return isWorded(code) ? t(plainKeys[code]) : fallback
}

/** Nothing was recorded, and the same word may be heard the next time. */
export function mayHelpAgain(failure: Failure): boolean {
  return failure.kind === 'unreachable' || (failure.kind === 'problem' && failure.status >= 500)
}

export function wordFailure(failure: Failure, t: Translate): string {
  if (failure.kind !== 'problem') return t(plainKeys[failure.kind])
  return wordCode(failure.code, failure.params, t, failure.detail || failure.code)
}

/** The server's word on one field of a form: `targets.0` belongs to `targets`. */
export function wordField(failure: Failure | null, field: string, t: Translate): string | null {
  if (failure?.kind !== 'problem') return null
  const found = failure.fields.find(
    (error) => error.field === field || error.field.startsWith(`${field}.`),
  )
  if (!found) return null
  if (isSchemaCode(found.code)) return t(schemaKeys[found.code])
  const params = found.code === failure.code ? failure.params : {}
  return wordCode(found.code, params, t, found.message)
}

/** What the schemas of the contract say of a value: forms that TEAM shows let few of these happen. */
const schemaKeys: Readonly<Record<SchemaCode, Extract<StringKey, `field.${string}`>>> = {
  too_big: 'field.tooBig',
  too_small: 'field.tooSmall',
  invalid_type: 'field.unfit',
  invalid_format: 'field.unfit',
  invalid_value: 'field.unfit',
  invalid_key: 'field.unfit',
  invalid_element: 'field.unfit',
  invalid_union: 'field.unfit',
  not_multiple_of: 'field.unfit',
  custom: 'field.unfit',
  unknown_field: 'field.unfit',
}

function isSchemaCode(code: string): code is SchemaCode {
  return Object.hasOwn(schemaKeys, code)
}
