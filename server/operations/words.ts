/**
 * What a refusal says in English: what is wrong, and what to do next. Clients word the code in
 * their own language; this is for those who read the answer itself.
 */
import type { Params, Refusal, RefusalCode } from '#core/refusals.ts'
import { type FieldError, Refused, titleOf } from './refused.ts'

type Words = (params: Params) => string

const words: Partial<Record<RefusalCode, Words>> = {
  unconfirmed_with_aws: () =>
    'AWS could not be asked, so nothing was changed. Try again in a minute.',
  person_disabled: () =>
    'The user is disabled or gone in IAM Identity Center. Ask its administrator.',
  not_eligible: ({ failed }) =>
    `No eligibility policy allows this: ${failedParts[String(failed)] ?? 'nothing matches'}. Choose another target, or ask an administrator for a policy.`,
  out_of_reach: ({ reason }) =>
    `${outOfReach[String(reason)] ?? 'TEAM cannot give access there'}. Choose another target.`,
  too_many_targets: ({ max }) => `At most ${max} targets go into one submission. Split it.`,
  duplicate_target: () => 'The same account and permission set are named twice. Remove one.',
  already_held: () =>
    'You already hold this access outside TEAM, by a direct assignment. Use it, or have it removed first.',
  duplicate_pending: ({ requestId }) =>
    `Your request ${requestId} for the same access is still waiting. Wait for it, or cancel it first.`,
  duration_malformed: () => 'Give the duration in whole minutes, from 1.',
  duration_too_long: ({ maxDurationMinutes }) =>
    `At most ${maxDurationMinutes} minutes are allowed for this access. Ask for less.`,
  start_malformed: () => 'Give the start as ISO 8601 in UTC, such as 2026-11-24T09:00:00.000Z.',
  start_too_far: ({ furthest }) =>
    `The start may be no later than ${furthest}. Choose an earlier one.`,
  text_malformed: ({ reason, character, charactersMax }) =>
    (textFaults[String(reason)] ?? 'The text has something not allowed')
      .replace('{character}', String(character))
      .replace('{max}', String(charactersMax)),
  ticket_required: ({ pattern }) =>
    pattern === null || pattern === undefined
      ? 'Give the ticket under which this is done.'
      : `Give the ticket under which this is done, in the form ${pattern}.`,
  ticket_malformed: ({ pattern, example }) =>
    `A ticket must match ${pattern}${example ? `, such as ${example}` : ''}.`,
  comment_required: () => 'A decision needs a comment here. Say why.',
  too_few_approvers: ({ needed, available }) =>
    `${needed} approval(s) are needed, and ${available} other person(s) could give one. Ask an administrator to add approvers.`,
  own_request: () => 'You asked for this access, so someone else must decide.',
  not_allowed: () => 'You may see this request, but this is for others to do.',
  already_decided: ({ byName, by, at }) =>
    `${byName ?? by} decided this at ${at}. Reload to see the outcome.`,
  already_voted: () => 'Your decision is recorded already. Others must add theirs.',
  not_pending: ({ status }) => `The request is ${status} and waits for nobody. Reload to see it.`,
  no_longer_eligible: () =>
    'The requester may no longer have this access, so the request has failed and nothing was granted. Both of you are told why.',
  approvals_no_longer_suffice: ({ needed, given }) =>
    `The approver policies ask for ${needed} approval(s) by now, and ${given} were given. Ask again.`,
  break_glass_not_allowed: ({ reason }) =>
    `${notBreakGlass[String(reason)] ?? 'Break-glass is not offered here'}. Ask without it.`,
  review_overdue: () =>
    'Your last break-glass access still waits for its review, and that is overdue. Ask an approver to review it, or ask for access without break-glass.',
  notice_not_resendable: ({ state }) =>
    `The notice is ${state}: it is sent anyway, or is not so any more. Nothing needs to be done.`,
  nothing_to_review: () => 'Only break-glass access is reviewed. Nothing needs to be done.',
  already_reviewed: () => 'Somebody has reviewed this already. Reload to see what they said.',
  extension_not_allowed: () => 'Extensions are switched off. Make a new request instead.',
  extension_pending: ({ requestId }) =>
    `Your extension ${requestId} is still waiting. Wait for it, or cancel it first.`,
  already_extended: ({ requestId }) =>
    `This access goes on with ${requestId}. Extend that one once it has begun, or cancel it first.`,
  chain_too_long: ({ leftMinutes, chainMinutesMax }) =>
    Number(leftMinutes) < 1
      ? `With its extensions this access lasts ${chainMinutesMax} minutes, the most that is allowed. Make a new request instead.`
      : `With all extensions access may last ${chainMinutesMax} minutes, so ${leftMinutes} are left. Ask for less.`,
  not_granted_yet: ({ status }) => `The request is ${status}: nothing is granted yet.`,
  not_active_yet: ({ status }) => `The request is ${status}. Cancel it instead.`,
  already_active: () => 'The access is active. Give it back instead.',
  already_ending: () => 'The access is being removed already. Nothing more is needed.',
  already_over: ({ status }) => `The request is ${status} already. Nothing is left to do.`,
  not_held: () => 'The ledger does not hold this key, so there is nothing to hand over.',
  call_in_flight: () =>
    'TEAM has just asked AWS to change this assignment. Try again when AWS has answered.',
  key_unsettled: ({ until }) =>
    `A call of TEAM's may still land${until ? ` until ${until}` : ''}. Try again after that.`,
  not_late: () => 'No removal of this key is late, so there is no alarm to acknowledge.',
  already_acknowledged: ({ by, at }) => `${by} acknowledged this alarm at ${at}.`,
  session_log_off: () =>
    'Session logs are switched off. An administrator can name a source in the settings.',
  never_granted: () => 'The access was never given, so nothing can have been done with it.',
  log_location_malformed: ({ source }) =>
    source === 'cloudwatch_logs'
      ? 'Give the name of a log group, or its ARN, such as arn:aws:logs:us-east-1:111122223333:log-group:organization-trail.'
      : 'Give the ARN of an event data store, such as arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/01234567-89ab-cdef-0123-456789abcdef.',
  not_waiting: () => 'This refresh waits for no word, or a later reading has replaced it.',
  own_record: () => 'Another administrator must erase what is kept of you.',
  under_legal_hold: () =>
    'A legal hold is open for this person or for everybody, so nothing is erased. Release it first.',
  record_in_use: ({ what }) =>
    `${inUse[String(what)] ?? 'Something of this person is still needed'}. Erase when that is over.`,
  already_released: ({ by, at }) => `${by} released this hold at ${at}.`,
  too_many_tokens: ({ max }) => `${max} tokens are alive, the most there may be. Revoke one first.`,
  scope_not_allowed: ({ scope, kind }) =>
    kind === 'service'
      ? `A service token may not have ${scope}: that is for people.`
      : `A token of a person may not have ${scope}: only a service token may.`,
  network_malformed: () => 'Give an address or a CIDR range, such as 203.0.113.0/24.',
  expiry_out_of_range: ({ max }) => `Choose a moment that is to come, no later than ${max}.`,
  out_of_range: ({ min, max }) => `Choose a number from ${min} to ${max}.`,
  malformed: ({ expected }) => `This is not what is expected here (${expected}).`,
  duplicate: ({ value }) => `${value} is named twice. Remove one.`,
  required: () => 'Something is missing here.',
  targets_empty: () => 'Name at least one account or organizational unit, or the root.',
  ticket_example_unfit: ({ example, pattern }) =>
    `The example ${example} does not match the pattern ${pattern}. Change one of the two.`,
  ticket_template_malformed: ({ reason }) =>
    `${templateFaults[String(reason)] ?? 'The address cannot be used'}. Give one such as https://tracker.example.com/browse/{ticket}.`,
  pattern_malformed: ({ reason }) => `The pattern cannot be used (${reason}).`,
  unknown_setting: ({ name }) => `There is no setting ${name}.`,
  too_many_saved_requests: ({ max }) => `At most ${max} are kept. Delete one first.`,
  unknown_group: ({ groupId }) => `The directory knows no group ${groupId}.`,
  unknown_id: ({ id }) => `The directory knows no ${id}. Refresh it if that is new.`,
  no_administrator_left: () =>
    'That group has no enabled member. Choose one that has, yourself among them.',
  not_administrator_yourself: () =>
    'You are not in that group, so you would lock yourself out. Join it first.',
  too_few_administrators: ({ needed }) =>
    `Another administrator can only be demanded while ${needed} are enabled. Add one first.`,
  own_proposal: () =>
    'You proposed this, so another administrator must accept or refuse it. You may withdraw it.',
  own_key: () =>
    'This access is yours, so another administrator must say that it stays. Ending it is always yours to do.',
  author_not_administrator: () =>
    'Who proposed this is no longer an enabled administrator. Refuse it, and propose it yourself if it is right.',
  proposal_expired: ({ expiresAt }) =>
    `Nobody decided by ${expiresAt}, so it is void. Propose it anew.`,
  secret_beside_widening: () =>
    'The other changes must wait for another administrator, and a secret must not. Save the secret apart.',
  slack_secret_while_on: () =>
    'Whoever has this secret can decide in the name of others, so Slack must be off while it is set. Turn it off, set the secret, then turn it on again: another administrator accepts that.',
  ends_live_grants: ({ count, confirmed }) =>
    `This would end ${count} live grants${confirmed === null ? '' : `, and not ${confirmed}`}. Look at their list, and repeat it with confirmEnding: ${count} if that is meant.`,
  version_required: () => 'Send If-Match with the version that you read, such as "3".',
  version_conflict: () => 'Read it again, look at what changed, and save your change on top.',
}

