/** What was taken over before: the trail says so, and it is not taken over again. */
import { type Kysely, sql } from 'kysely'
import type { Schema } from '#server/store/schema.ts'

export const rowObject = 'sample-row'
export const pastRequestObject = 'past-request'

export async function loadTaken(
  db: Kysely<Schema>,
  ids: readonly string[],
): Promise<Map<string, Date>> {
  const rows = await eventsAbout(db, rowObject, ids)
  return new Map(rows.map(({ object_id, at }) => [object_id, at]))
}

export async function pastRequestsTaken(
  db: Kysely<Schema>,
  ids: readonly string[],
): Promise<Set<string>> {
  const rows = await eventsAbout(db, pastRequestObject, ids)
  return new Set(rows.map(({ object_id }) => object_id))
}

function eventsAbout(db: Kysely<Schema>, type: string, ids: readonly string[]) {
  return db
    .selectFrom('audit_event')
    .select(['object_id', 'at'])
    .where('object_type', '=', type)
    .where('object_id', '=', sql<string>`any(${[...ids]}::text[])`)
    .execute()
}
