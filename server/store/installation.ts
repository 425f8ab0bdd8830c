import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** Names this database beside the files that are kept outside it; a restored one has the same. */
export async function installationId(db: Kysely<Schema>): Promise<string> {
  await db
    .insertInto('installation')
    .values({ installation_id: randomUUID() })
    .onConflict((conflict) => conflict.column('only_row').doNothing())
    .execute()
  const row = await db
    .selectFrom('installation')
    .select('installation_id')
    .executeTakeFirstOrThrow()
  return row.installation_id
}
