/** What held refreshes would remove, whole: an administrator's acceptance is of exactly that. */
import { createHash } from 'node:crypto'
import type { Kysely, Transaction } from 'kysely'
import type { AllRemovals } from './directory-snapshot.ts'
import type { Schema } from './schema.ts'

type Db = Kysely<Schema> | Transaction<Schema>

/** Readings that would remove the same share a row: one is held every five minutes. */
export async function rememberRemovals(
  tx: Transaction<Schema>,
  removals: AllRemovals,
): Promise<number> {
  const sorted = JSON.stringify(
    Object.entries(removals)
      .map(([kind, ids]) => [kind, ids.toSorted()] as const)
      .toSorted(([one], [other]) => (one < other ? -1 : 1)),
  )
  const digest = createHash('sha256').update(sorted).digest()
  const row = await tx
    .insertInto('removal_set')
    .values({ digest, removals: JSON.stringify(removals) })
    .onConflict((conflict) => conflict.column('digest').doUpdateSet({ digest }))
    .returning('removal_set_id')
    .executeTakeFirstOrThrow()
  return row.removal_set_id
}

const acceptedForMs = 60 * 60_000

export interface Acceptance {
  readonly refreshId: string
  readonly by: string
  readonly removals: AllRemovals
}

/**
 * The word that may be applied to a reading that began then: given before it began, at most an hour
 * ago, and not used yet.
 */
export async function acceptanceFor(db: Db, readingSince: Date): Promise<Acceptance | null> {
  const row = await db
    .selectFrom('directory_refresh as r')
    .innerJoin('removal_set as s', 's.removal_set_id', 'r.removal_set_id')
    .select(['r.refresh_id', 'r.decided_by', 's.removals'])
    .where('r.state', '=', 'accepted')
    .where('r.used_at', 'is', null)
    .where('r.decided_at', '<=', readingSince)
    .where('r.decided_at', '>', new Date(readingSince.getTime() - acceptedForMs))
    .orderBy('r.decided_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!row) return null
  return { refreshId: row.refresh_id, by: row.decided_by ?? '', removals: row.removals }
}

/** False if it was taken back, or used, meanwhile. */
export async function spendAcceptance(
  tx: Transaction<Schema>,
  refreshId: string,
  at: Date,
): Promise<boolean> {
  const used = await tx
    .updateTable('directory_refresh')
    .set({ used_at: at })
    .where('refresh_id', '=', refreshId)
    .where('state', '=', 'accepted')
    .where('used_at', 'is', null)
    .executeTakeFirst()
  return used.numUpdatedRows > 0n
}
