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
import { brokenAt, eraseAction, eventObjectType, type Link, type StoredEvent } from './check.ts'
import { readEvents } from './read.ts'

export interface Verdict {
  readonly ok: boolean
  /** How many were found in order. */
  readonly events: number
  /** The hash that the trail ends with, hex. */
  readonly head: string
  /** The number of the first event that is missing or not as it was written. */
  readonly firstBroken?: number
}

/** A head that was noted outside the database at some time. */
export interface Anchor {
  readonly seq: number
  /** Hex. */
  readonly hash: string
}

export interface VerifyOptions {
  readonly anchors?: readonly Anchor[]
}

export async function verifyChain(
  db: Kysely<Schema>,
  options: VerifyOptions = {},
): Promise<Verdict> {
  const head = await readHead(db)
  const walk = startWalk(options.anchors ?? [])
  const seqMax = Math.max(head.seq, head.newest)
  for await (const batch of readEvents(db, { seqMax })) {
    if (!walk.take(batch)) break
  }
  const firstBroken = walk.end(head)
  const found = { events: walk.count(), head: head.hash.toString('hex') }
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

interface Walk {
  /** False once the chain is broken: what follows cannot be judged. */
  take(batch: readonly StoredEvent[]): boolean
  count(): number
  /** The first broken event, all in all. */
  end(head: Link): number | null
}

function startWalk(anchors: readonly Anchor[]): Walk {
  const anchored = new Map(anchors.map(({ seq, hash }) => [seq, hash.toLowerCase()]))
  const erased = new Set<number>()
  let previous: Link = { seq: 0, hash: genesisHash }
  let broken: number | null = null

  function accept(event: StoredEvent): boolean {
    broken = brokenAt(previous, event)
    if (broken === null && !matchesAnchor(event, anchored)) broken = event.seq
    if (broken !== null) return false
    previous = event
    if (event.payload === null) erased.add(event.seq)
    const { type, id } = event.object
    if (event.action === eraseAction && type === eventObjectType) erased.delete(Number(id))
    return true
  }

  return {
    take: (batch) => batch.every(accept),
    count: () => previous.seq,
    end(head) {
      const lost = [...anchored.keys()].some((seq) => seq > previous.seq)
      const isWhole = previous.seq === head.seq && previous.hash.equals(head.hash) && !lost
      if (broken !== null) return broken
      if (!isWhole) return Math.min(previous.seq, head.seq) + 1
      return erased.size === 0 ? null : Math.min(...erased)
    },
  }
}

function matchesAnchor(event: StoredEvent, anchored: ReadonlyMap<number, string>): boolean {
  const noted = anchored.get(event.seq)
  return noted === undefined || noted === event.hash.toString('hex')
}
