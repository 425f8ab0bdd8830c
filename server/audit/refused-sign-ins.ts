/**
 * Refused sign-ins, kept so that a flood of them can neither fill the trail nor hide in it (the
 * domain's "Audit"): in each hour the first 20 from one address and 200 in all are an event each;
 * what comes beyond is counted, and the count is one event when the hour is over.
 *
 * The counters of an hour are rows of refused_sign_in: one an address that has had an event, one for
 * all events, one for what was only counted. Once 200 events are written no new address gets a row,
 * so that a flood from a million addresses is 202 rows.
 */
import type { Kysely, Transaction } from 'kysely'
import { change, systemActor } from '#server/store/change.ts'
import type { Schema } from '#server/store/schema.ts'

/** Nothing of the refused message itself is kept. */
export interface RefusedSignIn {
  /** A stable code. */
  readonly reason: string
  /** Of the message, in bytes. */
  readonly length: number
  /** Of the message, hex. */
  readonly sha256: string
  readonly address: string
}

export const eventsAnHour = { oneAddress: 20, all: 200 }

const allEvents = '*'
const onlyCounted = '+'
const hourMs = 3_600_000
const hoursClosedMax = 48

export async function recordRefusedSignIn(
  db: Kysely<Schema>,
  refused: RefusedSignIn,
  now: Date,
): Promise<void> {
  await change(db, now, async (c) => {
    const hour = hourOf(now)
    const written = await lockCounter(c.tx, allEvents, hour)
    const isBeyond =
      written >= eventsAnHour.all ||
      (await countUp(c.tx, `@${refused.address}`, hour)) > eventsAnHour.oneAddress
    await countUp(c.tx, isBeyond ? onlyCounted : allEvents, hour)
    if (isBeyond) return
    const { reason, length, sha256, address } = refused
    c.event({
      actor: systemActor,
      action: 'sign-in.refuse',
      object: { type: 'sign-in', id: address },
      result: reason,
      payload: { reason, length, sha256, address },
    })
  })
}

/** Writes the one event of each past hour in which refusals were only counted. */
export async function closeRefusedSignInHours(db: Kysely<Schema>, now: Date): Promise<number> {
  const current = hourOf(now)
  const past = await db
    .selectFrom('refused_sign_in')
    .select('hour')
    .distinct()
    .where('hour', '<', current)
    .orderBy('hour')
    .limit(hoursClosedMax)
    .execute()
  for (const { hour } of past) await closeHour(db, hour, now)
  return past.length
}

async function closeHour(db: Kysely<Schema>, hour: Date, now: Date): Promise<void> {
  await change(db, now, async (c) => {
    // Deleted in the transaction of its event: a second copy that does the same finds nothing.
    const rows = await c.tx
      .deleteFrom('refused_sign_in')
      .where('hour', '=', hour)
      .returning(['address', 'refusals'])
      .execute()
    const counted = rows.find(({ address }) => address === onlyCounted)?.refusals ?? 0
    if (counted === 0) return
    c.event({
      actor: systemActor,
      action: 'sign-in.refuse-many',
      object: { type: 'sign-in', id: hour.toISOString() },
      result: 'counted',
      payload: { hour: hour.toISOString(), refusals: counted },
    })
  })
}

async function lockCounter(tx: Transaction<Schema>, address: string, hour: Date): Promise<number> {
  return countUp(tx, address, hour, 0)
}

async function countUp(
  tx: Transaction<Schema>,
  address: string,
  hour: Date,
  by = 1,
): Promise<number> {
  const row = await tx
    .insertInto('refused_sign_in')
    .values({ address, hour, refusals: by })
    .onConflict((conflict) =>
      conflict
        .columns(['hour', 'address'])
        .doUpdateSet((eb) => ({ refusals: eb('refused_sign_in.refusals', '+', by) })),
    )
    .returning('refusals')
    .executeTakeFirstOrThrow()
  return row.refusals
}

function hourOf(at: Date): Date {
  return new Date(Math.floor(at.getTime() / hourMs) * hourMs)
}
