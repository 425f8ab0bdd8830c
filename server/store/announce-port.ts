import type { Change } from './change.ts'

/** What people are told about a request (the domain's "Notices"). */
export type NoticeEvent =
  | 'requested'
  | 'approved'
  | 'rejected'
  | 'cancelled'
  | 'expired'
  | 'active'
  | 'ended'
  | 'revoked'
  | 'failed'
  | 'break_glass_used'
  | 'review_due'

/**
 * Adds to this change the notices that the event calls for. Called inside the transaction, after
 * the request's row and its decisions are written, because who is told is read from them.
 */
export type Announce = (change: Change, event: NoticeEvent, requestId: string) => Promise<void>
