/** Lookings into a source of session logs, and what they found while it is kept. */
import { randomUUID } from 'node:crypto'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { RequestId } from '#core/ids.ts'
import { addMinutes } from '#core/window.ts'
import type { Change } from './change.ts'
import type { Schema, SessionLogCounts, SessionLogTable } from './schema.ts'

/** Raw records are kept so long after they were found (the domain's "Retention"). */
export const recordsKeptMinutes = 15
/** However it goes, nothing of it is kept longer than this. */
const keptAtMostMinutes = 45
/** Whoever asked shows by asking again that it is still wanted. */
const wantedMinutes = 2

export interface StoredLog {
  readonly id: string
  readonly requestId: RequestId
  /** Null: TEAM itself, for the summary. */
  readonly askedBy: string | null
  readonly state: SessionLogTable['state']
  readonly source: string
  readonly location: string
  readonly from: Date
  readonly to: Date
  readonly completeAt: Date | null
  readonly queryId: string | null
  readonly looks: number
  readonly askedAt: Date
  readonly startedAt: Date | null
  readonly wantedUntil: Date
  readonly finishedAt: Date | null
  readonly expiresAt: Date
  readonly failure: { readonly code: string; readonly message: string } | null
  readonly counts: SessionLogCounts | null
  readonly truncated: boolean
}

export type NewLog = Pick<
  StoredLog,
  'requestId' | 'askedBy' | 'source' | 'location' | 'from' | 'to' | 'completeAt'
>

/** Written and queued in one. */
export async function insertLog(change: Change, log: NewLog): Promise<string> {
  const id = randomUUID()
  const { at, tx } = change
  await tx
    .insertInto('session_log')
    .values({
      log_id: id,
      request_id: log.requestId,
      asked_by: log.askedBy,
      state: 'queued',
      source: log.source,
      location: log.location,
      window_from: log.from,
      window_to: log.to,
      complete_at: log.completeAt,
      asked_at: at,
      wanted_until: addMinutes(at, log.askedBy === null ? keptAtMostMinutes : wantedMinutes),
      expires_at: addMinutes(at, keptAtMostMinutes),
      failure: null,
      counts: null,
    })
    .execute()
  await queueStep(tx, { id, askedBy: log.askedBy }, 0)
  return id
}

/**
 * The next step, so many milliseconds from now on this machine's clock, by which the queue goes.
 * What people wait for comes before summaries.
 */
export async function queueStep(
  db: Kysely<Schema>,
  log: Pick<StoredLog, 'id' | 'askedBy'>,
  waitMs: number,
): Promise<void> {
  const priority = log.askedBy === null ? 10 : 0
  await sql`select enqueue_session_log(
    ${log.id}::uuid, ${new Date(Date.now() + waitMs)}::timestamptz, ${priority}::int)`.execute(db)
}

export async function loadLog(db: Kysely<Schema>, id: string): Promise<StoredLog | null> {
  const row = await db
    .selectFrom('session_log')
    .selectAll()
    .where('log_id', '=', id)
    .executeTakeFirst()
  return row ? logFromRow(row) : null
}