const inUse: Record<string, string> = {
  requests: 'A request of this person is pending or their access is not over',
  access: 'TEAM still holds or watches access of this person',
  reviews: 'Break-glass access of this person waits for its review',
}

const failedParts: Record<string, string> = {
  subject: 'none names you or a group of yours',
  account: 'none of yours names this account',
  permissionSet: 'none of yours names this permission set for this account',
  breakGlass: 'none of yours allows break-glass here',
}

const notBreakGlass: Record<string, string> = {
  token: 'Break-glass is for a person who is signed in',
  slack: 'Break-glass is for a person who is signed in',
  schedule: 'Break-glass is for a person who is signed in',
  scheduled: 'Break-glass begins at once and cannot be planned ahead',
  extension: 'An extension cannot be break-glass',
  own_widening: 'You made this access wider yourself lately, so somebody else must approve it',
}

const outOfReach: Record<string, string> = {
  account_not_active: 'The account is not active',
  management_account: 'TEAM cannot give access to the management account',
  permission_set_in_management_account:
    'The permission set is used in the management account, where TEAM cannot manage it',
}

const templateFaults: Record<string, string> = {
  place: 'The address must name {ticket} exactly once',
  address: 'This is no web address, or it holds a password',
  https: 'The address must begin with https',
  host: 'The ticket may stand in the path or the query, and not in the host',
}

