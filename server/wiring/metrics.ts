/** Prometheus metrics; the names are what alarms are written against. */
import { type Kysely, sql } from 'kysely'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { requestStates } from '#core/request.ts'
import type { CountedCall } from '#server/aws/clients.ts'
import { loadCreationHold } from '#server/store/creation-hold.ts'
import { directoryAgeSeconds, heldRefresh } from '#server/store/directory-refreshes.ts'
import { countDrift } from '#server/store/drift.ts'
import { readPass } from '#server/store/engine-pass.ts'
import type { Schema } from '#server/store/schema.ts'

/** Since it was last taken. */
export interface Recent {
  readonly excessSeconds: readonly number[]
  readonly timeToGrantSeconds: readonly number[]
  readonly calls: number
  readonly callsFailed: number
}

export interface Metrics {
  readonly registry: Registry
  /** For the line in the log; each observation is in one of them, or in none where they are many. */
  takeRecent(): Recent
  readonly countAwsCall: (call: CountedCall) => void
  readonly excessSeconds: (seconds: number) => void
  readonly timeToGrantSeconds: (seconds: number) => void
}

const excessBuckets = [1, 2, 5, 10, 30, 60, 120, 300, 900, 3600]
const grantBuckets = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600]

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const calls = new Counter({
    name: 'team_aws_calls_total',
    help: 'Attempts of AWS calls',
    labelNames: ['service', 'operation', 'outcome'],
    registers,
  })
  const excess = new Histogram({
    name: 'team_excess_access_seconds',
    help: 'From the end of a grant to its confirmed removal',
    buckets: excessBuckets,
    registers,
  })
  const toGrant = new Histogram({
    name: 'team_time_to_grant_seconds',
    help: 'From a grant being due to AWS confirming it',
    buckets: grantBuckets,
    registers,
  })
  let recent = noneRecent()
  return {
    registry,
    takeRecent() {
      const taken = recent
      recent = noneRecent()
      return taken
    },
    countAwsCall(call) {
      calls.inc({ ...call })
      recent.calls += 1
      if (call.outcome !== 'ok') recent.callsFailed += 1
    },
    excessSeconds(seconds) {
      excess.observe(seconds)
      keepLargest(recent.excessSeconds, seconds)
    },
    timeToGrantSeconds(seconds) {
      toGrant.observe(seconds)
      keepLargest(recent.timeToGrantSeconds, seconds)
    },
  }
}

const noneRecent = () => ({
  excessSeconds: [] as number[],
  timeToGrantSeconds: [] as number[],
  calls: 0,
  callsFailed: 0,
})

/** A line of the log holds so many; in a storm the slow ones are those that matter. */
const recentMax = 100

function keepLargest(values: number[], value: number): void {
  values.push(value)
  if (values.length <= recentMax) return
  values.splice(values.indexOf(Math.min(...values)), 1)
}

/** Gauges that are read from the database when somebody asks. */
export function watchDatabase(
  { registry }: Metrics,
  deps: { db: Kysely<Schema>; isLeading: () => boolean; now: () => Date | Promise<Date> },
): void {
  const { db } = deps
  const gauge = (name: string, help: string, read: () => Promise<number> | number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        // What cannot be read is not a number; the other metrics are answered all the same.
        this.set(await Promise.resolve(read()).catch(() => Number.NaN))
      },
    })
  const count = async (query: { executeTakeFirstOrThrow(): Promise<{ n: number }> }) =>
    (await query.executeTakeFirstOrThrow()).n

  gauge('team_late_removals', 'Assignments that should be gone and are not, beyond the alarm', () =>
    count(
      db
        .selectFrom('late_alarm')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('over_at', 'is', null),
    ),
  )
  gauge('team_unsettled_keys', 'Keys that a call of unknown outcome may still reach', () =>
    count(
      db
        .selectFrom('ledger_key')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('watched_until', 'is not', null)
        // Those of a target that is gone are watched too, with every call answered.
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('intent')
              .select('intent_id')
              .whereRef('intent.key_id', '=', 'ledger_key.key_id')
              .where('state', '=', 'unknown'),
          ),
        ),
    ),
  )
  gauge('team_notices_undelivered', 'Notices that failed for good', () =>
    count(
      db
        .selectFrom('notice')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('state', '=', 'failed'),
    ),
  )
  gauge(
    'team_notices_unanswered',
    'Attempts of the last 90 days whose answer was lost: a second copy may have arrived',
    () =>
      count(
        db
          .selectFrom('notice')
          .select(sql<number>`coalesce(sum(unanswered), 0)::int`.as('n'))
          .where('unanswered', '>', 0),
      ),
  )
  gauge('team_drift', 'Assignments on managed targets that the ledger does not hold', () =>
    countDrift(db),
  )
  gauge('team_creations_held', '1 while nothing is created after a restore', async () =>
    (await loadCreationHold(db)) === null ? 0 : 1,
  )
  gauge('team_held_refreshes', '1 while a directory refresh waits for a word', async () =>
    (await heldRefresh(db))?.state === 'held' ? 1 : 0,
  )
  gauge('team_last_pass_age_seconds', 'Since the engine last went round', async () => {
    const pass = await readPass(db)
    const now = await deps.now()
    return pass ? Math.max(0, (now.getTime() - pass.passedAt.getTime()) / 1000) : Number.NaN
  })
  gauge('team_directory_age_seconds', 'Since the reading on which the replica rests', async () => {
    return (await directoryAgeSeconds(db, await deps.now())) ?? Number.NaN
  })
  gauge('team_leader', '1 on the copy that leads', () => (deps.isLeading() ? 1 : 0))
  new Gauge({
    name: 'team_requests',
    help: 'Requests by state',
    labelNames: ['status'],
    registers: [registry],
    async collect() {
      const rows = await db
        .selectFrom('request')
        .select(['status', (eb) => eb.fn.countAll<number>().as('n')])
        .groupBy('status')
        .execute()
      for (const status of requestStates) this.set({ status }, 0)
      for (const { status, n } of rows) this.set({ status }, n)
    },
  })
}
