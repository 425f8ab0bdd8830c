/** When the leader's loop last went round, so that any copy can say so. */
import { type Kysely, sql } from 'kysely'
import type { Schema } from './schema.ts'

export interface EnginePass {
  readonly epoch: number
  readonly leadsSince: Date
  readonly passedAt: Date
}

/** An older leader never writes over a newer one. */
export async function markPass(
  db: Kysely<Schema>,
  { epoch, at }: { readonly epoch: number; readonly at: Date },
): Promise<void> {
  await sql`
    insert into engine_pass as pass (epoch, leads_since, passed_at) values (${epoch}, ${at}, ${at})
    on conflict (only_row) do update set
      epoch = excluded.epoch, passed_at = excluded.passed_at,
      leads_since = case when pass.epoch = excluded.epoch then pass.leads_since
        else excluded.leads_since end
    where pass.epoch <= excluded.epoch`.execute(db)
}

export async function readPass(db: Kysely<Schema>): Promise<EnginePass | null> {
  const row = await db.selectFrom('engine_pass').selectAll().executeTakeFirst()
  return row ? { epoch: row.epoch, leadsSince: row.leads_since, passedAt: row.passed_at } : null
}
