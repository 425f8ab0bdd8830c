/**
 * What was done with a grant, in numbers: gathered once, when nothing more can happen under it and
 * the trail has had time to tell. A grant without it is "not recorded", which is not the same as
 * not used.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { GrantId, RequestId } from '#core/ids.ts'
import { summaryAfterMinutes } from '#core/session-log.ts'
import { addMinutes, sessionMinutesAssumed } from '#core/window.ts'
import type { Change } from './change.ts'
import type { Schema, UseSummaryRow } from './schema.ts'

export interface GrantUse {
  /** By name of the service, such as `s3.amazonaws.com`. */
  readonly services: readonly {
    readonly service: string
    readonly reads: number
    readonly writes: number
  }[]
  readonly reads: number
  readonly writes: number
  readonly errors: number
  /** Null: not used at all. */
  readonly lastUsedAt: Date | null
  /** When it was gathered. */
  readonly readAt: Date
  readonly source: string
  /** There was more than a query answers, so the numbers are the least that it was. */
  readonly truncated: boolean
}

/** Of the column `access_grant.use_summary`. */
export function grantUseOf(row: UseSummaryRow): GrantUse {
  const { lastUsedAt, readAt, ...rest } = row
  return {
    ...rest,
    lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt),
    readAt: new Date(readAt),
  }
}

/** Written once. */
export async function recordUse(
  change: Change,
  requestId: RequestId,
  use: Omit<GrantUse, 'readAt'>,
): Promise<void> {
  const row: UseSummaryRow = {
    ...use,
    services: [...use.services],
    lastUsedAt: use.lastUsedAt?.toISOString() ?? null,
    readAt: change.at.toISOString(),
  }
  const { numUpdatedRows } = await change.tx
    .updateTable('access_grant')
    .set({ use_due_at: null, use_summary: JSON.stringify(row) })
    .where('request_id', '=', requestId)
    .where('use_summary', 'is', null)
    .executeTakeFirst()
  // Open pages show it; it is no event, because nothing of what is allowed has changed.
  if (numUpdatedRows > 0n) change.changed('request', requestId)
}

/**
 * Of a grant that is over now: when its summary may be gathered, as a value for its row. Nothing is
 * due of one that never began.
 */
export function dueOfUse(end: {
  readonly goneAt: Date
  readonly goesOn: boolean
}): RawBuilder<Date | null> {
  const { goneAt, goesOn } = end
  const sessions = goesOn ? sql`0` : sql`coalesce(session_minutes, ${sessionMinutesAssumed}::int)`
  return sql`case when intent_at is null and granted_at is null then null
    else ${goneAt}::timestamptz
      + make_interval(mins => ${sessions} + ${summaryAfterMinutes}::int) end`
}

/** Minutes until the next attempt after the first, second … that failed; then never again. */
const againAfterMinutes = [60, 6 * 60, 24 * 60, 48 * 60]

export async function postponeUse(change: Change, requestId: RequestId): Promise<void> {
  const row = await change.tx
    .selectFrom('access_grant')
    .select('use_attempts')
    .where('request_id', '=', requestId)
    .where('use_due_at', 'is not', null)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) return
  const wait = againAfterMinutes[row.use_attempts]
  await change.tx
    .updateTable('access_grant')
    .set({
      use_attempts: row.use_attempts + 1,
      use_due_at: wait === undefined ? null : addMinutes(change.at, wait),
    })
    .where('request_id', '=', requestId)
    .execute()
}

export interface DueUse {
  readonly grantId: GrantId
  readonly requestId: RequestId
}

/**
 * Takes the grants that have been due longest; whoever takes them has an hour before they are due
 * again. Rows that somebody holds are left to them.
 */
export async function takeDueUses(change: Change, limit: number): Promise<DueUse[]> {
  const { rows } = await sql<DueUse>`
    update access_grant set use_due_at = ${addMinutes(change.at, 60)}
    where grant_id in (
      select grant_id from access_grant where use_due_at <= ${change.at}
      order by use_due_at limit ${limit} for update skip locked
    )
    returning grant_id as "grantId", request_id as "requestId"`.execute(change.tx)
  return rows
}

/** While no source is set nothing is gathered, and nothing is kept waiting for one. */
export async function dropDueUses(db: Kysely<Schema>, now: Date, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    update access_grant set use_due_at = null
    where grant_id in (
      select grant_id from access_grant where use_due_at <= ${now}
      order by use_due_at limit ${limit} for update skip locked
    )`.execute(db)
  return Number(numAffectedRows ?? 0n)
}
