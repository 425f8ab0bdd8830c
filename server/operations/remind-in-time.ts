/**
 * Reminders that depend on the time alone: access that ends soon, and requests that nobody has
 * decided on shortly before they expire. Name: `reminders`. How often: every 15 s, so that none is
 * much later than its setting says. At most: `toldAtOnceMax` of each a pass; the rest waits for the
 * next. Told once of each request, however many passes or copies there are.
 */
import { type Kysely, sql } from 'kysely'
import type { Settings } from '#core/settings.ts'
import type { Announce } from '#server/store/announce-port.ts'
import { type Change, type ChangeOptions, change } from '#server/store/change.ts'
import type { Schema } from '#server/store/schema.ts'
import { loadSettings } from '#server/store/settings.ts'

export interface RemindInTimePorts {
  readonly db: Kysely<Schema>
  readonly announce: Announce
}

export const remindEveryMs = 15_000
const toldAtOnceMax = 50

export async function remindInTime(
  { db, announce }: RemindInTimePorts,
  now: Date,
  options: ChangeOptions = {},
): Promise<number> {
  const { settings } = await loadSettings(db)
  const tell = async (c: Change) => {
    const ending = await endingSoon(c, settings)
    for (const id of ending) await announce(c, 'ending_soon', id)
    const waiting = settings.reminderMinutes === 0 ? [] : await expiringSoon(c, settings)
    for (const id of waiting) await announce(c, 'reminder', id)
    return ending.length + waiting.length
  }
  return change(db, now, tell, options)
}

/** Not of grants of twice that time or less, nor where an extension goes on from their end. */
async function endingSoon({ tx, at }: Change, settings: Settings): Promise<string[]> {
  const within = sql`${settings.endSoonMinutes} * interval '1 minute'`
  const { rows } = await sql<{ id: string }>`
    select r.request_id as id
    from access_grant g join request r on r.request_id = g.request_id
    where r.status = 'active' and g.over_at is null
      and g.ends_at > ${at} and g.ends_at <= ${at}::timestamptz + ${within}
      and g.ends_at - g.starts_at > 2 * ${within}
      and not exists (select from notice n
        where n.request_id = r.request_id and n.event = 'ending_soon')
      and not exists (select from access_grant later
        where later.extends_grant_id = g.grant_id and later.over_at is null
          and later.stopped_at is null)
    order by g.ends_at limit ${toldAtOnceMax}
    for update of r skip locked`.execute(tx)
  return rows.map(({ id }) => id)
}

/** Not of those that expire within that time of being made: they were told of just now. */
async function expiringSoon({ tx, at }: Change, settings: Settings): Promise<string[]> {
  const within = sql`${settings.reminderMinutes} * interval '1 minute'`
  const { rows } = await sql<{ id: string }>`
    select request_id as id from request
    where status = 'pending' and expires_at > ${at}
      and expires_at <= ${at}::timestamptz + ${within}
      and expires_at - created_at > ${within}
      and not exists (select from notice n
        where n.request_id = request.request_id and n.event = 'reminder')
    order by expires_at limit ${toldAtOnceMax}
    for update skip locked`.execute(tx)
  return rows.map(({ id }) => id)
}
