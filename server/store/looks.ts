/** What looks at targets showed, shared by everybody for a minute (the domain's promise 5). */
import { type Kysely, sql } from 'kysely'
import type { GroupId, Key, Target, UserId } from '#core/ids.ts'
import type { Schema } from './schema.ts'

export interface Look {
  readonly lookedAt: Date
  readonly userIds: ReadonlySet<UserId>
  readonly groupIds: ReadonlySet<GroupId>
}

/** For each target in turn what was seen there; null: nothing, or longer ago. */
export async function loadLooks(
  db: Kysely<Schema>,
  targets: readonly Target[],
  notBefore: Date,
): Promise<(Look | null)[]> {
  const rows = await db
    .selectFrom('target_look')
    .selectAll()
    .where(
      sql<boolean>`(account_id, permission_set_arn) in (select * from unnest(
        ${targets.map(({ accountId }) => accountId)}::text[],
        ${targets.map(({ permissionSetArn }) => permissionSetArn)}::text[]))`,
    )
    .where('looked_at', '>=', notBefore)
    .execute()
  return targets.map(({ accountId, permissionSetArn }) => {
    const row = rows.find(
      (one) => one.account_id === accountId && one.permission_set_arn === permissionSetArn,
    )
    if (row === undefined) return null
    return {
      lookedAt: row.looked_at,
      userIds: new Set(row.user_ids as UserId[]),
      groupIds: new Set(row.group_ids as GroupId[]),
    }
  })
}

export async function loadLook(
  db: Kysely<Schema>,
  target: Target,
  notBefore: Date,
): Promise<Look | null> {
  const [look] = await loadLooks(db, [target], notBefore)
  return look ?? null
}

/** An older look never replaces a newer one. */
export async function saveLook(db: Kysely<Schema>, target: Target, look: Look): Promise<void> {
  const seen = {
    looked_at: look.lookedAt,
    user_ids: [...look.userIds],
    group_ids: [...look.groupIds],
  }
  await db
    .insertInto('target_look')
    .values({
      account_id: target.accountId,
      permission_set_arn: target.permissionSetArn,
      ...seen,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['account_id', 'permission_set_arn'])
        .doUpdateSet(seen)
        .where('target_look.looked_at', '<', look.lookedAt),
    )
    .execute()
}

export interface LedgerClaim {
  readonly held: boolean
  readonly presence: 'absent' | 'present' | 'unknown'
  readonly confirmedAt: Date | null
}

/** What the ledger says of a key; null: TEAM never had to do with it. */
export async function ledgerClaim(db: Kysely<Schema>, key: Key): Promise<LedgerClaim | null> {
  const row = await db
    .selectFrom('ledger_key')
    .select(['held', 'presence', 'confirmed_at as confirmedAt'])
    .where('user_id', '=', key.userId)
    .where('account_id', '=', key.accountId)
    .where('permission_set_arn', '=', key.permissionSetArn)
    .executeTakeFirst()
  return row ?? null
}
