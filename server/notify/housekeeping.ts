/** What is thrown away when its time is over, in bites that fit the time limit of a statement. */
import { type Kysely, sql } from 'kysely'
import { closeRefusedSignInHours } from '#server/audit/refused-sign-ins.ts'
import type { Schema } from '#server/store/schema.ts'
import { purgeLogs } from '#server/store/session-logs.ts'
import { purgeSignIns } from '#server/store/sessions.ts'

const hourMs = 3_600_000

export const kept = {
  idempotencyKeysHours: 24,
  changeFeedHours: 24,
  looksHours: 1,
  slackInteractionsHours: 1,
  noticesHours: 90 * 24,
} as const

const rowsABite = 1_000
/** What is left over waits for the next run. */
const bitesMax = 500

type Old = 'slack_interaction_once' | 'idempotency_key' | 'change_feed' | 'target_look' | 'notice'

export type Housekeeping = (db: Kysely<Schema>, now: Date) => Promise<unknown>

export const closeRefusedSignIns: Housekeeping = closeRefusedSignInHours

export const purgePeopleAtTheDoor: Housekeeping = (db, now) =>
  inBites(async () => {
    const { sessions, assertions } = await purgeSignIns(db, now)
    return Math.max(sessions, assertions)
  })

export const purgeIdempotencyKeys: Housekeeping = (db, now) =>
  purge(db, 'idempotency_key', 'created_at', hoursBefore(now, kept.idempotencyKeysHours))

export const purgeChangeFeed: Housekeeping = (db, now) =>
  purge(db, 'change_feed', 'at', hoursBefore(now, kept.changeFeedHours))

export const purgeLooks: Housekeeping = (db, now) =>
  purge(db, 'target_look', 'looked_at', hoursBefore(now, kept.looksHours))

export const purgeSlackInteractions: Housekeeping = (db, now) =>
  purge(db, 'slack_interaction_once', 'received_at', hoursBefore(now, kept.slackInteractionsHours))

/** What is still to be sent is kept, however old. */
export const purgeNotices: Housekeeping = (db, now) =>
  purge(db, 'notice', 'created_at', hoursBefore(now, kept.noticesHours), sql`state <> 'queued'`)

/** One at a time, because each may have thousands of records. */
export const purgeSessionLogs: Housekeeping = async (db, now) => {
  for (let count = 0; count < bitesMax; count += 1) {
    if ((await purgeLogs(db, now, 1)) === 0) return
  }
}

function purge(
  db: Kysely<Schema>,
  table: Old,
  column: string,
  before: Date,
  condition = sql`true`,
): Promise<number> {
  const name = sql.table(table)
  const time = sql.ref(column)
  return inBites(async () => {
    const { numAffectedRows } = await sql`
      delete from ${name} where ctid = any(array(
        select ctid from ${name} where ${time} < ${before} and ${condition} limit ${rowsABite}
      ))`.execute(db)
    return Number(numAffectedRows ?? 0n)
  })
}

async function inBites(bite: () => Promise<number>): Promise<number> {
  let removed = 0
  for (let count = 0; count < bitesMax; count += 1) {
    const rows = await bite()
    removed += rows
    if (rows < rowsABite) break
  }
  return removed
}

function hoursBefore(now: Date, hours: number): Date {
  return new Date(now.getTime() - hours * hourMs)
}
