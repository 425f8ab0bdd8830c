import { type Kysely, sql } from 'kysely'
import { type EventFilter, matchesFilter } from '#server/store/events.ts'
import type { Schema } from '#server/store/schema.ts'
import type { StoredEvent } from './check.ts'

export interface EventRange {
  readonly filter?: EventFilter
  readonly seqMax: number
}

export const eventsPerBatch = 1_000

/**
 * Events in order, a batch at a time, each batch a statement of its own: the table only grows, so
 * nothing is gained by holding a snapshot while a slow reader takes its time.
 */
export async function* readEvents(
  db: Kysely<Schema>,
  { filter = {}, seqMax }: EventRange,
): AsyncGenerator<StoredEvent[]> {
  let after: string | null = null
  for (;;) {
    const rows: EventRow[] = await selectBatch(db, filter, { after, seqMax })
    if (rows.length > 0) yield rows.map(eventOf)
    const last = rows.at(-1)
    if (last === undefined || rows.length < eventsPerBatch) return
    after = last.seq
  }
}

type EventRow = Awaited<ReturnType<typeof selectBatch>>[number]

/** Numbers and times as text: what somebody altered may be beyond what a number or a Date holds. */
function selectBatch(
  db: Kysely<Schema>,
  filter: EventFilter,
  range: { readonly after: string | null; readonly seqMax: number },
) {
  let query = db
    .selectFrom('audit_event')
    .select([
      sql<string>`seq::text`.as('seq'),
      sql<string>`to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as('at'),
      sql<string>`actor_type`.as('actor_type'),
      'actor_id',
      'actor_name',
      'action',
      'object_type',
      'object_id',
      'result',
      'payload',
      'salt',
      'payload_hash',
      'previous_hash',
      'hash',
    ])
    .where(matchesFilter(filter))
    .where('audit_event.seq', '<=', range.seqMax)
    .orderBy('audit_event.seq')
    .limit(eventsPerBatch)
  if (range.after !== null) {
    query = query.where('audit_event.seq', '>', sql<number>`${range.after}::bigint`)
  }
  return query.execute()
}

function eventOf(row: EventRow): StoredEvent {
  return {
    seq: Number(row.seq),
    at: wholeMilliseconds(row.at),
    actor: { type: row.actor_type, id: row.actor_id, name: row.actor_name },
    action: row.action,
    object: { type: row.object_type, id: row.object_id },
    result: row.result,
    payload: row.payload,
    salt: row.salt,
    payloadHash: row.payload_hash,
    previousHash: row.previous_hash,
    hash: row.hash,
  }
}

function wholeMilliseconds(text: string): Date | null {
  const [, milliseconds] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})000Z$/.exec(text) ?? []
  return milliseconds === undefined ? null : new Date(`${milliseconds}Z`)
}