const textFaults: Record<string, string> = {
  empty: 'Write something here.',
  too_long: 'At most {max} characters are allowed. Shorten the text.',
  control_character: 'The control character {character} is not allowed. Remove it.',
  bidi_override: 'The character {character} reverses the text around it. Remove it.',
  look_alike:
    'The letter {character} looks like a Latin one inside a word of Latin letters, or the other way round. Write each word in one script.',
  unpaired_surrogate: 'Half of a character ({character}) is not allowed. Type it again.',
  line_break: 'This must be one line. Remove the line break.',
}

export function inWords(refusal: Pick<Refusal, 'code' | 'params'>): string {
  return words[refusal.code]?.(refusal.params) ?? `${titleOf(refusal.code)}.`
}

/** What a rule refused, as it is thrown: once, by the operation that asked the rule. */
export function refusedWith(refusal: Refusal, params: Params = {}): Refused {
  return refusedForAll([{ ...refusal, params: { ...refusal.params, ...params } }])
}

/** The first is the answer's own code; each that names a field gets a line. */
export function refusedForAll(refusals: readonly Refusal[]): Refused {
  const [first] = refusals
  if (first === undefined) throw new Error('Nothing was refused.')
  const errors = refusals.flatMap((one): FieldError[] =>
    one.field === null ? [] : [{ field: one.field, code: one.code, message: inWords(one) }],
  )
  return new Refused(first.code, { detail: inWords(first), params: first.params, errors })
}
