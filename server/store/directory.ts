/**
 * Writing the replica of the organisation.
 *
 * A refresh is read from AWS over minutes, and meanwhile single people are read by themselves, which
 * is newer. So a user's row, and their memberships, are changed by a refresh only if they were last
 * read before it began (`read_at`). Whoever writes the replica first locks the row of
 * `directory_version`, so writers come one after the other, and a reader that sees the number sees
 * what belongs to it.
 *
 * What changed is found outside the transaction, against rows read just before; the transaction
 * holds only changed rows, and is short whatever the size of the organisation. Only a first filling
 * is large: its additions, which harm nobody, go ahead in parts.
 */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { AccountId, GroupId, OuId, PermissionSetArn, UserId } from '#core/ids.ts'
import { type Change, type ChangeOptions, change } from './change.ts'
import { nudgeKeys } from './directory-nudges.ts'
import {
  forgetTimesToCome,
  removeMemberships,
  removeRows,
  writeAccounts,
  writeGroups,
  writeMemberships,
  writeOus,
  writePermissionSets,
  writeUsers,
} from './directory-rows.ts'
import {
  type DirectoryDifference,
  type DirectorySnapshot,
  diffDirectory,
  type GroupRead,
  type MembershipRead,
  type Replica,
  type UserRead,
} from './directory-snapshot.ts'
import type { Schema } from './schema.ts'

/** Rows that one transaction may add; it must stay within the time limits of a session. */
const rowsPerTransactionMax = 5_000

/** The replica as it stands, without what is gone. */
export async function readReplica(db: Kysely<Schema>): Promise<Replica> {
  const [users, groups, memberships, ous, accounts, permissionSets] = await Promise.all([
    db.selectFrom('directory_user').selectAll().where('gone_at', 'is', null).execute(),
    db.selectFrom('directory_group').selectAll().where('gone_at', 'is', null).execute(),
    db.selectFrom('directory_membership').select(['group_id', 'user_id']).execute(),
    db.selectFrom('directory_ou').selectAll().where('gone_at', 'is', null).execute(),
    db.selectFrom('directory_account').selectAll().where('gone_at', 'is', null).execute(),
    db.selectFrom('directory_permission_set').selectAll().where('gone_at', 'is', null).execute(),
  ])
  // The ids in the replica came from AWS.
  return {
    users: users.map((row) => ({
      userId: row.user_id as UserId,
      userName: row.user_name,
      displayName: row.display_name,
      email: row.email,
      enabled: row.enabled,
    })),
    groups: groups.map((row) => ({
      groupId: row.group_id as GroupId,
      displayName: row.display_name,
    })),
    memberships: memberships.map((row) => ({
      groupId: row.group_id as GroupId,
      userId: row.user_id as UserId,
    })),
    organizationalUnits: ous.map((row) => ({
      ouId: row.ou_id as OuId,
      name: row.name,
      parentId: row.parent_id as OuId | null,
      path: row.path as OuId[],
    })),
    accounts: accounts.map((row) => ({
      accountId: row.account_id as AccountId,
      name: row.name,
      state: row.state,
      ouPath: row.ou_path as OuId[],
      isManagement: row.is_management,
    })),
    permissionSets: permissionSets.map((row) => ({
      permissionSetArn: row.permission_set_arn as PermissionSetArn,
      name: row.name,
      description: row.description,
      sessionMinutes: row.session_minutes,
      inManagementAccount: row.in_management_account,
    })),
  }
}

/** A full reading, ready to be written. */
export interface PreparedSnapshot {
  readonly before: Replica
  readonly difference: DirectoryDifference
}

export async function prepareSnapshot(
  db: Kysely<Schema>,
  snapshot: DirectorySnapshot,
): Promise<PreparedSnapshot> {
  const before = await readReplica(db)
  return { before, difference: diffDirectory(before, snapshot) }
}

export interface ApplyOrder {
  readonly difference: DirectoryDifference
  /** When the reading began: whatever was read later by itself is newer. */
  readonly readAt: Date
  /** False while it is held: then nothing is removed. */
  readonly remove: boolean
}

interface AdditionOrder extends Pick<ApplyOrder, 'difference' | 'readAt'> {
  /** Throws if this reading may no longer be applied. */
  readonly hold: (tx: Transaction<Schema>) => Promise<void>
}

