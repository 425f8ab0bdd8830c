/** Events as a file; docs/reference/audit-format.md describes it. */
import type { Kysely } from 'kysely'
import type { Columns } from '#server/http/csv.ts'
import type { EventFilter } from '#server/store/events.ts'
import type { Schema } from '#server/store/schema.ts'
import type { StoredEvent } from './check.ts'
import { atText, eventLine } from './lines.ts'
import { readEvents } from './read.ts'

export const eventColumns: Columns<StoredEvent> = {
  seq: ({ seq }) => seq,
  at: atText,
  actorType: ({ actor }) => actor.type,
  actorId: ({ actor }) => actor.id,
  actorName: ({ actor }) => actor.name,
  action: ({ action }) => action,
  objectType: ({ object }) => object.type,
  objectId: ({ object }) => object.id,
  result: ({ result }) => result,
  payload: ({ payload }) => payload,
  salt: ({ salt }) => salt?.toString('hex') ?? null,
  payloadHash: ({ payloadHash }) => payloadHash.toString('hex'),
  previousHash: ({ previousHash }) => previousHash.toString('hex'),
  hash: ({ hash }) => hash.toString('hex'),
}

/** The trail up to now, a batch at a time. */
export async function* exportedEvents(
  db: Kysely<Schema>,
  filter: EventFilter = {},
): AsyncGenerator<StoredEvent[]> {
  const head = await db.selectFrom('audit_head').select('seq').executeTakeFirstOrThrow()
  yield* readEvents(db, { filter, seqMax: head.seq })
}

export async function* eventLines(
  batches: AsyncIterable<readonly StoredEvent[]>,
): AsyncGenerator<string> {
  for await (const batch of batches) {
    yield batch.map((event) => `${eventLine(event)}\n`).join('')
  }
}
