/** What a mail about a request is written from: the request as it is when the mail is sent. */
import type { Standing } from '#core/notices.ts'
import type { NoticeEvent } from '#server/store/announce-port.ts'
import type { Place } from './moment.ts'

export type { Standing } from '#core/notices.ts'

export interface Word {
  readonly by: string
  readonly comment: string | null
}

export interface Decision extends Word {
  readonly decision: 'approved' | 'rejected'
  readonly at: Date
}

export interface MailView {
  readonly event: NoticeEvent
  readonly standing: Standing
  readonly place: Place
  readonly now: Date
  readonly publicUrl: string
  readonly portalUrl: string | null
  readonly request: RequestView
  readonly grant: GrantView | null
  /** Access that appeared after the end: from when at the earliest, and until when. */
  readonly late: { readonly from: Date; readonly to: Date } | null
}

export interface RequestView {
  readonly id: string
  readonly requesterName: string
  readonly requesterUserName: string
  readonly accountId: string
  readonly accountName: string
  readonly permissionSetName: string
  readonly requestedStartsAt: Date | null
  readonly durationMinutes: number
  readonly justification: string
  readonly ticket: string | null
  /** In the tracker, if administrators said where that is. */
  readonly ticketUrl: string | null
  readonly approvalRequired: boolean
  readonly approvalsRequired: number
  /** Those who could decide now. */
  readonly approverNames: readonly string[]
  readonly decisions: readonly Decision[]
  /** Who cancelled, gave back or revoked, if a person did. */
  readonly stoppedBy: Word | null
  readonly endReason: string | null
  readonly failure: { readonly code: string; readonly message: string } | null
  readonly expiresAt: Date
  /** Of break-glass. */
  readonly reviewDueAt: Date | null
}

export interface GrantView {
  readonly dueAt: Date
  /** Null unless AWS confirmed it. */
  readonly startsAt: Date | null
  readonly endsAt: Date | null
  /** When it was confirmed to be gone, or covered by another grant. */
  readonly overAt: Date | null
  /** Something may have been created in AWS and had to be taken away. */
  readonly wasBegun: boolean
  readonly isCovered: boolean
  readonly excessSeconds: number
  /** Until when credentials taken before the end may work. */
  readonly sessionsMayLiveUntil: Date | null
}
