/** What the engine and the operations may ask of Identity Center; `server/aws/` answers it. */
import type { AccountId, GroupId, Key, PermissionSetArn, Target, UserId } from '#core/ids.ts'

export type MutationOutcome =
  | { readonly kind: 'accepted'; readonly awsRequestId: string }
  /** AWS answered at once with status FAILED. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** AWS answered that it did nothing. */
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string }
  /** The answer was lost, or AWS said 5xx: it may still land. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** The guard said no, or the connection was never made. */
  | { readonly kind: 'not_sent'; readonly message: string }

export type RefusalCode = 'throttled' | 'conflict' | 'quota' | 'not_found' | 'denied' | 'invalid'

export type OperationStatus =
  | { readonly kind: 'in_progress' }
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'forgotten' }

export type Holders =
  | {
      readonly kind: 'read'
      readonly userIds: ReadonlySet<UserId>
      readonly groupIds: ReadonlySet<GroupId>
    }
  /** AWS no longer knows account or set. */
  | { readonly kind: 'gone'; readonly message: string }

/** Reads throw when AWS could not be asked or did not answer the question. */
export interface Assignments {
  /** `guard` is asked after signing and before sending; false means: do not send. */
  create(key: Key, guard: () => boolean): Promise<MutationOutcome>
  remove(key: Key, guard: () => boolean): Promise<MutationOutcome>
  describeCreation(awsRequestId: string): Promise<OperationStatus>
  describeDeletion(awsRequestId: string): Promise<OperationStatus>
  /** Ids of operations AWS still works on; null where the endpoint does not offer the list. */
  creationsInProgress(): Promise<ReadonlySet<string> | null>
  deletionsInProgress(): Promise<ReadonlySet<string> | null>
  /**
   * Which of the wanted operations AWS lists as succeeded, reading until all are found; null where
   * the list is not offered. `listed`: how many operations were read past.
   */
  succeeded(
    kind: 'create' | 'delete',
    search: { readonly wanted: ReadonlySet<string>; readonly pagesMax: number },
  ): Promise<{ readonly ids: ReadonlySet<string>; readonly listed: number } | null>
  /** Who holds an assignment on the target, read now, all pages. */
  holders(target: Target): Promise<Holders>
  sessionMinutes(permissionSetArn: PermissionSetArn): Promise<number | null>
}

export interface ProvisionedSets {
  /** Read now, all pages; none: AWS does not know the account. Null: the list is not offered. */
  provisionedIn(accountId: AccountId): Promise<readonly PermissionSetArn[] | null>
}
