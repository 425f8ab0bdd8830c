/** Views of one request as tests need them: what each event finds when its mail is written. */

import { writeMessage } from '#server/notify/email/message.ts'
import type { Locale } from '#server/notify/email/moment.ts'
import type { GrantView, MailView, RequestView, Standing } from '#server/notify/email/view.ts'
import type { NoticeEvent } from '#server/store/announce-port.ts'

export const envelope = {
  from: 'team@example.net',
  to: 'taro@example.com',
  replyTo: null,
  publicUrl: 'https://team.example.com',
  noticeId: '7c2e0d11-0000-4000-8000-000000000009',
}
export const at = (time: string) => new Date(`2026-11-24T${time}Z`)

export const request: RequestView = {
  id: '3b1f8a52-0000-4000-8000-000000000001',
  requesterName: 'Taro Yamada',
  requesterUserName: 'taro',
  accountId: '111122223333',
  accountName: 'Payments',
  permissionSetName: 'PowerUserAccess',
  requestedStartsAt: null,
  durationMinutes: 90,
  justification: 'Payments are stuck; I have to restart the queue.',
  ticket: null,
  ticketUrl: null,
  approvalRequired: true,
  approvalsRequired: 1,
  approverNames: ['Bob', 'Carol'],
  decisions: [],
  stoppedBy: null,
  endReason: null,
  failure: null,
  expiresAt: at('03:00:00'),
  reviewDueAt: null,
}
export const approval = {
  by: 'bob',
  decision: 'approved',
  comment: 'Go ahead',
  at: at('00:09:30'),
} as const
export const due: GrantView = {
  dueAt: at('00:09:30'),
  startsAt: null,
  endsAt: null,
  overAt: null,
  wasBegun: false,
  isCovered: false,
  excessSeconds: 0,
  sessionsMayLiveUntil: null,
}
const live: GrantView = {
  ...due,
  startsAt: at('00:10:00'),
  endsAt: at('01:40:00'),
  sessionsMayLiveUntil: at('02:40:00'),
}
export const gone: GrantView = {
  ...live,
  overAt: at('01:41:10'),
  wasBegun: true,
  excessSeconds: 70.2,
  sessionsMayLiveUntil: at('02:41:10'),
}

const found: Record<NoticeEvent, { request?: Partial<RequestView>; grant: GrantView | null }> = {
  requested: { grant: null },
  reminder: { grant: null },
  approved: { request: { decisions: [approval] }, grant: due },
  rejected: {
    request: { decisions: [{ ...approval, decision: 'rejected', comment: 'Use staging' }] },
    grant: null,
  },
  cancelled: { request: { stoppedBy: { by: 'taro', comment: null } }, grant: null },
  expired: { grant: null },
  active: { request: { decisions: [approval] }, grant: live },
  ending_soon: { request: { decisions: [approval] }, grant: live },
  ended: { request: { decisions: [approval], endReason: 'time' }, grant: gone },
  revoked: {
    request: { decisions: [approval], stoppedBy: { by: 'carol', comment: 'Wrong account' } },
    grant: gone,
  },
  failed: {
    request: { failure: { code: 'not_granted_in_time', message: 'AWS did not confirm in time.' } },
    grant: due,
  },
  break_glass_used: { request: { reviewDueAt: at('12:00:00') }, grant: due },
  review_due: { request: { reviewDueAt: at('00:00:00') }, grant: gone },
  excess_added: { request: { decisions: [approval], endReason: 'time' }, grant: gone },
}
export const events = Object.keys(found) as NoticeEvent[]
export const standings: Standing[] = ['requester', 'approver', 'auditor', 'admin']
const locales: Locale[] = ['en', 'ja']

export function viewOf(
  event: NoticeEvent,
  change: Partial<MailView> & { facts?: Partial<RequestView> },
) {
  const { facts, ...rest } = change
  const view: MailView = {
    event,
    standing: 'requester',
    place: { locale: 'en', timeZone: 'Asia/Tokyo' },
    now: at('00:09:31'),
    publicUrl: 'https://team.example.com',
    portalUrl: 'https://d-1234567890.awsapps.com/start',
    request: { ...request, ...found[event].request, ...facts },
    grant: found[event].grant,
    late: event === 'excess_added' ? { from: at('01:45:00'), to: at('01:46:10') } : null,
    ...rest,
  }
  return view
}

export const mail = (
  event: NoticeEvent,
  change: Partial<MailView> & { facts?: Partial<RequestView> } = {},
) => writeMessage(viewOf(event, change), envelope)

export const every = locales.flatMap((locale) =>
  events.flatMap((event) =>
    standings.map((standing) => ({
      name: `${event}, ${standing}, ${locale}`,
      view: viewOf(event, { standing, place: { locale, timeZone: 'Asia/Tokyo' } }),
    })),
  ),
)
