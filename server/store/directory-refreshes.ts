/** The rows that say when the directory was refreshed, by whom asked, and what came of it. */
import { randomUUID } from 'node:crypto'
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import { change, engineChannel } from './change.ts'
import type { DirectoryCounts, DirectoryRefreshTable, DirectoryRemovals, Schema } from './schema.ts'

type Db = Kysely<Schema> | Transaction<Schema>

export interface Refresh {
  readonly refreshId: string
  readonly state: DirectoryRefreshTable['state']
  readonly askedBy: string | null
  readonly startedAt: Date
  readonly finishedAt: Date | null
  readonly failure: string | null
  readonly removals: DirectoryRemovals | null
  readonly notes: readonly string[]
  readonly decidedBy: string | null
  readonly decidedAt: Date | null
}

export interface DirectoryStatus {
  readonly appliedAt: Date | null
  readonly counts: DirectoryCounts
  readonly latest: Refresh | null
}

/** Asks the leader for a refresh; the id of the one that waits already, if one does. */
export function queueRefresh(
  db: Kysely<Schema>,
  { askedBy, at }: { askedBy: string; at: Date },
): Promise<string> {
  return change(db, at, ({ tx }) => queueRefreshIn(tx, { askedBy, at }))
}

export async function queueRefreshIn(
  tx: Transaction<Schema>,
  { askedBy, at }: { askedBy: string; at: Date },
): Promise<string> {
  const { rows } = await sql<{ refresh_id: string }>`
    insert into directory_refresh (refresh_id, state, asked_by, started_at)
      values (${randomUUID()}, 'queued', ${askedBy}, ${at})
    on conflict (state) where state = 'queued' do update set state = 'queued'
    returning refresh_id`.execute(tx)
  await sql`select pg_notify(${engineChannel}, '')`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('a queued refresh has no row')
  return row.refresh_id
}

/**
 * Locked: the refresh that this id names, if it waits for a word and may still be accepted, or was
 * accepted and the word not used yet.
 */
