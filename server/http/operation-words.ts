/**
 * Of each operation of the API what no schema says: what it is for in a few words, what it alone
 * may refuse with, and a body worth showing where the derived one says too little. A route may say
 * its `summary` itself; then it needs a row only for its codes.
 */
import type { RefusalCode } from '#server/operations/refused.ts'

export interface OperationWords {
  readonly summary: string
  /** Beside those that every operation of its kind has (describe-operations.ts). */
  readonly codes?: readonly RefusalCode[]
  readonly body?: object
}

const decision: readonly RefusalCode[] = [
  'own_request',
  'already_decided',
  'already_voted',
  'not_pending',
  'no_longer_eligible',
  'approvals_no_longer_suffice',
  'comment_required',
  'text_malformed',
]
const texts: readonly RefusalCode[] = ['text_malformed', 'ticket_required', 'ticket_malformed']
const asking: readonly RefusalCode[] = [
  'not_eligible',
  'out_of_reach',
  'already_held',
  'duplicate_pending',
  'too_few_approvers',
  'duration_malformed',
  'duration_too_long',
  ...texts,
]
const policyCodes: readonly RefusalCode[] = ['ends_live_grants', 'pattern_malformed', ...texts]
const ending: readonly RefusalCode[] = ['already_over', 'already_ending', 'text_malformed']
const nowhere = { accounts: [], organizationalUnits: [], root: false }
const team = '906719f0c4-0d7f3c2e-1f6a-4e0b-8a61-7c2a5b9f4e20'
const person = '906719f0c4-5b1e9a47-6d20-4c83-9f05-1e8d7b36a2c4'
const prod = { ...nowhere, accounts: ['111122223333'] }
const arn = 'arn:aws:sso:::permissionSet/ssoins-722307c1b2d3e4f5/ps-1a2b3c4d5e6f7a8b'
const target = { accountId: '111122223333', permissionSetArn: arn }
const asked = {
  targets: [target],
  durationMinutes: 60,
  justification: 'Looking into the payment backlog',
  ticket: 'OPS-1234',
}
const eligibility = {
  subject: { type: 'group', id: team },
  targets: prod,
  permissionSets: ['ReadOnlyAccess', 'Billing*'],
  maxDurationMinutes: 240,
  approvalRequired: true,
  note: 'Asked for by the payments team',
}
const approver = { targets: prod, approverGroups: [team], approvalsRequired: 2 }
const comment = { comment: 'Seen with the on-call engineer' }

