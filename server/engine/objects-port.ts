/** What may be asked of AWS about one account or permission set; `server/aws/` answers it. */
import type { AccountId, PermissionSetArn } from '#core/ids.ts'
import type { AccountRead, PermissionSetRead } from '#server/store/directory-snapshot.ts'

export type ObjectReading<Found> =
  | { readonly kind: 'read'; readonly found: Found }
  | { readonly kind: 'gone' }
  /** The endpoint does not offer to be asked about one by itself. */
  | { readonly kind: 'not_offered' }

/** Everything here throws when AWS could not be asked or did not answer the question. */
export interface Objects {
  readAccount(accountId: AccountId): Promise<ObjectReading<AccountRead>>
  readPermissionSet(arn: PermissionSetArn): Promise<ObjectReading<PermissionSetRead>>
}