/** The newest that this person has of this request. */
export async function newestLogOf(
  db: Kysely<Schema>,
  requestId: RequestId,
  askedBy: string,
): Promise<StoredLog | null> {
  const row = await db
    .selectFrom('session_log')
    .selectAll()
    .where('request_id', '=', requestId)
    .where('asked_by', '=', askedBy)
    .orderBy('asked_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ? logFromRow(row) : null
}

function logFromRow(row: Selectable<SessionLogTable>): StoredLog {
  return {
    id: row.log_id,
    requestId: row.request_id as RequestId,
    askedBy: row.asked_by,
    state: row.state,
    source: row.source,
    location: row.location,
    from: row.window_from,
    to: row.window_to,
    completeAt: row.complete_at,
    queryId: row.query_id,
    looks: row.looks,
    askedAt: row.asked_at,
    startedAt: row.started_at,
    wantedUntil: row.wanted_until,
    finishedAt: row.finished_at,
    expiresAt: row.expires_at,
    failure: row.failure,
    counts: row.counts,
    truncated: row.truncated,
  }
}

/** No change of TEAM's state: it is kept alive, as a session is. */
export async function keepWanted(db: Kysely<Schema>, id: string, now: Date): Promise<void> {
  await db
    .updateTable('session_log')
    .set({ wanted_until: addMinutes(now, wantedMinutes) })
    .where('log_id', '=', id)
    .where('state', 'in', ['queued', 'running'])
    .execute()
}

export async function countRunning(db: Kysely<Schema>): Promise<number> {
  const row = await db
    .selectFrom('session_log')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('state', '=', 'running')
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** Over all requests. The table holds a quarter of an hour, so it is small. */
export async function countLogsOf(db: Kysely<Schema>, askedBy: string): Promise<number> {
  const row = await db
    .selectFrom('session_log')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('asked_by', '=', askedBy)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** Of TEAM itself. */
export async function countOpenSummaries(db: Kysely<Schema>): Promise<number> {
  const row = await db
    .selectFrom('session_log')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('state', 'in', ['queued', 'running'])
    .where('asked_by', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** False: it is not queued any more, and nobody knows of this query. */
export async function markRunning(
  db: Kysely<Schema>,
  id: string,
  started: { queryId: string; at: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('session_log')
    .set({ state: 'running', query_id: started.queryId, started_at: started.at, looks: 0 })
    .where('log_id', '=', id)
    .where('state', '=', 'queued')
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function countLook(db: Kysely<Schema>, id: string): Promise<void> {
  await db
    .updateTable('session_log')
    .set({ looks: sql`looks + 1` })
    .where('log_id', '=', id)
    .execute()
}

export async function markDone(
  change: Change,
  id: string,
  found: { counts: SessionLogCounts; truncated: boolean },
): Promise<boolean> {
  const { numUpdatedRows } = await change.tx
    .updateTable('session_log')
    .set({
      state: 'done',
      finished_at: change.at,
      expires_at: addMinutes(change.at, recordsKeptMinutes),
      counts: JSON.stringify(found.counts),
      truncated: found.truncated,
    })
    .where('log_id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function markFailed(
  change: Change,
  id: string,
  failure: { code: string; message: string },
): Promise<void> {
  await change.tx
    .updateTable('session_log')
    .set({
      state: 'failed',
      finished_at: change.at,
      expires_at: addMinutes(change.at, recordsKeptMinutes),
      failure: JSON.stringify(failure),
    })
    .where('log_id', '=', id)
    .where('state', 'in', ['queued', 'running'])
    .execute()
}

export async function deleteLog(db: Kysely<Schema>, id: string): Promise<void> {
  await db.deleteFrom('session_log').where('log_id', '=', id).execute()
}

/** With their records. */
export async function purgeLogs(db: Kysely<Schema>, now: Date, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from session_log where log_id = any(array(
      select log_id from session_log where expires_at <= ${now} limit ${limit}))`.execute(db)
  return Number(numAffectedRows ?? 0n)
}

export interface SealedEvent {
  readonly ordinal: number
  readonly readOnly: boolean
  readonly failed: boolean
  readonly sealed: string
}

const rowsAStatement = 200

/** Takes the place of what an earlier attempt wrote. */
export async function replaceEvents(
  db: Kysely<Schema>,
  id: string,
  events: readonly SealedEvent[],
): Promise<void> {
  await db.deleteFrom('session_log_event').where('log_id', '=', id).execute()
  for (let from = 0; from < events.length; from += rowsAStatement) {
    const rows = events.slice(from, from + rowsAStatement).map((event) => ({
      log_id: id,
      ordinal: event.ordinal,
      read_only: event.readOnly,
      failed: event.failed,
      sealed: event.sealed,
    }))
    await db.insertInto('session_log_event').values(rows).execute()
  }
}

export interface EventFilter {
  readonly readOnly?: boolean
  readonly failed?: boolean
  readonly after: number
}

/** In the order of their times; one more than the limit, so that the caller knows of more. */
export async function listEventsOfLog(
  db: Kysely<Schema>,
  id: string,
  filter: EventFilter,
  limit: number,
): Promise<SealedEvent[]> {
  let query = db
    .selectFrom('session_log_event')
    .select(['ordinal', 'read_only as readOnly', 'failed', 'sealed'])
    .where('log_id', '=', id)
    .where('ordinal', '>', filter.after)
  if (filter.readOnly !== undefined) query = query.where('read_only', '=', filter.readOnly)
  if (filter.failed !== undefined) query = query.where('failed', '=', filter.failed)
  return query
    .orderBy('ordinal')
    .limit(limit + 1)
    .execute()
}