export const operationWords: Readonly<Record<string, OperationWords | undefined>> = {
  'GET /me': { summary: 'Who you are, your roles and your page’s own token' },
  'PATCH /me/preferences': {
    summary: 'Change language, time zone and looks',
    body: { locale: 'ja', timeZone: 'Asia/Tokyo' },
  },
  'POST /me/refresh': { summary: 'Read your status and groups from AWS now' },
  'GET /me/counts': { summary: 'How much waits for you' },
  'GET /eligible-accounts': { summary: 'Accounts you may ask for' },
  'GET /eligible-accounts/{accountId}/permission-sets': {
    summary: 'Permission sets you may ask for in an account, with their terms',
  },
  'POST /requests/preview': { summary: 'Try a submission without making it', body: asked },
  'POST /requests': {
    summary: 'Ask for access to one or more targets',
    codes: [
      ...asking,
      'start_malformed',
      'start_too_far',
      'targets_empty',
      'too_many_targets',
      'duplicate_target',
      'break_glass_not_allowed',
      'review_overdue',
    ],
    body: asked,
  },
  'GET /requests': { summary: 'List requests by view and filter' },
  'GET /requests/export': { summary: 'The same list as a file' },
  'GET /requests/{id}': { summary: 'One request, with what you may do to it' },
  'GET /requests/{id}/events': { summary: 'The request’s part of the audit trail' },
  'GET /requests/{id}/approvers': { summary: 'Who can decide on the request now' },
  'GET /requests/{id}/earlier': { summary: 'What the same person asked for here before' },
  'GET /requests/{id}/session-log': {
    summary: 'What was done with the access, as far as CloudTrail tells',
    codes: ['session_log_off', 'never_granted'],
  },
  'GET /requests/{id}/session-log/{logId}': { summary: 'The records of one asked-for session log' },
  'GET /requests/{id}/session-log/{logId}/export': { summary: 'The same records as a file' },
  'POST /requests/{id}/approve': { summary: 'Approve a request', codes: decision, body: comment },
  'POST /requests/{id}/reject': { summary: 'Reject a request', codes: decision, body: comment },
  'POST /requests/{id}/cancel': {
    summary: 'Cancel your request before it is active',
    codes: ['already_active', ...ending],
    body: comment,
  },
  'POST /requests/{id}/return': {
    summary: 'Give active access back early',
    codes: ['not_active_yet', ...ending],
    body: comment,
  },
  'POST /requests/{id}/revoke': {
    summary: 'End every grant of this person for this target',
    codes: ['not_granted_yet', ...ending],
    body: comment,
  },
  'POST /requests/{id}/extend': {
    summary: 'Ask for more time for active access',
    codes: [...asking, 'extension_not_allowed', 'extension_pending', 'already_extended', ...ending],
    body: { durationMinutes: 30, justification: 'The restore takes longer than planned' },
  },
  'POST /requests/{id}/review': {
    summary: 'Review break-glass access afterwards',
    codes: ['own_request', 'nothing_to_review', 'already_reviewed', 'text_malformed'],
    body: { outcome: 'justified', comment: 'The outage was real, and so was the hurry' },
  },
  'GET /submissions/{id}': { summary: 'The requests of one submission' },
  'POST /submissions/{id}/approve': {
    summary: 'Approve the requests of a submission',
    codes: ['comment_required', 'text_malformed'],
    body: comment,
  },
  'POST /submissions/{id}/reject': {
    summary: 'Reject the requests of a submission',
    codes: ['comment_required', 'text_malformed'],
    body: comment,
  },
  'GET /eligibility-policies': { summary: 'List eligibility policies' },
  'POST /eligibility-policies': {
    summary: 'Make an eligibility policy',
    codes: policyCodes,
    body: eligibility,
  },
  'GET /eligibility-policies/{id}': { summary: 'One eligibility policy' },
  'PUT /eligibility-policies/{id}': {
    summary: 'Replace an eligibility policy',
    codes: policyCodes,
    body: eligibility,
  },
  'DELETE /eligibility-policies/{id}': {
    summary: 'Delete an eligibility policy',
    codes: ['ends_live_grants'],
  },
  'GET /eligibility-policies/{id}/history': { summary: 'Every version of an eligibility policy' },
  'POST /eligibility-policies/preview': { summary: 'Who would gain and lose by such a policy' },
  'GET /approver-policies': { summary: 'List approver policies' },
  'POST /approver-policies': {
    summary: 'Make an approver policy',
    codes: policyCodes,
    body: approver,
  },
  'GET /approver-policies/{id}': { summary: 'One approver policy' },
  'PUT /approver-policies/{id}': {
    summary: 'Replace an approver policy',
    codes: policyCodes,
    body: approver,
  },
  'DELETE /approver-policies/{id}': { summary: 'Delete an approver policy' },
  'GET /approver-policies/{id}/history': { summary: 'Every version of an approver policy' },
  'POST /approver-policies/preview': { summary: 'What such a policy would change' },
  'GET /proposals': { summary: 'Changes that wait for a second administrator' },
  'GET /proposals/{id}': { summary: 'One change that waits, and what it would change' },
  'POST /proposals/{id}/accept': { summary: 'Accept another administrator’s change' },
  'POST /proposals/{id}/refuse': { summary: 'Refuse another administrator’s change' },
  'POST /proposals/{id}/withdraw': { summary: 'Withdraw your own proposed change' },
  'GET /settings': { summary: 'The settings; of secrets only whether they are set' },
  'PATCH /settings': {
    summary: 'Change settings, or set a secret',
    codes: [
      'version_conflict',
      'out_of_range',
      'pattern_malformed',
      'text_malformed',
      'unknown_group',
      'no_administrator_left',
      'not_administrator_yourself',
      'too_few_administrators',
    ],
    body: { maxDurationMinutes: 480, banner: 'Maintenance on Sunday' },
  },
  'POST /settings/test': { summary: 'Send one message by a channel' },
  'GET /directory/users': { summary: 'People of the directory replica' },
  'GET /directory/groups': { summary: 'Groups of the directory replica' },
  'GET /directory/accounts': { summary: 'Accounts of the directory replica' },
  'GET /directory/organizational-units': { summary: 'Organizational units of the replica' },
  'GET /directory/permission-sets': { summary: 'Permission sets of the directory replica' },
  'GET /directory/status': { summary: 'How old the replica is, and what is held' },
  'POST /directory/refresh': { summary: 'Read the directory from AWS now' },
  'POST /directory/refresh/{refreshId}/accept': {
    summary: 'Accept what a held refresh would remove',
    codes: ['not_waiting', 'text_malformed'],
    body: comment,
  },
  'POST /directory/refresh/{refreshId}/discard': {
    summary: 'Discard a held refresh',
    codes: ['not_waiting', 'text_malformed'],
    body: comment,
  },
  'GET /access': { summary: 'Who has, and who could ask for, what' },
  'GET /access/export': { summary: 'The same as a file' },
  'GET /access/explain': { summary: 'Why somebody may ask for a target, or not' },
  'POST /access/look': { summary: 'Read from AWS who has standing access' },
  'GET /access/looks/{id}': { summary: 'How far such a reading has come' },
  'GET /audit/events': { summary: 'The audit trail, newest first' },
  'GET /audit/export': { summary: 'The audit trail as a file' },
  'GET /audit/verify': { summary: 'Compute every hash of the trail again' },
  'GET /audit/usage': { summary: 'How much access was asked for and used' },
  'POST /audit/erasures': {
    summary: 'Erase what is kept of somebody’s words',
    codes: ['own_record', 'under_legal_hold', 'record_in_use', 'text_malformed'],
    body: { userId: person, reason: 'They asked for it: case 4711' },
  },
  'GET /audit/holds': { summary: 'Legal holds, newest first' },
  'POST /audit/holds': {
    summary: 'Keep everything of somebody, or of everybody',
    codes: ['text_malformed'],
    body: { userId: person, reason: 'Investigation 4711' },
  },
  'POST /audit/holds/{id}/release': {
    summary: 'End a legal hold',
    codes: ['already_released', 'text_malformed'],
    body: { reason: 'Investigation 4711 is closed' },
  },
  'GET /reconciler/status': { summary: 'What the engine does, and what is late' },
  'GET /reconciler/keys': { summary: 'What the ledger holds, in flight, unsettled or late' },
  'POST /reconciler/keys/{id}/release': {
    summary: 'Hand an assignment over; nothing is removed',
    codes: ['not_held', 'call_in_flight', 'key_unsettled', 'text_malformed'],
    body: comment,
  },
  'POST /reconciler/keys/{id}/acknowledge': {
    summary: 'Acknowledge the alarm of a late removal',
    codes: ['not_late', 'already_acknowledged', 'text_malformed'],
    body: comment,
  },
  'GET /notices': { summary: 'Notices that did not arrive, newest first' },
  'POST /notices/{id}/resend': { summary: 'Send a notice again' },
  'GET /tokens': { summary: 'List API tokens' },
  'POST /tokens': {
    summary: 'Make an API token; its secret is told once',
    codes: ['too_many_tokens', 'text_malformed', 'network_malformed'],
    body: {
      name: 'Nightly report',
      scopes: ['requests:read'],
      expiresAt: '2026-12-24T00:00:00.000Z',
    },
  },
  'DELETE /tokens/{id}': { summary: 'Revoke an API token' },
  'GET /saved-requests': { summary: 'Your favourites, and templates' },
  'POST /saved-requests': { summary: 'Keep a favourite, or a template for others' },
  'DELETE /saved-requests/{id}': { summary: 'Forget a favourite or a template' },
  'GET /stream': { summary: 'Live changes of what you may see, as server-sent events' },
}
