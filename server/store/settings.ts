import type { Kysely } from 'kysely'
import { defaultSettings, type SettingName, type Settings, settingRules } from '#core/settings.ts'
import type { Change } from './change.ts'
import { rowsOfPrepared } from './prepared.ts'
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
  const [row] = await rowsOfPrepared(db, query)
  if (row === undefined) {
    return { version: 0, settings: defaultSettings, updatedBy: null, updatedAt: null }
  }
  const { version, body, updatedBy, updatedAt } = row
  return { version, settings: withDefaults(body), updatedBy, updatedAt }
}

/** A setting that this version does not know is left alone in its row, and not shown. */
export function withDefaults(body: object): Settings {
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
  const written = await insertFirst(change, settings, by)
  if (written) await keepVersion(change, { settings, version: 1, by })
  return written
}

async function insertFirst(
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

export interface SettingsWrite {
  readonly settings: Settings
  readonly expectedVersion: number
  readonly by: string
  /** Another administrator, who accepted it as a proposal. */
  readonly acceptedBy?: string | null
  readonly byServiceToken?: string | null
}

/** False: the version is another one by now. */
export async function updateSettings(change: Change, write: SettingsWrite): Promise<boolean> {
  if (write.expectedVersion === 0) return insertSettings(change, write.settings, write.by)
  const version = write.expectedVersion + 1
  const { numUpdatedRows } = await change.tx
    .updateTable('setting')
    .set({
      version,
      body: JSON.stringify(write.settings),
      updated_by: write.by,
      updated_at: change.at,
    })
    .where('version', '=', write.expectedVersion)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) return false
  await keepVersion(change, { ...write, version })
  return true
}

async function keepVersion(
  change: Change,
  kept: Pick<SettingsWrite, 'by' | 'acceptedBy' | 'byServiceToken'> & {
    readonly settings: Partial<Settings>
    readonly version: number
  },
): Promise<void> {
  await change.tx
    .insertInto('setting_version')
    .values({
      version: kept.version,
      body: JSON.stringify(kept.settings),
      changed_by: kept.by,
      changed_at: change.at,
      accepted_by: kept.acceptedBy ?? null,
      by_service_token: kept.byServiceToken ?? null,
    })
    .execute()
}
