import { type Kysely, sql } from 'kysely'
import { z } from 'zod'
import { personalChannels } from '#core/channels.ts'
import type { UserId } from '#core/ids.ts'
import { type Muted, noticeNames } from '#core/notices.ts'
import type { Schema } from '#server/store/schema.ts'
import { knownTimeZone, type Locale, type Place } from './email/moment.ts'

/**
 * The receiver's own choice; where they follow their browser, the language it last asked for. The
 * zone of a browser is not known here, so then times are in UTC.
 */
export async function placeOf(db: Kysely<Schema>, userId: UserId): Promise<Place> {
  const chosen = await db
    .selectFrom('preference')
    .select([
      sql<string | null>`body->>'locale'`.as('locale'),
      sql<string | null>`body->>'timeZone'`.as('timeZone'),
    ])
    .where('user_id', '=', userId)
    .executeTakeFirst()
  const locale = localeOf(chosen?.locale) ?? localeOf(await browserLocale(db, userId)) ?? 'en'
  return { locale, timeZone: knownTimeZone(chosen?.timeZone) }
}

async function browserLocale(db: Kysely<Schema>, userId: UserId): Promise<string | null> {
  const row = await db
    .selectFrom('sign_in_session')
    .select('locale_hint')
    .where('user_id', '=', userId)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.locale_hint ?? null
}

function localeOf(text: string | null | undefined): Locale | null {
  return text === 'ja' || text === 'en' ? text : null
}

const MutedStored = z.partialRecord(z.enum(noticeNames), z.array(z.enum(personalChannels)))

/** Of those who chose something; what this version does not understand is as if never chosen. */
export async function mutedBy(
  db: Kysely<Schema>,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, Muted>> {
  if (userIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('preference')
    .select(['user_id', sql<unknown>`body->'muted'`.as('muted')])
    .where('user_id', '=', sql<string>`any(${[...userIds]}::text[])`)
    .where(sql<boolean>`body ? 'muted'`)
    .execute()
  return new Map(
    rows.map(({ user_id, muted }) => [user_id, MutedStored.safeParse(muted).data ?? {}]),
  )
}
