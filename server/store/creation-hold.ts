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
