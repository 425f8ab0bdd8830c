/** What notices that are about no one request find, one of each kind. */
import type { PolicyId, RequestId, UserId } from '#core/ids.ts'
import type { BulletinView } from '#server/notify/email/compose-bulletin.ts'
import { at, request } from './sample-mails.ts'

type Content = BulletinView['content']

const { requesterName: who, requesterUserName: by } = request
const access = {
  set: request.permissionSetName,
  account: request.accountName,
  accountId: request.accountId,
}
const policy = {
  thread: 'eligibility-policy-1',
  object: { type: 'eligibility-policy', id: 'e1f8a52b-0000-4000-8000-000000000002' as PolicyId },
  verb: 'update',
  whose: 'Platform engineers',
  widens: ['approval_lowered', 'longer'],
  by: 'ada',
  at: at('00:20:00'),
} as const
const alarm = {
  alarmId: 7,
  keyId: 3,
  raisedAt: at('01:42:00'),
  overAt: null,
  // An id of no directory.
  userId: 'taro' as UserId,
  displayName: who,
  accountId: access.accountId,
  accountName: access.account,
  permissionSetName: access.set,
  attempts: 4,
  lastError: 'AccessDeniedException: not authorized to perform sso:DeleteAccountAssignment',
  goneBy: at('01:40:00'),
  requestIds: [request.id as RequestId],
  deciderIds: [],
}

export const bulletins: Readonly<Record<Content['kind'], Content>> = {
  key_released: {
    kind: 'key_released',
    thread: 'key-3',
    who: `${who} (${by})`,
    access,
    by: 'ada',
    comment: 'The platform team keeps this access by hand.',
    at: at('00:30:00'),
  },
  rules_changed: { kind: 'rules_changed', version: 4, acceptedBy: null, ...policy },
  change_proposed: {
    kind: 'change_proposed',
    proposalId: 'a1f8a52b-0000-4000-8000-000000000003',
    expiresAt: at('12:00:00'),
    ...policy,
  },
  records_loosened: {
    kind: 'records_loosened',
    thread: 'records',
    what: 'person_erased',
    who: `${who} (${by})`,
    by: 'ada',
    reason: 'Asked for it when they left',
    at: at('00:40:00'),
  },
  refresh_held: {
    kind: 'refresh_held',
    thread: 'directory',
    counts: [
      { kind: 'users', count: 31 },
      { kind: 'memberships', count: 62 },
    ],
    users: ['Bob', 'Carol'],
    at: at('00:50:00'),
  },
  creations_held: {
    kind: 'creations_held',
    thread: 'hold',
    reason: 'The database ends before event 4711, which was anchored outside it.',
    at: at('00:55:00'),
  },
  digest: {
    kind: 'digest',
    thread: 'digest',
    at: at('00:00:00'),
    late: { count: 1, lines: [{ who, ...access }] },
    failed: { count: 7, lines: [{ who: 'Bob', ...access }] },
    reviews: { count: 1, lines: [{ who: 'Carol', ...access }] },
    proposals: 2,
    undelivered: 3,
    isRefreshHeld: true,
    areCreationsHeld: false,
  },
  removal_late: {
    kind: 'removal_late',
    thread: 'late',
    isOwn: false,
    isOver: false,
    count: 1,
    alarms: [alarm],
  },
}

export const bulletinEvents = Object.keys(bulletins) as Content['kind'][]
