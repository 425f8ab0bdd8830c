import { sql } from 'kysely'
import type { GroupId } from '#core/ids.ts'
import { defaultSettings, type Settings } from '#core/settings.ts'
import { type Change, systemActor } from '#server/store/change.ts'
import { raiseRulesVersion } from '#server/store/rules.ts'
import { insertSettings, loadSettings } from '#server/store/settings.ts'
import { settingsObjectId } from './change-settings.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'

export interface Seed {
  /** Names or ids, as the environment gives them. */
  readonly adminGroup: string | null
  readonly auditorGroup: string | null
  readonly emailSource: string | null
}

export type SeedResult =
  | { readonly kind: 'seeded' | 'there_already' }
  /** The directory has no such group, or several of that name: `TEAM_ADMIN_GROUP` is wrong. */
  | { readonly kind: 'unknown_group' | 'ambiguous_group'; readonly group: string }

/**
 * Once in the life of an installation, after the first refresh of the directory. From then on the
 * settings are the administrators', whatever the environment says.
 */
export async function seedSettings(ports: ChangePorts, seed: Seed): Promise<SeedResult> {
  if ((await loadSettings(ports.db)).version > 0) return { kind: 'there_already' }
  return makeChange(ports, async (c): Promise<SeedResult> => {
    const admin = await findGroup(c, seed.adminGroup)
    if (admin.kind !== 'found') return admin
    const auditor = await findGroup(c, seed.auditorGroup)
    if (auditor.kind !== 'found') return auditor
    const settings: Settings = {
      ...defaultSettings,
      adminGroupId: admin.groupId,
      auditorGroupId: auditor.groupId,
      emailSource: seed.emailSource,
    }
    if (!(await insertSettings(c, settings, systemActor.id))) return { kind: 'there_already' }
    const { adminGroupId, auditorGroupId, emailSource } = settings
    c.event({
      actor: systemActor,
      action: 'setting.seed',
      object: { type: 'setting', id: settingsObjectId, version: 1 },
      payload: { after: { adminGroupId, auditorGroupId, emailSource } },
    })
    await raiseRulesVersion(c.tx)
    return { kind: 'seeded' }
  })
}

type Found =
  | { readonly kind: 'found'; readonly groupId: GroupId | null }
  | { readonly kind: 'unknown_group' | 'ambiguous_group'; readonly group: string }

/** An id first: a group could be named like another one's id. */
async function findGroup(c: Change, nameOrId: string | null): Promise<Found> {
  if (nameOrId === null) return { kind: 'found', groupId: null }
  const rows = await c.tx
    .selectFrom('directory_group')
    .select(['group_id', 'display_name'])
    .where('gone_at', 'is', null)
    .where(sql<boolean>`(group_id = ${nameOrId} or lower(display_name) = lower(${nameOrId}))`)
    .execute()
  const [first, second] = rows.some((row) => row.group_id === nameOrId)
    ? rows.filter((row) => row.group_id === nameOrId)
    : rows
  if (first === undefined) return { kind: 'unknown_group', group: nameOrId }
  if (second !== undefined) return { kind: 'ambiguous_group', group: nameOrId }
  return { kind: 'found', groupId: first.group_id as GroupId }
}
