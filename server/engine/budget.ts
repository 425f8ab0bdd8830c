/**
 * AWS's quotas, shared by all copies of TEAM: one token bucket each, in PostgreSQL, on its clock.
 *
 * Who takes a token always gets one: the bucket may go into debt, and the answer is how long to wait
 * until the debt is filled up to that token. So there is one round trip, no polling, and waiters go
 * in the order in which they asked, across all copies. A copy that dies while it waits has spent its
 * token for nothing, which costs a fraction of a second. Takes of one bucket that come within a few
 * milliseconds share a round trip.
 *
 * AWS publishes the rates, not how bursts are counted. The burst of sso-admin stays well below what
 * a bucket of AWS's size would allow at once.
 */
import { type Kysely, sql } from 'kysely'
import type { Schema } from '#server/store/schema.ts'

/**
 * `sso-admin` is AWS's one quota, and the engine may use all of it. Everybody else also pays
 * `sso-admin/other`, so that most of it is always left to the engine. `sso-admin/contents` paces the
 * reading of permission sets' contents, `sso-admin/explore` the looks that people ask for.
 */
export type Bucket =
  | 'sso-admin'
  | 'sso-admin/other'
  | 'sso-admin/contents'
  | 'sso-admin/explore'
  | 'organizations'
  | `identitystore/${string}`

export interface Budget {
  /** Resolves when one more call may be made. */
  take(bucket: Bucket): Promise<void>
  /** AWS said that it is too much (others use the quota too): nobody calls for so long. */
  pause(bucket: Bucket, milliseconds: number): Promise<void>
}

interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/**
 * IAM Identity Center quotas: 20 a second for its APIs together, and 20 a second for each API of the
 * Identity Store. AWS Organizations throttling limits: ListAccountsForParent,
 * ListOrganizationalUnitsForParent and ListParents share 5 a second (burst 8) of an account and 6 of
 * the organisation; TEAM, which is seldom alone, keeps a little below.
 */
export function rateOf(bucket: Bucket): Rate {
  if (bucket === 'sso-admin') return { perSecond: 20, burst: 8 }
  if (bucket === 'sso-admin/other') return { perSecond: 5, burst: 4 }
  if (bucket === 'sso-admin/contents') return { perSecond: 1, burst: 1 }
  if (bucket === 'sso-admin/explore') return { perSecond: 2, burst: 2 }
  if (bucket === 'organizations') return { perSecond: 4, burst: 7 }
  return { perSecond: 20, burst: 8 }
}

const gatherMs = 10
const pauseMsMax = 30_000
/** After a failure nobody is let through at once: a budget that cannot be asked is not unlimited. */
const fallbackWaitMs = 1_000

export interface BudgetDeps {
  readonly db: Kysely<Schema>
  /** Real time; a test hands in its own. */
  readonly wait?: (milliseconds: number) => Promise<void>
  readonly onWait?: (bucket: Bucket, milliseconds: number) => void
}

export function createBudget({ db, wait = waitInRealTime, onWait }: BudgetDeps): Budget {
  const gathering = new Map<Bucket, ((waitMs: number) => void)[]>()
  const asking = new Map<Bucket, Promise<void>>()

  async function ask(bucket: Bucket) {
    await waitInRealTime(gatherMs)
    const waiters = gathering.get(bucket) ?? []
    gathering.delete(bucket)
    const waits = await reserve(db, bucket, waiters.length).catch(() =>
      waiters.map((_, place) => fallbackWaitMs + waitAt(bucket, place)),
    )
    for (const [place, resolve] of waiters.entries()) resolve(waits[place] ?? fallbackWaitMs)
  }

  function join(bucket: Bucket): Promise<number> {
    return new Promise((resolve) => {
      const waiters = gathering.get(bucket)
      if (waiters) {
        waiters.push(resolve)
        return
      }
      gathering.set(bucket, [resolve])
      const before = asking.get(bucket) ?? Promise.resolve()
      asking.set(
        bucket,
        before.then(() => ask(bucket)),
      )
    })
  }

  return {
    async take(bucket) {
      const waitMs = await join(bucket)
      onWait?.(bucket, waitMs)
      if (waitMs > 0) await wait(waitMs)
    },
    async pause(bucket, milliseconds) {
      const { perSecond } = rateOf(bucket)
      const debt = (-Math.min(milliseconds, pauseMsMax) * perSecond) / 1000
      await sql`
        insert into aws_budget as b (bucket, tokens, at)
          values (${bucket}, ${debt}::float8, clock_timestamp())
        on conflict (bucket) do update
          set tokens = least(b.tokens, ${debt}::float8), at = clock_timestamp()`.execute(db)
    },
  }
}

function waitAt(bucket: Bucket, place: number): number {
  return ((place + 1) * 1000) / rateOf(bucket).perSecond
}

/** Takes `count` tokens; the milliseconds after which each of them may be used. */
export async function reserve(
  db: Kysely<Schema>,
  bucket: Bucket,
  count: number,
): Promise<number[]> {
  const { perSecond, burst } = rateOf(bucket)
  // A clock that jumps back must not empty the bucket: elapsed time is never negative.
  const { rows } = await sql<{ tokens: number }>`
    insert into aws_budget as b (bucket, tokens, at)
      values (${bucket}, ${burst - count}::float8, clock_timestamp())
    on conflict (bucket) do update set
      tokens = least(${burst}::float8, b.tokens + ${perSecond}::float8 *
        greatest(0, extract(epoch from clock_timestamp() - b.at))) - ${count}::float8,
      at = clock_timestamp()
    returning tokens`.execute(db)
  const left = rows[0]?.tokens ?? 0
  return Array.from({ length: count }, (_, place) => {
    const tokensThen = left + (count - 1 - place)
    return tokensThen >= 0 ? 0 : Math.ceil((-tokensThen * 1000) / perSecond)
  })
}

function waitInRealTime(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
