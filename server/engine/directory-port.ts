/** How the whole organisation is read; `server/aws/` does it. */
import type { AccountId, GroupId, PermissionSetArn, UserId } from '#core/ids.ts'
import type { PermissionSetContents } from '#server/store/directory-contents.ts'
import type {
  DirectorySnapshot,
  MembershipRead,
  PermissionSetRead,
} from '#server/store/directory-snapshot.ts'

export type * from '#server/store/directory-snapshot.ts'
export type { PermissionSetLevel } from '#server/store/schema.ts'

/** What the replica knows already, so that it need not be read again. */
export interface KnownDirectory {
  readonly permissionSets: readonly Omit<PermissionSetRead, 'inManagementAccount'>[]
  readonly accountIds: readonly AccountId[]
  readonly userIds: readonly UserId[]
  readonly groupIds: readonly GroupId[]
  readonly memberships: readonly MembershipRead[]
}

export interface ReadOptions {
  readonly known: KnownDirectory
  /** Ends the reading: another copy leads now, or this one stops. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ReadProgress) => void
}

export interface ReadProgress {
  readonly users: number
  readonly groups: number
  readonly groupsWithMembersRead: number
  readonly organizationalUnits: number
  readonly accounts: number
  readonly permissionSets: number
}

export interface DirectoryReader {
  /** Everything, or it throws: half a reading is none. */
  readAll(options: ReadOptions): Promise<DirectorySnapshot>
  /** At most one call a second. Never throws. */
  readContents(permissionSetArn: PermissionSetArn): Promise<ContentsReading>
}

export type ContentsReading =
  | { readonly kind: 'read'; readonly contents: PermissionSetContents }
  /** AWS does not know the set, or does not show it: not worth asking again today. */
  | { readonly kind: 'unreadable'; readonly message: string }
  /** AWS could not be asked now. */
  | { readonly kind: 'unavailable'; readonly message: string }
