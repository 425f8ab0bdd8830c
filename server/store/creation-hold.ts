/** While TEAM is held after a restore, it gives no access (the domain's promise 10). */
import type { Kysely, Transaction } from 'kysely'
import type { Schema } from './schema.ts'

export interface CreationHold {
  readonly reason: string
  readonly since: Date
}

export async function loadCreationHold(
  db: Kysely<Schema> | Transaction<Schema>,
): Promise<CreationHold | null> {
  const row = await db.selectFrom('creation_hold').select(['reason', 'since']).executeTakeFirst()
  return row ?? null
}

/** False if TEAM was held already. */
export async function holdCreations(
  tx: Transaction<Schema>,
  { reason, since }: CreationHold,
): Promise<boolean> {
  const held = await tx
    .insertInto('creation_hold')
    .values({ reason, since })
    .onConflict((conflict) => conflict.column('only_row').doNothing())
    .executeTakeFirst()
  return (held.numInsertedOrUpdatedRows ?? 0n) > 0n
}

export async function liftHold(tx: Transaction<Schema>): Promise<void> {
  await tx.deleteFrom('creation_hold').execute()
}
