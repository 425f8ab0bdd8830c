/**
 * What AWS says there is, as one whole reading; how it differs from the replica; and whether that
 * difference looks like a bad reading. Pure: the rows are written by directory.ts.
 */
import type { AccountId, GroupId, OuId, PermissionSetArn, UserId } from '#core/ids.ts'
import type { DirectoryCounts, DirectoryRemovals } from './schema.ts'

export interface UserRead {
  readonly userId: UserId
  readonly userName: string
  readonly displayName: string
  readonly email: string | null
  readonly enabled: boolean
}

export interface GroupRead {
  readonly groupId: GroupId
  readonly displayName: string
}

export interface MembershipRead {
  readonly groupId: GroupId
  readonly userId: UserId
}

export interface OuRead {
  readonly ouId: OuId
  readonly name: string
  /** Null: the root. */
  readonly parentId: OuId | null
  /** Ids from the root to this one, itself included. */
  readonly path: readonly OuId[]
}

export interface AccountRead {
  readonly accountId: AccountId
  readonly name: string
  readonly state: string
  /** Ids from the root to the direct parent. */
  readonly ouPath: readonly OuId[]
  readonly isManagement: boolean
}

export interface PermissionSetRead {
  readonly permissionSetArn: PermissionSetArn
  readonly name: string
  readonly description: string
  readonly sessionMinutes: number | null
  /** Null: the endpoint does not tell; what the replica says stays. */
  readonly inManagementAccount: boolean | null
}

/** Every page was read; half a reading is never one of these. */
export interface DirectorySnapshot {
  readonly users: readonly UserRead[]
  readonly groups: readonly GroupRead[]
  readonly memberships: readonly MembershipRead[]
  /** The root is the first of them. */
  readonly organizationalUnits: readonly OuRead[]
  readonly accounts: readonly AccountRead[]
  readonly permissionSets: readonly PermissionSetRead[]
  /** Operations that the endpoint does not offer, and what that means. */
  readonly notes: readonly string[]
}

/** The replica's rows of things that are not gone, in the same shape. */
export type Replica = Omit<DirectorySnapshot, 'notes'>

export interface Difference<Row> {
  readonly added: readonly Row[]
  readonly changed: readonly Row[]
  readonly removed: readonly Row[]
}

export interface DirectoryDifference {
  readonly users: Difference<UserRead>
  readonly groups: Difference<GroupRead>
  readonly memberships: Difference<MembershipRead>
  readonly organizationalUnits: Difference<OuRead>
  readonly accounts: Difference<AccountRead>
  readonly permissionSets: Difference<PermissionSetRead>
}

/** Two ids in one text; no id contains a space. */
const membershipText = ({ groupId, userId }: MembershipRead) => `${groupId} ${userId}`

export function diffDirectory(before: Replica, after: DirectorySnapshot): DirectoryDifference {
  const users = new Set(after.users.map((user) => user.userId))
  const groups = new Set(after.groups.map((group) => group.groupId))
  // People and groups come and go while pages are read: a membership needs both ends.
  const memberships = after.memberships.filter(
    ({ groupId, userId }) => users.has(userId) && groups.has(groupId),
  )
  const known = new Map(before.permissionSets.map((set) => [set.permissionSetArn, set]))
  const permissionSets = after.permissionSets.map((set) => ({
    ...set,
    inManagementAccount:
      set.inManagementAccount ?? known.get(set.permissionSetArn)?.inManagementAccount ?? false,
  }))
  return {
    users: diff(before.users, after.users, (user) => user.userId),
    groups: diff(before.groups, after.groups, (group) => group.groupId),
    memberships: diff(before.memberships, memberships, membershipText),
    organizationalUnits: diff(
      before.organizationalUnits,
      after.organizationalUnits,
      (unit) => unit.ouId,
    ),
    accounts: diff(before.accounts, after.accounts, (account) => account.accountId),
    permissionSets: diff(before.permissionSets, permissionSets, (set) => set.permissionSetArn),
  }
}

