/**
 * Once a day, on each administrator's own calendar: what is late, failing or waiting for a review.
 * Name: `daily digest`. How often: every minute, so that the hour in the settings is kept; somebody
 * who was asked about for their day is not asked about again. Nothing to tell is told by silence.
 * After hours in which no copy ran it comes late, and once.
 */
import type { Kysely } from 'kysely'
import { type ChangeOptions, change } from '#server/store/change.ts'
import { beginDigestDays, digestDays, isEmpty, loadDigest } from '#server/store/digest.ts'
import type { Schema } from '#server/store/schema.ts'
import { loadSettings } from '#server/store/settings.ts'
import { overseers } from './audience.ts'
import { partsOf } from './email/moment.ts'
import { placeOf } from './preferences.ts'
import { queueBulletins } from './tell-overseers.ts'

export const digestEveryMs = 60_000

/** Answers how many people are told. */
export async function sendDigests(
  db: Kysely<Schema>,
  now: Date,
  options: ChangeOptions = {},
): Promise<number> {
  const { settings } = await loadSettings(db)
  if (!settings.dailyDigest) return 0
  const { admins } = await overseers(db)
  const known = await digestDays(db)
  const due = new Map<string, string>()
  for (const id of admins) {
    const { day, hour } = calendarOf(now, (await placeOf(db, id)).timeZone)
    if (hour >= settings.digestHour && (known.get(id) ?? '') < day) due.set(id, day)
  }
  if (due.size === 0) return 0
  const hasNews = !isEmpty(await loadDigest(db, now))
  return change(
    db,
    now,
    async (c) => {
      const begun = await beginDigestDays(c.tx, due)
      if (!hasNews) return 0
      const facts = { standing: 'admin' } as const
      await queueBulletins(c, 'digest', new Map([...begun].map((id) => [id, facts])))
      return begun.size
    },
    options,
  )
}

function calendarOf(at: Date, timeZone: string): { day: string; hour: number } {
  const { year, month, day, hour } = partsOf(at, timeZone)
  return { day: `${year}-${month}-${day}`, hour: Number(hour) }
}
