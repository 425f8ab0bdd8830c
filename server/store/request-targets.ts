import { type Kysely, sql } from 'kysely'
import type { AccountId, PermissionSetArn, Target } from '#core/ids.ts'
import { preparedOnce } from './prepared.ts'
import type { Schema } from './schema.ts'

export interface KnownTarget {
  readonly targetId: number
  readonly target: Target
}

/** Targets that were ever asked for: those beyond a number, and whichever of these numbers there are. */
export async function requestTargetsBeyond(
  db: Kysely<Schema>,
  number: number,
  among: readonly number[],
): Promise<KnownTarget[]> {
  const rows = await targetRows(db, number, among)
  return rows.map((row) => ({
    targetId: row.target_id,
    target: {
      accountId: row.account_id as AccountId,
      permissionSetArn: row.permission_set_arn as PermissionSetArn,
    },
  }))
}

const targetRows = preparedOnce((db, number: number, among: readonly number[]) =>
  db
    .selectFrom('request_target')
    .select(['target_id', 'account_id', 'permission_set_arn'])
    .where(sql<boolean>`(target_id > ${number} or target_id = any(${among}::bigint[]))`)
    .orderBy('target_id'),
)