function diff<Row extends object>(
  before: readonly Row[],
  after: readonly Row[],
  idOf: (row: Row) => string,
): Difference<Row> {
  const had = new Map(before.map((row) => [idOf(row), row]))
  const has = new Map(after.map((row) => [idOf(row), row]))
  const added: Row[] = []
  const changed: Row[] = []
  for (const [id, row] of has) {
    const old = had.get(id)
    if (old === undefined) added.push(row)
    else if (!isSame(old, row)) changed.push(row)
  }
  return { added, changed, removed: [...had].filter(([id]) => !has.has(id)).map(([, row]) => row) }
}

/** Rows are flat: texts, flags, and paths of ids, which contain no space. */
function isSame(one: object, other: object): boolean {
  return Object.entries(one).every(
    ([name, value]) => flat(value) === flat(Reflect.get(other, name)),
  )
}

function flat(value: unknown): unknown {
  return Array.isArray(value) ? value.join(' ') : value
}

export function countsOf(rows: Replica): DirectoryCounts {
  return {
    users: rows.users.length,
    groups: rows.groups.length,
    memberships: rows.memberships.length,
    organizationalUnits: rows.organizationalUnits.length,
    accounts: rows.accounts.length,
    permissionSets: rows.permissionSets.length,
  }
}

const removalIdsMax = 100

export function removalsOf(difference: DirectoryDifference): DirectoryRemovals {
  const of = <Row>({ removed }: Difference<Row>, idOf: (row: Row) => string) => ({
    count: removed.length,
    ids: removed.slice(0, removalIdsMax).map(idOf),
  })
  return {
    users: of(difference.users, (user) => user.userId),
    groups: of(difference.groups, (group) => group.groupId),
    memberships: of(difference.memberships, membershipText),
    organizationalUnits: of(difference.organizationalUnits, (unit) => unit.ouId),
    accounts: of(difference.accounts, (account) => account.accountId),
    permissionSets: of(difference.permissionSets, (set) => set.permissionSetArn),
  }
}

export type AllRemovals = Readonly<Record<keyof DirectoryCounts, readonly string[]>>

/** Every id; of a membership, the two ids with a blank between. */
export function allRemovalsOf(difference: DirectoryDifference): AllRemovals {
  return {
    users: difference.users.removed.map((user) => user.userId),
    groups: difference.groups.removed.map((group) => group.groupId),
    memberships: difference.memberships.removed.map(membershipText),
    organizationalUnits: difference.organizationalUnits.removed.map((unit) => unit.ouId),
    accounts: difference.accounts.removed.map((account) => account.accountId),
    permissionSets: difference.permissionSets.removed.map((set) => set.permissionSetArn),
  }
}

/** Whether nothing would be removed that was not accepted. */
export function isWithin(removals: AllRemovals, accepted: AllRemovals): boolean {
  return Object.entries(removals).every(([kind, ids]) => {
    // The keys of the record are its kinds; Object.entries forgets it.
    const allowed = new Set(accepted[kind as keyof AllRemovals])
    return ids.every((id) => allowed.has(id))
  })
}

const removedShareMax = 0.1
const removedMax = 20

const watched = {
  users: 'users',
  groups: 'groups',
  memberships: 'memberships',
  accounts: 'accounts',
  permissionSets: 'permission sets',
} as const

/** The domain's "A bad read harms nobody": what is to be held for an administrator's word, or null. */
export function holdReason(before: DirectoryCounts, removals: DirectoryRemovals): string | null {
  const tooMany = Object.entries(watched).flatMap(([kind, name]) => {
    // The keys of `watched` are kinds; Object.entries forgets it.
    const had = before[kind as keyof typeof watched]
    const gone = removals[kind as keyof typeof watched].count
    if (gone <= removedMax || gone <= had * removedShareMax) return []
    return [`${gone} of ${had} ${name}`]
  })
  return tooMany.length === 0 ? null : `it would remove ${tooMany.join(', ')}`
}
