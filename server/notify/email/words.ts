/**
 * Every word of the mails. Both languages fill the same table, so neither can lack a sentence.
 * Placeholders arrive as finished text: names on one line, moments and spans already in words.
 */
import type { NoticeEvent } from '#server/store/announce-port.ts'

/** What sentences are built from. */
export interface Names {
  /** The requester. */
  readonly who: string
  readonly set: string
  readonly account: string
}

export interface Words {
  /** Permission set and account, as a subject line names them. */
  readonly access: (names: Names & { accountId: string }) => string
  readonly subject: Readonly<Record<NoticeEvent, SubjectWords>>
  readonly heading: Readonly<Record<NoticeEvent, (names: Names) => string>>
  /** Where the requester reads something else than the others. */
  readonly ownHeading: Readonly<Record<NoticeEvent, string>>
  readonly decide: {
    readonly subject: (text: { who: string; access: string }) => string
    readonly ask: (names: Names) => string
    readonly needed: (approvals: { needed: number; count: number }) => string
    readonly expires: (at: string) => string
    readonly link: string
    readonly linkOnlyOpens: string
  }
  readonly wait: {
    readonly needed: (approvals: { needed: number; count: number }) => string
    readonly next: (expiresAt: string) => string
  }
  readonly approved: {
    readonly notNeeded: string
    readonly startsLater: (at: string) => string
    readonly startsNow: string
    readonly nothingToDo: string
  }
  readonly rejected: { readonly noAccess: string; readonly ownNext: string }
  readonly cancelled: { readonly noAccess: string; readonly removed: string }
  readonly expired: {
    readonly noAccess: string
    readonly parentOver: string
    readonly ownNext: string
  }
  readonly active: {
    readonly until: (at: string) => string
    readonly how: (names: Names) => string
    readonly giveBack: string
    readonly revoke: string
  }
  readonly endingSoon: {
    readonly until: (at: string) => string
    readonly extend: string
    readonly nothing: string
    readonly link: string
  }
  readonly over: {
    readonly removed: string
    readonly covered: string
    readonly released: string
    readonly credentials: (until: string) => string
    readonly revokedNext: string
  }
  readonly failed: {
    readonly nothingLeft: string
    readonly ownNext: string
    readonly adminNext: string
  }
  readonly breakGlass: {
    readonly taken: (names: Names) => string
    readonly ownTaken: string
    readonly due: (at: string) => string
    readonly wasDue: (at: string) => string
    readonly ask: string
    readonly barred: (names: Names) => string
    readonly ownBarred: string
    readonly revoke: string
    readonly link: string
  }
  readonly excessAdded: {
    readonly why: string
    readonly span: (text: { from: string; to: string }) => string
    readonly counted: string
  }
  readonly label: Readonly<Record<Label, string>>
  readonly reason: Readonly<Record<string, string>>
  readonly said: (text: { by: string; at: string }) => string
  readonly saidBy: (by: string) => string
  readonly link: { readonly request: string; readonly portal: string }
  readonly footer: Readonly<Record<'requester' | 'approver' | 'auditor' | 'admin', string>>
  readonly noReply: string
  readonly test: Readonly<Record<'heading' | 'text' | 'link', string>>
  readonly noticeLine: (noticeId: string) => string
}

export interface SubjectWords {
  readonly own: (access: string) => string
  readonly others: (text: { who: string; access: string }) => string
}

export type Label =
  | 'requester'
  | 'account'
  | 'permissionSet'
  | 'starts'
  | 'startsAtOnce'
  | 'ends'
  | 'ended'
  | 'duration'
  | 'justification'
  | 'ticket'
  | 'approvers'
  | 'approvedBy'
  | 'rejectedBy'
  | 'cancelledBy'
  | 'returnedBy'
  | 'revokedBy'
  | 'comment'
  | 'reason'
  | 'excess'
  | 'credentials'
  | 'request'
