/**
 * Requests and events are kept for seven years (the domain's "Retention"); then they go, in bites,
 * each one transaction with the event that says what went.
 *
 * Requests go one by one, with their grant, decisions, intents and notices, once nothing points at
 * them any more: what extends or covers another goes later. Events go from the beginning of the chain
 * only, up to the first that is too young or that a legal hold keeps: `audit.cut` keeps the hash of
 * the last one, so what is left verifies by itself.
 *
 * The application's role cannot delete events: this runs on the owner's connection.
 */
import { type Kysely, sql } from 'kysely'
import { type Change, change, systemActor } from '#server/store/change.ts'
import { keepHoldsAsTheyAre, type OpenHolds, openHolds } from '#server/store/legal-holds.ts'
import type { Schema } from '#server/store/schema.ts'
import { cutAction, eventObjectType } from './check.ts'
import { keptYears, yearsBefore } from './walk.ts'

/** Whatever points at a request and goes with it, the grant last: a test asks the database. */
export const tablesOfRequests = [
  'notice',
  'decision',
  'review',
  'request_state_change',
  'intent',
  'session_log',
  'spared_grant',
  'access_grant',
] as const

const requestsABite = 200
const eventsABite = 5_000
/** What is left over waits for the next run. */
const bitesMax = 400

export interface Removed {
  readonly requests: number
  readonly events: number
}

export async function applyRetention(owner: Kysely<Schema>, now: Date): Promise<Removed> {
  const before = yearsBefore(now, keptYears)
  const requests = await inBites(() => removeRequests(owner, now, before))
  const events = await inBites(() => cutEvents(owner, now, before))
  return { requests, events }
}

async function inBites(bite: () => Promise<number>): Promise<number> {
  let removed = 0
  for (let count = 0; count < bitesMax; count += 1) {
    const rows = await bite()
    if (rows === 0) break
    removed += rows
  }
  return removed
}

async function removeRequests(owner: Kysely<Schema>, now: Date, before: Date): Promise<number> {
  return change(owner, now, async (c) => {
    await keepHoldsAsTheyAre(c.tx)
    const holds = await openHolds(c.tx)
    if (holds.all) return 0
    const ids = await removableRequests(c, before, holds)
    if (ids.length === 0) return 0
    for (const table of tablesOfRequests) {
      await sql`delete from ${sql.table(table)} where request_id = any(${ids}::uuid[])`.execute(
        c.tx,
      )
    }
    await sql`delete from request where request_id = any(${ids}::uuid[])`.execute(c.tx)
    c.event({
      actor: systemActor,
      action: 'retention.remove',
      object: { type: 'installation', id: 'requests' },
      payload: { requests: ids.length, before: before.toISOString() },
    })
    return ids.length
  })
}

/** Over for as long, of nobody who is held, and nothing that stays points at them. */
async function removableRequests(
  c: Change,
  before: Date,
  { userIds }: OpenHolds,
): Promise<string[]> {
  const { rows } = await sql<{ request_id: string }>`
    select r.request_id from request r left join access_grant g on g.request_id = r.request_id
    where r.created_at < ${before} and r.updated_at < ${before}
      and r.status not in ('pending', 'scheduled', 'activating', 'active', 'ending')
      and coalesce(g.over_at < ${before}, true)
      and r.requester_id <> all(${[...userIds]}::text[])
      and not exists (select from request e where e.extends_request_id = r.request_id)
      and not exists (select from access_grant o where o.covered_by = g.grant_id)
      and not exists (select from access_grant o where o.extends_grant_id = g.grant_id)
    order by r.created_at limit ${requestsABite}
    for update of r`.execute(c.tx)
  return rows.map(({ request_id }) => request_id)
}

async function cutEvents(owner: Kysely<Schema>, now: Date, before: Date): Promise<number> {
  return change(owner, now, async (c) => {
    await keepHoldsAsTheyAre(c.tx)
    const holds = await openHolds(c.tx)
    if (holds.all) return 0
    const last = await lastToCut(c, before, holds)
    if (last === null) return 0
    const { numAffectedRows } = await sql`delete from audit_event where seq <= ${last.seq}`.execute(
      c.tx,
    )
    const events = Number(numAffectedRows ?? 0n)
    c.event({
      actor: systemActor,
      action: cutAction,
      object: { type: eventObjectType, id: String(last.seq) },
      payload: { hash: last.hash.toString('hex'), events, before: before.toISOString() },
    })
    return events
  })
}

/** The last of the first few thousand before anything that stays. */
async function lastToCut(c: Change, before: Date, { userIds }: OpenHolds) {
  const { rows } = await sql<{ seq: number; hash: Buffer; stays: boolean }>`
    select seq, hash, (at >= ${before}
      or actor_id = any(${[...userIds]}::text[])
      or object_type = 'user' and object_id = any(${[...userIds]}::text[])
      or object_type = 'request' and object_id in (select request_id::text from request
        where requester_id = any(${[...userIds]}::text[]))) as stays
    from audit_event order by seq limit ${eventsABite}`.execute(c.tx)
  const first = rows.findIndex(({ stays }) => stays)
  return rows[(first === -1 ? rows.length : first) - 1] ?? null
}