/** Additions of a first filling that one transaction would not carry. */
export async function addInParts(
  db: Kysely<Schema>,
  at: Date,
  { difference, readAt, hold }: AdditionOrder,
  options: ChangeOptions,
): Promise<void> {
  const { users, groups, memberships } = difference
  const part = (write: (c: Change) => Promise<void>) =>
    change(
      db,
      at,
      async (c) => {
        await hold(c.tx)
        await lockReplica(c.tx)
        await write(c)
        await raiseVersion(c.tx)
      },
      options,
    )
  for (const some of beyondOneTransaction<UserRead>(users.added)) {
    await part((c) => writeUsers(c.tx, some, readAt))
  }
  for (const some of beyondOneTransaction<GroupRead>(groups.added)) {
    await part((c) => writeGroups(c.tx, some))
  }
  for (const some of beyondOneTransaction<MembershipRead>(memberships.added)) {
    await part((c) => writeMemberships(c.tx, some, readAt))
  }
}

function* beyondOneTransaction<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  if (rows.length <= rowsPerTransactionMax) return
  for (let from = 0; from < rows.length; from += rowsPerTransactionMax) {
    yield rows.slice(from, from + rowsPerTransactionMax)
  }
}

const unlessInParts = <Row>(rows: readonly Row[]): readonly Row[] =>
  rows.length > rowsPerTransactionMax ? [] : rows

/** All the rest, in the caller's transaction. True if anything in the replica changed. */
export async function applyDifference(c: Change, order: ApplyOrder): Promise<boolean> {
  const { difference, readAt } = order
  await lockReplica(c.tx)
  await forgetTimesToCome(c.tx, { at: c.at, readAt, userId: null })
  await writeOus(c.tx, upserts(difference.organizationalUnits))
  await writeAccounts(c.tx, upserts(difference.accounts))
  await writePermissionSets(c.tx, upserts(difference.permissionSets))
  await writeGroups(c.tx, upserts(difference.groups))
  await writeUsers(c.tx, upserts(difference.users), readAt)
  await writeMemberships(c.tx, unlessInParts(difference.memberships.added), readAt)
  if (order.remove) await removeAll(c, difference, readAt)
  if (!changesAnything(difference, order.remove)) return false
  await raiseVersion(c.tx)
  await nudgeKeys(c, touchedBy(difference))
  return true
}

function upserts<Row>(of: { added: readonly Row[]; changed: readonly Row[] }): readonly Row[] {
  return [...unlessInParts(of.added), ...of.changed]
}

async function removeAll(c: Change, difference: DirectoryDifference, readAt: Date): Promise<void> {
  const { tx, at } = c
  const idsOf = <Row>(rows: readonly Row[], idOf: (row: Row) => string) => rows.map(idOf)
  const { users, groups, memberships, accounts, organizationalUnits, permissionSets } = difference
  await removeMemberships(tx, memberships.removed, readAt)
  await removeRows.users(
    tx,
    idsOf(users.removed, (row) => row.userId),
    { at, readAt },
  )
  await removeRows.groups(
    tx,
    idsOf(groups.removed, (row) => row.groupId),
    at,
  )
  await removeRows.accounts(
    tx,
    idsOf(accounts.removed, (row) => row.accountId),
    at,
  )
  await removeRows.ous(
    tx,
    idsOf(organizationalUnits.removed, (row) => row.ouId),
    at,
  )
  const arns = idsOf(permissionSets.removed, (row) => row.permissionSetArn)
  await removeRows.permissionSets(tx, arns, at)
}

function changesAnything(difference: DirectoryDifference, remove: boolean): boolean {
  return Object.values(difference).some(
    ({ added, changed, removed }) =>
      added.length + changed.length + (remove ? removed.length : 0) > 0,
  )
}

/** Whoever holds access through something that changed is thought about again. */
function touchedBy({ users, memberships, accounts, permissionSets }: DirectoryDifference) {
  const userIds = [users.changed, users.removed, memberships.added, memberships.removed]
  return {
    userIds: userIds.flatMap((rows) => rows.map((row) => row.userId)),
    accountIds: [...accounts.changed, ...accounts.removed].map((row) => row.accountId),
    permissionSetArns: [...permissionSets.changed, ...permissionSets.removed].map(
      (row) => row.permissionSetArn,
    ),
  }
}

export async function lockReplica(tx: Transaction<Schema>): Promise<void> {
  await tx.selectFrom('directory_version').select('version').forUpdate().execute()
}

export async function raiseVersion(tx: Transaction<Schema>): Promise<void> {
  await tx.updateTable('directory_version').set({ version: sql`version + 1` }).execute()
}
