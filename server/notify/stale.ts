/** Whether what a notice says is still so when it is about to be sent. */
import { type RequestState, requestStates } from '#core/request.ts'
import type { NoticeEvent } from '#server/store/announce-port.ts'
import type { StoredRequest } from '#server/store/requests.ts'

/**
 * The states in which each event is still news. An approval is no news once its access is over: the
 * notice of the end says more. What a request ended as stays true for ever.
 */
const newsIn: Readonly<Record<NoticeEvent, readonly RequestState[]>> = {
  requested: ['pending'],
  reminder: ['pending'],
  approved: ['scheduled', 'activating', 'active'],
  active: ['active'],
  ending_soon: ['active'],
  rejected: ['rejected'],
  cancelled: ['cancelled'],
  expired: ['expired'],
  ended: ['ended'],
  revoked: ['revoked'],
  failed: ['failed'],
  break_glass_used: requestStates,
  review_due: requestStates,
  excess_added: ['ended', 'revoked', 'cancelled', 'failed'],
}

export function isStale(
  event: NoticeEvent,
  { status, review, grant, expiresAt }: StoredRequest,
  now: Date,
): boolean {
  if (event === 'ending_soon' && (grant?.endsAt ?? now) <= now) return true
  if (event === 'reminder' && expiresAt <= now) return true
  if (event === 'review_due' && review?.given) return true
  return !newsIn[event].includes(status)
}

export function isNoticeEvent(event: string): event is NoticeEvent {
  return Object.hasOwn(newsIn, event)
}
