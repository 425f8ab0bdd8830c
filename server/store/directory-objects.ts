/** One account or permission set, read by itself, into the replica. */
import type { Kysely, Transaction } from 'kysely'
import type { AccountId, PermissionSetArn } from '#core/ids.ts'
import { type Change, change } from './change.ts'
import { lockReplica, raiseVersion } from './directory.ts'
import { nudgeKeys } from './directory-nudges.ts'
import { removeRows, writeAccounts, writePermissionSets } from './directory-rows.ts'
import type { AccountRead, PermissionSetRead } from './directory-snapshot.ts'
import type { Schema } from './schema.ts'

/** `found` null: AWS does not know it. */
export function applyAccount(
  db: Kysely<Schema>,
  at: Date,
  { accountId, found }: { accountId: AccountId; found: AccountRead | null },
): Promise<void> {
  return applied(db, at, async (c) => {
    if (found === null) await removeRows.accounts(c.tx, [accountId], at)
    else await writeAccounts(c.tx, [found])
    await nudgeKeys(c, { userIds: [], accountIds: [accountId], permissionSetArns: [] })
  })
}

export function applyPermissionSet(
  db: Kysely<Schema>,
  at: Date,
  { arn, found }: { arn: PermissionSetArn; found: PermissionSetRead | null },
): Promise<void> {
  return applied(db, at, async (c) => {
    if (found === null) await removeRows.permissionSets(c.tx, [arn], at)
    else {
      const row = await c.tx
        .selectFrom('directory_permission_set')
        .select('in_management_account')
        .where('permission_set_arn', '=', arn)
        .executeTakeFirst()
      const inManagementAccount = found.inManagementAccount ?? row?.in_management_account ?? false
      await writePermissionSets(c.tx, [{ ...found, inManagementAccount }])
    }
    await nudgeKeys(c, { userIds: [], accountIds: [], permissionSetArns: [arn] })
  })
}

function applied(db: Kysely<Schema>, at: Date, write: (c: Change) => Promise<void>): Promise<void> {
  return change(db, at, async (c) => {
    await lockReplica(c.tx)
    await write(c)
    await raiseVersion(c.tx)
  })
}

/** As the replica knows it; null: it does not. */
export async function sessionMinutesOf(
  tx: Transaction<Schema>,
  arn: PermissionSetArn,
): Promise<number | null> {
  const row = await tx
    .selectFrom('directory_permission_set')
    .select('session_minutes')
    .where('permission_set_arn', '=', arn)
    .executeTakeFirst()
  return row?.session_minutes ?? null
}
