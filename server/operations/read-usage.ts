import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { UsagePage, UsageQuery } from '#contract/audit.ts'
import { refusal } from '#core/refusals.ts'
import type { Schema } from '#server/store/schema.ts'
import { listUsage } from '#server/store/usage.ts'
import type { Clock } from './making-changes.ts'
import { decodeCursor, pageOf } from './paging.ts'
import { refusedWith } from './words.ts'

const dayMs = 86_400_000
/** What is looked at if nothing is said. */
const daysShown = 90
/** A year and a day: the sums are made anew each time. */
export const usageDaysMax = 366

const Place = z.tuple([z.int(), z.string()])

export async function readUsage(
  { long, clock }: { readonly long: Kysely<Schema>; readonly clock: Clock },
  query: UsageQuery,
): Promise<UsagePage> {
  const { by, limit } = query
  const now = await clock.now()
  // The end does not belong to the time; this moment does.
  const to = query.to === undefined ? new Date(now.getTime() + 1) : new Date(query.to)
  const from =
    query.from === undefined ? new Date(to.getTime() - daysShown * dayMs) : new Date(query.from)
  const days = (to.getTime() - from.getTime()) / dayMs
  if (days < 0 || days > usageDaysMax) {
    throw refusedWith(refusal('out_of_range', { min: 0, max: usageDaysMax }, 'from'))
  }
  const place = decodeCursor(query.cursor, Place)
  const after = place && { grantedMinutes: place[0], id: place[1] }
  const found = await listUsage(long, { by, from, to, now, limit, after })
  const page = pageOf(found, limit, ({ grantedMinutes, id }) => [grantedMinutes, id])
  return { ...page, from: from.toISOString(), to: to.toISOString() }
}
