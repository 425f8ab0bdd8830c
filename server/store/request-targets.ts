import { type Kysely, sql } from 'kysely'
import type { AccountId, PermissionSetArn, Target } from '#core/ids.ts'
import { rowsOfPrepared } from './prepared.ts'
import type { Schema } from './schema.ts'

export interface KnownTarget {
  readonly targetId: number
  readonly target: Target
}

/** Targets that were ever asked for, from that id on, but for those that are known. */
export async function requestTargetsFrom(
  db: Kysely<Schema>,
  targetId: number,
  known: readonly number[],
): Promise<KnownTarget[]> {
  const query = db
    .selectFrom('request_target')
    .select(['target_id', 'account_id', 'permission_set_arn'])
    .where('target_id', '>=', targetId)
    .where(sql<boolean>`target_id <> all(${[...known]}::bigint[])`)
    .orderBy('target_id')
  const rows = await rowsOfPrepared(db, query)
  return rows.map((row) => ({
    targetId: row.target_id,
    target: {
      accountId: row.account_id as AccountId,
      permissionSetArn: row.permission_set_arn as PermissionSetArn,
    },
  }))
}
