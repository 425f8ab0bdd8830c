import type { Kysely } from 'kysely'
import type { UserId } from '#core/ids.ts'
import type { Change } from './change.ts'
import type { Schema } from './schema.ts'

/** As it was stored; null if the person never chose anything. */
export async function loadPreferences(db: Kysely<Schema>, userId: UserId): Promise<object | null> {
  const row = await db
    .selectFrom('preference')
    .select('body')
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return row?.body ?? null
}

export async function savePreferences(change: Change, userId: UserId, body: object): Promise<void> {
  const values = { body: JSON.stringify(body), updated_at: change.at }
  await change.tx
    .insertInto('preference')
    .values({ user_id: userId, ...values })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(values))
    .execute()
}
