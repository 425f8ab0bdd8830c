/**
 * Every action that the trail knows. docs/reference/audit-format.md prints this table, and a test
 * holds it against what the program writes. Actions are added, never renamed: the trail is kept for
 * seven years, and people search it by these names.
 */

export interface ActionEntry {
  /** `object.type`; `object.id` is its id. */
  readonly object: string
  readonly when: string
  /** Results other than `done`. */
  readonly results?: string
  readonly payload: readonly string[]
}

const key = ['userId', 'accountId', 'permissionSetArn']

export const auditActions = {
  'request.submit': {
    object: 'request',
    when: 'A person asked for access to one target; `extends` is the request that this one prolongs.',
    payload: [
      'submissionId',
      'status',
      'accountId',
      'accountName',
      'permissionSetArn',
      'permissionSetName',
      'requestedStartsAt',
      'durationMinutes',
      'justification',
      'ticket',
      'breakGlass',
      'extends',
      'approvalsRequired',
      'approverCount',
      'approverPolicies',
      'explanation',
      'expiresAt',
    ],
  },
  'request.break_glass': {
    object: 'request',
    when: 'The request just submitted is break-glass: nobody had to approve it.',
    payload: ['accountId', 'permissionSetArn', 'durationMinutes', 'justification', 'reviewDueAt'],
  },
  'request.reviewed': {
    object: 'request',
    when: 'A person who could have approved it said whether its break-glass was justified.',
    payload: ['outcome', 'comment', 'dueAt'],
  },
  'request.approve': {
    object: 'request',
    when: 'A person approved it. `outcome` says whether that was enough; then `grant` is what it earned.',
    payload: [
      'comment',
      'outcome',
      'missing',
      'approvalsRequired',
      'countedFor',
      'approverPolicies',
      'grant',
    ],
  },
  'request.reject': {
    object: 'request',
    when: 'A person rejected it.',
    payload: [
      'comment',
      'outcome',
      'missing',
      'approvalsRequired',
      'countedFor',
      'approverPolicies',
    ],
  },
  'request.cancel': {
    object: 'request',
    when: 'The requester cancelled it, or gave back what it would have prolonged (`parent_returned`).',
    payload: ['from', 'reason', 'comment', 'endState'],
  },
  'request.return': {
    object: 'request',
    when: 'The requester gave the access back.',
    payload: ['from', 'reason', 'comment', 'endState'],
  },
  'request.revoke': {
    object: 'request',
    when: 'An approver or an administrator revoked it; one event for each grant that it ended.',
    payload: ['from', 'reason', 'comment', 'endState'],
  },
  'request.expire': {
    object: 'request',
    when: 'Nobody decided in time, or what it would have prolonged was over before that (`parent_over`).',
    payload: ['from', 'reason'],
  },
  'request.fail': {
    object: 'request',
    when: 'Eligibility was found lost when somebody decided.',
    payload: ['from', 'failure', 'noticedBy'],
  },
  'access.create_intended': {
    object: 'request',
    when: 'TEAM is about to ask AWS to create the assignment.',
    payload: [...key, 'intentId', 'epoch'],
  },
  'access.delete_intended': {
    object: 'request, or key where no request is ending',
    when: 'TEAM is about to ask AWS to delete the assignment.',
    payload: [...key, 'intentId', 'epoch'],
  },
  'access.active': {
    object: 'request',
    when: 'AWS confirmed the access.',
    payload: [...key, 'grantId', 'startsAt', 'endsAt', 'secondsFromDue'],
  },
  'access.not_given': {
    object: 'request',
    when: 'Access was due and could not be given; nothing was asked of AWS.',
    payload: ['failure'],
  },
  'access.ending': {
    object: 'request',
    when: 'The time was up, or the access could not be created in time.',
    payload: [...key, 'grantId', 'why'],
  },
  'access.over': {
    object: 'request',
    when: 'The access is confirmed to be gone, or another grant covers it.',
    payload: [...key, 'grantId', 'endState', 'excessSeconds', 'coveredBy', 'watchedUntil'],
  },
  'access.removal_late': {
    object: 'request, or key where no request is ending',
    when: 'The removal takes longer than AWS’s quota explains.',
    payload: [...key, 'goneBy', 'attempts', 'lastError', 'explainedSeconds'],
  },
  'access.appeared_unwanted': {
    object: 'key',
    when: 'A call of unknown outcome landed after all: access appeared that nobody should have.',
    payload: [...key, 'notBefore'],
  },
  'access.excess_added': {
    object: 'request, or key where no request is known',
    when: 'Access that landed after its end is gone again; its seconds count as excess.',
    payload: [...key, 'from', 'to', 'excessSeconds'],
  },
  'access.lost': {
    object: 'request',
    when: 'Nothing allows the access any more, so it ends.',
    payload: ['from', 'endReason', 'code', 'params', 'message'],
  },
  'access.drift_seen': {
    object: 'target',
    when: 'Somebody holds access on a managed target that TEAM’s ledger does not hold.',
    payload: ['accountId', 'permissionSetArn', 'principalType', 'principalId'],
  },
  'access.released': {
    object: 'request',
    when: 'Its key was handed over: the grant is over, and nothing was removed.',
    payload: ['from', 'comment', 'endState'],
  },
  'key.release': {
    object: 'key',
    when: 'An administrator handed a key over: what stands in AWS is not TEAM’s any more.',
    payload: [...key, 'comment', 'before', 'after', 'requestIds'],
  },
  'key.acknowledge': {
    object: 'key',
    when: 'An administrator acknowledged the alarm of a late removal. It stays until removal is confirmed.',
    payload: [...key, 'comment', 'raisedAt', 'attempts', 'lastError'],
  },
  'eligibility-policy.create': policy('Somebody made an eligibility policy.'),
  'eligibility-policy.update': policy('Somebody changed an eligibility policy.'),
  'eligibility-policy.delete': policy('Somebody deleted an eligibility policy.'),
  'approver-policy.create': policy('Somebody made an approver policy.'),
  'approver-policy.update': policy('Somebody changed an approver policy.'),
  'approver-policy.delete': policy('Somebody deleted an approver policy.'),
  'saved-request.create': {
    object: 'saved-request',
    when: 'A person kept what they often ask for, or an administrator a template for others.',
    payload: ['kind', 'name', 'targets', 'durationMinutes', 'justification'],
  },
  'saved-request.delete': {
    object: 'saved-request',
    when: 'Its owner deleted it, or an administrator a template.',
    payload: ['kind', 'name', 'ownerId', 'ownerName'],
  },
  'session-log.read': {
    object: 'request',
    when: 'Somebody asked to see what was done with the access. Its pages are read under the same `logId`.',
    payload: ['logId', 'source', 'location', 'from', 'to'],
  },
  'session-log.export': {
    object: 'request',
    when: 'Somebody took a session log of theirs away as a file.',
    payload: ['logId', 'events'],
  },
  'token.create': {
    object: 'token',
    when: 'A person made an API token, or an administrator one for a program. What is done with it has it as actor.',
    payload: ['kind', 'ownerId', 'name', 'scopes', 'roles', 'addresses', 'expiresAt'],
  },
  'token.revoke': {
    object: 'token',
    when: 'Its owner or an administrator revoked it, or its owner was found disabled.',
    results: '`revoked`, `owner_disabled`',
    payload: ['kind', 'ownerId', 'ownerName', 'name', 'scopes'],
  },
  'setting.seed': {
    object: 'setting',
    when: 'The first start took its settings from the environment.',
    payload: ['after'],
  },
  'setting.change': {
    object: 'setting',
    when: 'An administrator changed settings. Of a secret only its name is told: `secrets.set`, `secrets.removed`.',
    payload: ['before', 'after', 'widens', 'secrets', 'acceptedBy', 'proposalId'],
  },
  'setting.test': {
    object: 'setting',
    when: 'An administrator had a test sent by a channel.',
    payload: ['channel', 'outcome', 'testId'],
  },
  'notice.resend': {
    object: 'notice',
    when: 'An administrator had a notice sent once more.',
    payload: ['event', 'channel', 'requestId', 'from'],
  },
  'secret.seal_anew': {
    object: 'setting',
    when: 'A copy started with a new TEAM_SECRET, and sealed the secrets of channels with it.',
    payload: ['names', 'keyId'],
  },
  'secret.forget': {
    object: 'setting',
    when: 'An operator took away secrets that nobody could open any more.',
    payload: ['names'],
  },
  'proposal.propose': {
    object: 'proposal',
    when: 'An administrator proposed a change that widens access; nothing is changed yet.',
    payload: [
      'object',
      'verb',
      'baseVersion',
      'before',
      'after',
      'changed',
      'widens',
      'authorId',
      'expiresAt',
    ],
  },
  'proposal.accept': proposal(
    'Another administrator accepted it. The change itself is the event after it, with both of them.',
  ),
  'proposal.refuse': proposal('Another administrator refused it.'),
  'proposal.withdraw': proposal('Its author took it back.'),
  'proposal.void': {
    object: 'proposal',
    when: 'What it would have changed was changed meanwhile (`changed`), or nobody decided within seven days (`expired`).',
    payload: ['reason', 'authorId'],
  },
  'access.look': {
    object: 'account, user',
    when: 'Somebody had standing access read from AWS, of an account or of a person. Nothing changes by it.',
    payload: ['lookId', 'accounts'],
  },
  'directory.refresh': {
    object: 'directory',
    when: 'A refresh changed the replica, was held, or failed.',
    results: '`applied`, `held`, `failed`',
    payload: [
      'askedBy',
      'held',
      'failure',
      'users',
      'groups',
      'memberships',
      'organizationalUnits',
      'accounts',
      'permissionSets',
      'usersNowDisabled',
      'usersRemoved',
      'accountsRemoved',
      'permissionSetsRemoved',
      'acceptedBy',
      'accepted',
    ],
  },
  'directory.accept': {
    object: 'directory',
    when: 'An administrator accepted what a held refresh would remove; the next reading may remove that, and no more.',
    payload: ['held', 'counts', 'comment'],
  },
  'directory.discard': {
    object: 'directory',
    when: 'An administrator discarded a held refresh, or took the acceptance back.',
    payload: ['held', 'counts', 'comment'],
  },
  'sign-in.accept': {
    object: 'sign-in',
    when: 'A person signed in.',
    payload: ['address', 'assertionId', 'idpInitiated'],
  },
  'sign-in.refuse': {
    object: 'sign-in',
    when: 'A sign-in or an API token was refused. In one hour at most 20 from one address, and 200 in all.',
    results: 'the reason’s code',
    payload: ['reason', 'length', 'sha256', 'address'],
  },
  'sign-in.refuse-many': {
    object: 'sign-in',
    when: 'Once an hour, if there were more refusals than that: how many were only counted.',
    results: '`counted`',
    payload: ['hour', 'refusals'],
  },
  'session.end': {
    object: 'session',
    when: 'A session ended before its time.',
    results: '`signed_out`, `replaced`, `disabled`, `expired`, `idle`',
    payload: ['userName'],
  },
  'recovery.admin_group': {
    object: 'setting',
    when: 'Somebody with access to the database made another group the administrators (`team recover --admin-group`).',
    payload: ['before', 'after'],
  },
  'recovery.second_admin_off': {
    object: 'setting',
    when: 'Somebody with access to the database turned the second administrator off (`team recover --second-admin off`).',
    payload: ['before', 'after'],
  },
  'recovery.hold': {
    object: 'installation',
    when: 'The database was found to be behind what is kept outside it: nothing is created.',
    payload: ['reason'],
  },
  'recovery.end': {
    object: 'request',
    when: 'The log of intents knew that its access had been removed, before the database was restored.',
    payload: ['removedAt'],
  },
  'recovery.replay': {
    object: 'installation',
    when: 'The log of intents was replayed, every key in it looked at, and the hold lifted.',
    payload: ['lines', 'unknown', 'keys', 'standing', 'endedRequests'],
  },
  'import.take': {
    object: 'sample-row',
    when: '`team import` took over a row of the settings or policies of AWS’s sample; the change itself is the event before it. `item` is the row as it was, without secrets.',
    payload: ['source', 'table', 'key', 'item', 'kind', 'meanings', 'problems'],
  },
  'import.request': {
    object: 'past-request',
    when: '`team import` kept a request of AWS’s sample that was over, in the words of then. Nothing can be done with it.',
    payload: [
      'source',
      'requesterId',
      'requester',
      'email',
      'accountId',
      'accountName',
      'permissionSetArn',
      'permissionSetName',
      'status',
      'askedAt',
      'startsAt',
      'endedAt',
      'durationHours',
      'justification',
      'ticket',
      'approvers',
      'decidedBy',
      'comment',
      'revokedBy',
      'revokeComment',
      'sessionDuration',
    ],
  },
  'import.finish': {
    object: 'installation',
    when: '`team import` wrote something; `notTaken` are the rows of policies that could not be taken over, `problems` what was wrong with others.',
    payload: ['source', 'by', 'written', 'notTaken', 'problems'],
  },
  'request.export': {
    object: 'export',
    when: 'Somebody took a list of requests that they see out of TEAM as a file. Its id is the view.',
    payload: ['view', 'format', 'filter'],
  },
  'audit.export': {
    object: 'export',
    when: 'Somebody took events, requests or grants out of TEAM as a file. Its id is the kind.',
    payload: ['kind', 'format', 'filter'],
  },
  'audit.erase': {
    object: 'audit_event',
    when: 'The payload of the event with that number was erased, for privacy.',
    payload: ['why'],
  },
  'person.erase': {
    object: 'user',
    when: 'An administrator had what is kept of a person’s words erased; an `audit.erase` for each payload follows.',
    payload: ['reason', 'upTo'],
  },
  'legal-hold.place': {
    object: 'legal-hold',
    when: 'An administrator placed a legal hold; `userId` null is everybody. Nothing of theirs is erased or removed.',
    payload: ['userId', 'userName', 'reason'],
  },
  'legal-hold.release': {
    object: 'legal-hold',
    when: 'An administrator released a legal hold.',
    payload: ['userId', 'userName', 'reason'],
  },
  'retention.remove': {
    object: 'installation',
    when: 'Requests that were older than seven years are gone, with all that belonged to them.',
    payload: ['requests', 'before'],
  },
  'audit.cut': {
    object: 'audit_event',
    when: 'The events up to that number were older than seven years and are gone; `hash` is the last one’s.',
    payload: ['hash', 'events', 'before'],
  },
} as const satisfies Record<string, ActionEntry>

function policy(when: string) {
  const object = 'the policy’s kind'
  const payload = ['before', 'after', 'changed', 'widens', 'acceptedBy', 'proposalId'] as const
  return { object, when, payload } as const
}

function proposal(when: string) {
  const payload = ['object', 'verb', 'baseVersion', 'widens', 'author', 'comment'] as const
  return { object: 'proposal', when, payload } as const
}

/** The table of the reference page. */
export function actionsAsMarkdown(): string {
  const entries: [string, ActionEntry][] = Object.entries(auditActions)
  const rows = entries.map(([action, { object, when, results, payload }]) => {
    const told = results === undefined ? when : `${when} Result: ${results}.`
    const fields = payload.map((field) => `\`${field}\``).join(', ')
    return `| \`${action}\` | ${object} | ${told} | ${fields} |`
  })
  return ['| action | object | when | payload |', '|---|---|---|---|', ...rows].join('\n')
}