export async function lockUndecided(
  tx: Transaction<Schema>,
  refreshId: string,
): Promise<(Refresh & { readonly removalsAreKnown: boolean }) | null> {
  const row = await tx
    .selectFrom('directory_refresh')
    .selectAll()
    .where('refresh_id', '=', refreshId)
    .where('state', 'in', ['held', 'accepted'])
    .where('used_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  return row ? { ...refreshOf(row), removalsAreKnown: row.removal_set_id !== null } : null
}

/** The word on one that waits. A later one that would remove the same waits for it no longer. */
export async function decideRefresh(
  tx: Transaction<Schema>,
  refreshId: string,
  word: { readonly state: 'accepted' | 'discarded'; readonly by: string; readonly at: Date },
): Promise<void> {
  await tx
    .updateTable('directory_refresh')
    .set({ state: word.state, decided_by: word.by, decided_at: word.at })
    .where('refresh_id', '=', refreshId)
    .execute()
  await discardHeld(tx)
}

/** What was held is of no interest any more. */
export async function discardHeld(tx: Transaction<Schema>): Promise<void> {
  await tx
    .updateTable('directory_refresh')
    .set({ state: 'discarded' })
    .where('state', '=', 'held')
    .execute()
}

/**
 * Makes the waiting refresh, or a new one, the one that runs. Only the leader does this, so one that
 * still runs belongs to a leader that died or lost the lead: it is over, and cannot be applied.
 */
export async function beginRefresh(tx: Transaction<Schema>, now: Date): Promise<Refresh> {
  await tx
    .updateTable('directory_refresh')
    .set({ state: 'failed', finished_at: now, failure: 'the copy that read it stopped' })
    .where('state', '=', 'running')
    .execute()
  const waiting = await tx
    .updateTable('directory_refresh')
    .set({ state: 'running', started_at: now })
    .where('state', '=', 'queued')
    .returningAll()
    .executeTakeFirst()
  if (waiting) return refreshOf(waiting)
  const made = await tx
    .insertInto('directory_refresh')
    .values({
      refresh_id: randomUUID(),
      state: 'running',
      asked_by: null,
      started_at: now,
      finished_at: null,
      counts: null,
      failure: null,
      removals: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return refreshOf(made)
}

export interface RefreshEnd {
  readonly state: 'applied' | 'failed' | 'held'
  readonly counts: DirectoryCounts | null
  readonly failure: string | null
  readonly removals: DirectoryRemovals | null
  readonly removalSetId?: number
  readonly notes: readonly string[]
}

/** False if it no longer runs: another leader has declared it over. */
export async function endRefresh(
  tx: Transaction<Schema>,
  refreshId: string,
  at: Date,
  end: RefreshEnd,
): Promise<boolean> {
  const ended = await tx
    .updateTable('directory_refresh')
    .set({
      state: end.state,
      finished_at: at,
      counts: end.counts && JSON.stringify(end.counts),
      failure: end.failure,
      removals: end.removals && JSON.stringify(end.removals),
      notes: [...end.notes],
      ...(end.removalSetId !== undefined && { removal_set_id: end.removalSetId }),
    })
    .where('refresh_id', '=', refreshId)
    .where('state', '=', 'running')
    .executeTakeFirst()
  if (end.state === 'applied') {
    await tx.updateTable('directory_version').set({ applied_at: at }).execute()
  }
  return ended.numUpdatedRows > 0n
}

/** Whether it still runs; if so, nobody can declare it over before this transaction ends. */
export async function holdRunning(tx: Transaction<Schema>, refreshId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('directory_refresh')
    .select('refresh_id')
    .where('refresh_id', '=', refreshId)
    .where('state', '=', 'running')
    .forShare()
    .executeTakeFirst()
  return row !== undefined
}

export async function hasQueuedRefresh(db: Db): Promise<boolean> {
  const row = await db
    .selectFrom('directory_refresh')
    .select('refresh_id')
    .where('state', '=', 'queued')
    .executeTakeFirst()
  return row !== undefined
}

export async function loadRefresh(db: Db, refreshId: string): Promise<Refresh | null> {
  const row = await db
    .selectFrom('directory_refresh')
    .selectAll()
    .where('refresh_id', '=', refreshId)
    .executeTakeFirst()
  return row ? refreshOf(row) : null
}

/** The newest that waits for an administrator's word, or whose word is not used yet. */
export async function heldRefresh(db: Db): Promise<Refresh | null> {
  const row = await db
    .selectFrom('directory_refresh')
    .selectAll()
    .where('state', 'in', ['held', 'accepted'])
    .where('used_at', 'is', null)
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ? refreshOf(row) : null
}

/** The latest that began, whatever came of it. */
export async function latestRefresh(db: Db): Promise<Refresh | null> {
  const row = await db
    .selectFrom('directory_refresh')
    .selectAll()
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ? refreshOf(row) : null
}

export async function directoryStatus(db: Kysely<Schema>): Promise<DirectoryStatus> {
  const { rows } = await sql<DirectoryCounts & { appliedAt: Date | null }>`
    select
      (select count(*) from directory_user where gone_at is null) as users,
      (select count(*) from directory_group where gone_at is null) as groups,
      (select count(*) from directory_membership) as memberships,
      (select count(*) from directory_ou where gone_at is null) as "organizationalUnits",
      (select count(*) from directory_account where gone_at is null) as accounts,
      (select count(*) from directory_permission_set where gone_at is null) as "permissionSets",
      (select applied_at from directory_version) as "appliedAt"`.execute(db)
  const [row] = rows
  if (!row) throw new Error('PostgreSQL counted nothing')
  const { appliedAt, ...counts } = row
  return { appliedAt, counts, latest: await latestRefresh(db) }
}

/** Seconds since the reading began on which the replica rests; null before the first. */
export async function directoryAgeSeconds(db: Kysely<Schema>, now: Date): Promise<number | null> {
  const row = await db
    .selectFrom('directory_refresh')
    .select('started_at')
    .where('state', '=', 'applied')
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ? Math.max(0, (now.getTime() - row.started_at.getTime()) / 1000) : null
}

const refreshesKeptDays = 30
const purgeRowsMax = 5_000

/** For a daily timer: old rows of no further interest; those that wait for a word stay. */
export async function purgeRefreshes(db: Kysely<Schema>, now: Date): Promise<number> {
  const cutoff = new Date(now.getTime() - refreshesKeptDays * 86_400_000)
  const purged = await db
    .deleteFrom('directory_refresh')
    .where('refresh_id', 'in', (old) =>
      old
        .selectFrom('directory_refresh')
        .select('refresh_id')
        .where('started_at', '<', cutoff)
        .where('state', 'in', ['applied', 'failed', 'accepted', 'discarded'])
        .limit(purgeRowsMax),
    )
    .executeTakeFirst()
  await sql`delete from removal_set s where not exists
    (select 1 from directory_refresh r where r.removal_set_id = s.removal_set_id)`.execute(db)
  return Number(purged.numDeletedRows)
}

function refreshOf(row: Selectable<DirectoryRefreshTable>): Refresh {
  return {
    refreshId: row.refresh_id,
    state: row.state,
    askedBy: row.asked_by,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    failure: row.failure,
    removals: row.removals,
    notes: row.notes,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at,
  }
}
