/**
 * What changed, in the order of commits, for open screens. A listener is woken by NOTIFY and reads
 * on from the number it had; rows are kept for as long as a browser may be away and come back.
 */
import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

export interface FeedEvent {
  readonly seq: number
  readonly type: string
  readonly id: string
  readonly version: number
}

export async function feedAfter(
  db: Kysely<Schema>,
  seq: number,
  limit: number,
): Promise<FeedEvent[]> {
  return db
    .selectFrom('change_feed')
    .select(['seq', 'object_type as type', 'object_id as id', 'version'])
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(limit)
    .execute()
}

export async function latestFeedSeq(db: Kysely<Schema>): Promise<number> {
  const row = await db
    .selectFrom('change_feed')
    .select((eb) => eb.fn.max<number | null>('seq').as('seq'))
    .executeTakeFirst()
  return row?.seq ?? 0
}
