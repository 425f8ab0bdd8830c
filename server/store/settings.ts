import type { Kysely } from 'kysely'
import { defaultSettings, type SettingName, type Settings, settingRules } from '#core/settings.ts'
import type { Change } from './change.ts'
import type { Schema } from './schema.ts'

export interface StoredSettings {
  /** 0: nobody has set anything yet. */
  readonly version: number
  readonly settings: Settings
  readonly updatedBy: string | null
  readonly updatedAt: Date | null
}

export async function loadSettings(
  db: Kysely<Schema>,
  options: { lock?: boolean } = {},
): Promise<StoredSettings> {
  let query = db
    .selectFrom('setting')
    .select(['version', 'body', 'updated_by as updatedBy', 'updated_at as updatedAt'])
  if (options.lock === true) query = query.forUpdate()
  const row = await query.executeTakeFirst()
  if (row === undefined) {
    return { version: 0, settings: defaultSettings, updatedBy: null, updatedAt: null }
  }
  const { version, body, updatedBy, updatedAt } = row
  return { version, settings: withDefaults(body), updatedBy, updatedAt }
}

/** A setting that this version does not know is left alone in its row, and not shown. */
function withDefaults(body: object): Settings {
  const known = Object.entries(body).filter(([name]) => isSettingName(name))
  return { ...defaultSettings, ...Object.fromEntries(known) }
}

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingRules, name)
}

/** False: there are settings already, and nothing was written. */
export async function insertSettings(
  change: Change,
  settings: Partial<Settings>,
  by: string,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await change.tx
    .insertInto('setting')
    .values({
      version: 1,
      body: JSON.stringify(settings),
      updated_by: by,
      updated_at: change.at,
    })
    .onConflict((conflict) => conflict.column('only_row').doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** False: the version is another one by now. */
export async function updateSettings(
  change: Change,
  write: { settings: Settings; expectedVersion: number; by: string },
): Promise<boolean> {
  if (write.expectedVersion === 0) return insertSettings(change, write.settings, write.by)
  const { numUpdatedRows } = await change.tx
    .updateTable('setting')
    .set({
      version: write.expectedVersion + 1,
      body: JSON.stringify(write.settings),
      updated_by: write.by,
      updated_at: change.at,
    })
    .where('version', '=', write.expectedVersion)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
