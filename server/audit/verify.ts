/**
 * Goes through the whole trail and computes every hash again.
 *
 * Found: an altered payload, an altered header, an event taken out, put in or moved, events taken
 * off the end (the head, which every append updates, is then ahead), events beyond the head, and a
 * payload that was erased without an event saying so. Whoever can rewrite the table *and* the head
 * can shorten the trail without a trace inside the database: for that there are anchors, heads that
 * were logged outside it (anchor.ts).
 */
import { type Kysely, sql } from 'kysely'
import type { Schema } from '#server/store/schema.ts'
import { genesisHash } from './chain.ts'
import type { Link } from './check.ts'
import { readEvents } from './read.ts'
import { startWalk, type Walk, type WalkOptions } from './walk.ts'

export interface Verdict {
  readonly ok: boolean
  /** How many were found in order. */
  readonly events: number
  /** The hash that the trail ends with, hex. */
  readonly head: string
  /** The number of the first event that is missing or not as it was written. */
  readonly firstBroken?: number
  /** Retention has cut what was before this event; absent: nothing was cut. */
  readonly firstKept?: number
}

export async function verifyChain(
  db: Kysely<Schema>,
  options: Pick<WalkOptions, 'anchors'> = {},
): Promise<Verdict> {
  const steps = verifySteps(db, options)
  for (;;) {
    const step = await steps.next()
    if (step.done === true) return step.value
  }
}

/**
 * The same in steps, a batch of events each: whoever waits can be told that something is done, and
 * whoever goes away ends it. Nothing is held between two batches.
 */
export async function* verifySteps(
  db: Kysely<Schema>,
  options: Pick<WalkOptions, 'anchors'> = {},
): AsyncGenerator<number, Verdict> {
  const head = await readHead(db)
  const walk = startWalk(options)
  const seqMax = Math.max(head.seq, head.newest)
  for await (const batch of readEvents(db, { seqMax })) {
    if (!walk.take(batch)) break
    yield walk.count()
  }
  return verdictOf(walk, head, head.hash)
}

export function verdictOf(walk: Walk, head: Link | null, headHash: Buffer): Verdict {
  const firstBroken = walk.end(head)
  const first = walk.first()
  const found = {
    events: walk.count(),
    head: headHash.toString('hex'),
    ...(first > 1 && { firstKept: first }),
  }
  return firstBroken === null ? { ok: true, ...found } : { ok: false, ...found, firstBroken }
}

interface Head extends Link {
  /** The highest number in the table; the head's own, unless somebody tampered. */
  readonly newest: number
}

/** One statement, so one snapshot: events appended later belong to the next verification. */
async function readHead(db: Kysely<Schema>): Promise<Head> {
  const row = await db
    .selectFrom('audit_head')
    .select([
      sql<string>`audit_head.seq::text`.as('seq'),
      'audit_head.hash',
      sql<string>`(select coalesce(max(e.seq), 0)::text from audit_event as e)`.as('newest'),
    ])
    .executeTakeFirst()
  if (row === undefined) return { seq: 0, hash: genesisHash, newest: Number.MAX_SAFE_INTEGER }
  const inRange = (text: string) => Math.min(Number(text), Number.MAX_SAFE_INTEGER)
  return { seq: inRange(row.seq), hash: row.hash, newest: inRange(row.newest) }
}
