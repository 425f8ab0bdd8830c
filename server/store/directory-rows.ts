/** The replica's statements: each takes many rows at once, as JSON, and touches no other. */
import { type RawBuilder, sql, type Transaction } from 'kysely'
import type {
  AccountRead,
  GroupRead,
  MembershipRead,
  OuRead,
  PermissionSetRead,
  UserRead,
} from './directory-snapshot.ts'
import type { Schema } from './schema.ts'

type Tx = Transaction<Schema>

const json = (rows: readonly object[]): RawBuilder<unknown> => sql`${JSON.stringify(rows)}::json`

/**
 * Who was read at a time that is still to come was read before the clock was set back. Were that
 * time kept, nothing that AWS says of them would be believed until the clock has come to it again.
 */
export async function forgetTimesToCome(
  tx: Tx,
  { at, readAt, userId }: { at: Date; readAt: Date; userId: string | null },
): Promise<void> {
  await sql`
    update directory_user set read_at = ${readAt}
    where read_at > ${at} and (${userId}::text is null or user_id = ${userId})`.execute(tx)
}

export async function writeUsers(tx: Tx, rows: readonly UserRead[], readAt: Date): Promise<void> {
  if (rows.length === 0) return
  await sql`
    insert into directory_user as u
        (user_id, user_name, display_name, email, enabled, read_at, gone_at)
      select "userId", "userName", "displayName", email, enabled, ${readAt}::timestamptz, null
      from json_to_recordset(${json(rows)}) as r(
        "userId" text, "userName" text, "displayName" text, email text, enabled boolean)
    on conflict (user_id) do update set
      user_name = excluded.user_name, display_name = excluded.display_name,
      email = excluded.email, enabled = excluded.enabled, read_at = excluded.read_at,
      gone_at = null
    where u.read_at <= excluded.read_at`.execute(tx)
}

export async function writeGroups(tx: Tx, rows: readonly GroupRead[]): Promise<void> {
  if (rows.length === 0) return
  await sql`
    insert into directory_group (group_id, display_name, gone_at)
      select "groupId", "displayName", null
      from json_to_recordset(${json(rows)}) as r("groupId" text, "displayName" text)
    on conflict (group_id) do update set
      display_name = excluded.display_name, gone_at = null`.execute(tx)
}

export async function writeMemberships(
  tx: Tx,
  rows: readonly MembershipRead[],
  readAt: Date,
): Promise<void> {
  if (rows.length === 0) return
  await sql`
    insert into directory_membership (group_id, user_id)
      select "groupId", "userId"
      from json_to_recordset(${json(rows)}) as r("groupId" text, "userId" text)
      join directory_user u on u.user_id = "userId" and u.read_at <= ${readAt}
    on conflict do nothing`.execute(tx)
}

export async function removeMemberships(
  tx: Tx,
  rows: readonly MembershipRead[],
  readAt: Date,
): Promise<void> {
  if (rows.length === 0) return
  await sql`
    delete from directory_membership m
    using json_to_recordset(${json(rows)}) as r("groupId" text, "userId" text)
    where m.group_id = "groupId" and m.user_id = "userId"
      and not exists (select from directory_user u
        where u.user_id = m.user_id and u.read_at > ${readAt})`.execute(tx)
}

export async function writeOus(tx: Tx, rows: readonly OuRead[]): Promise<void> {
  if (rows.length === 0) return
  await sql`
    insert into directory_ou (ou_id, name, parent_id, path, gone_at)
      select "ouId", name, "parentId", path, null
      from json_to_recordset(${json(rows)}) as r(
        "ouId" text, name text, "parentId" text, path text[])
    on conflict (ou_id) do update set
      name = excluded.name, parent_id = excluded.parent_id, path = excluded.path,
      gone_at = null`.execute(tx)
}

export async function writeAccounts(tx: Tx, rows: readonly AccountRead[]): Promise<void> {
  if (rows.length === 0) return
  await sql`
    insert into directory_account (account_id, name, state, ou_path, is_management, gone_at)
      select "accountId", name, state, "ouPath", "isManagement", null
      from json_to_recordset(${json(rows)}) as r(
        "accountId" text, name text, state text, "ouPath" text[], "isManagement" boolean)
    on conflict (account_id) do update set
      name = excluded.name, state = excluded.state, ou_path = excluded.ou_path,
      is_management = excluded.is_management, gone_at = null`.execute(tx)
}

/** The level stays: it comes from a set's contents, which are read at their own pace. */
export async function writePermissionSets(
  tx: Tx,
  rows: readonly PermissionSetRead[],
): Promise<void> {
  if (rows.length === 0) return
  await sql`
    insert into directory_permission_set (permission_set_arn, name, description, session_minutes,
        level, in_management_account, content_read_at, gone_at)
      select "permissionSetArn", name, description, "sessionMinutes", 'unknown',
        coalesce("inManagementAccount", false), null, null
      from json_to_recordset(${json(rows)}) as r(
        "permissionSetArn" text, name text, description text, "sessionMinutes" integer,
        "inManagementAccount" boolean)
    on conflict (permission_set_arn) do update set
      name = excluded.name, description = excluded.description,
      session_minutes = excluded.session_minutes,
      in_management_account = excluded.in_management_account, gone_at = null`.execute(tx)
}

async function markGone(
  tx: Tx,
  { table, column }: { table: string; column: string },
  ids: readonly string[],
  at: Date,
): Promise<void> {
  if (ids.length === 0) return
  await sql`
    update ${sql.table(table)} set gone_at = ${at}
    where ${sql.ref(column)} = any(${[...ids]}::text[]) and gone_at is null`.execute(tx)
}

/** Rows stay, so that old ids keep their names. */
export const removeRows = {
  async users(tx: Tx, ids: readonly string[], { at, readAt }: { at: Date; readAt: Date }) {
    if (ids.length === 0) return
    await sql`
      update directory_user set gone_at = ${at}, enabled = false, read_at = ${readAt}
      where user_id = any(${[...ids]}::text[]) and gone_at is null and read_at <= ${readAt}
      `.execute(tx)
  },
  groups: (tx: Tx, ids: readonly string[], at: Date) =>
    markGone(tx, { table: 'directory_group', column: 'group_id' }, ids, at),
  accounts: (tx: Tx, ids: readonly string[], at: Date) =>
    markGone(tx, { table: 'directory_account', column: 'account_id' }, ids, at),
  ous: (tx: Tx, ids: readonly string[], at: Date) =>
    markGone(tx, { table: 'directory_ou', column: 'ou_id' }, ids, at),
  permissionSets: (tx: Tx, ids: readonly string[], at: Date) =>
    markGone(tx, { table: 'directory_permission_set', column: 'permission_set_arn' }, ids, at),
}
