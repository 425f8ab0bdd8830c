import type { requestNotices } from '#core/notices.ts'
import type { Change } from './change.ts'

/** What people are told about a request (the domain's "Notices"). */
export type NoticeEvent = (typeof requestNotices)[number]

/**
 * Adds to this change the notices that the event calls for. Called inside the transaction, after
 * the request's row and its decisions are written, because who is told is read from them.
 */
export type Announce = (change: Change, event: NoticeEvent, requestId: string) => Promise<void>

/** What those are told who watch over TEAM, and that is not about one request alone. */
export type Bulletin =
  | {
      readonly event: 'key_released'
      readonly facts: {
        readonly keyId: number
        readonly by: string
        readonly comment: string
        readonly at: string
      }
    }
  /** A policy or settings changed; with `widens`, access is wider by it. */
  | {
      readonly event: 'rules_changed'
      readonly facts: {
        readonly object: {
          readonly type: 'eligibility-policy' | 'approver-policy' | 'setting'
          readonly id: string
        }
        readonly verb: 'create' | 'update' | 'delete'
        readonly version: number
        readonly widens: readonly string[]
        readonly by: string
        readonly acceptedBy: string | null
        readonly at: string
      }
    }
  | { readonly event: 'change_proposed'; readonly facts: { readonly proposalId: string } }
  | {
      readonly event: 'records_loosened'
      readonly facts: {
        readonly what: 'person_erased' | 'hold_released'
        /** Null: everybody. */
        readonly who: string | null
        readonly by: string
        readonly reason: string
        readonly at: string
      }
    }
  | { readonly event: 'refresh_held'; readonly facts: { readonly refreshId: string } }
  | { readonly event: 'creations_held'; readonly facts: { readonly reason: string } }

/** Adds to this change a notice for each auditor or administrator whom it concerns. */
export type TellOverseers = (change: Change, bulletin: Bulletin) => Promise<void>
