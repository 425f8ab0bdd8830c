import type { Kysely } from 'kysely'
import type { SettingsPatch, Settings as ShownSettings } from '#contract/settings.ts'
import type { GroupId } from '#core/ids.ts'
import { refusal } from '#core/refusals.ts'
import type { Settings } from '#core/settings.ts'
import { validateSettings } from '#core/settings-change.ts'
import type { Change } from '#server/store/change.ts'
import { loadExcerpt } from '#server/store/directory-excerpt.ts'
import { loadPerson, namesOfUsers } from '#server/store/people.ts'
import { type RulesStore, raiseRulesVersion, readEnabledMembers } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import { loadSettings, type StoredSettings, updateSettings } from '#server/store/settings.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import { refusedForAll, refusedWith } from './words.ts'

export interface ChangeSettingsPorts extends ChangePorts {
  readonly rules: RulesStore
}

export interface ChangeSettingsInput {
  readonly actor: Actor
  readonly patch: SettingsPatch
  /** The version that the one who changes them has read; null: whatever it is. */
  readonly version: number | null
}

export const settingsObjectId = 'settings'

export async function changeSettings(
  ports: ChangeSettingsPorts,
  { actor, patch, version: expected }: ChangeSettingsInput,
): Promise<void> {
  await makeChange(ports, async (c) => {
    const stored = await loadSettings(c.tx, { lock: true })
    const { version } = stored
    if (expected !== null && version !== expected) {
      throw refusedWith(refusal('version_conflict', { version }))
    }
    const verdict = await judge(c, { actor, patch, current: stored.settings })
    if (verdict.differences.length === 0) return
    const by = actor.person.userId
    const write = { settings: verdict.settings, expectedVersion: version, by }
    if (!(await updateSettings(c, write))) throw refusedWith(refusal('version_conflict'))
    c.event({
      actor: eventActorOf(actor),
      action: 'setting.change',
      object: { type: 'setting', id: settingsObjectId, version: version + 1 },
      payload: {
        before: Object.fromEntries(verdict.differences.map(({ name, before }) => [name, before])),
        after: Object.fromEntries(verdict.differences.map(({ name, after }) => [name, after])),
        widens: verdict.differences.filter(({ widens }) => widens).map(({ name }) => name),
      },
    })
    await raiseRulesVersion(c.tx)
  })
}

interface Judged {
  readonly actor: Actor
  readonly patch: SettingsPatch
  readonly current: Settings
}

async function judge(c: Change, { actor, patch, current }: Judged) {
  const named = [patch.adminGroupId, patch.auditorGroupId, current.adminGroupId]
  const groupIds = named.filter((id) => id !== undefined && id !== null) as GroupId[]
  const excerpt = await loadExcerpt(c.tx, { userIds: [], groupIds, ouIds: [] })
  const verdict = validateSettings(patch, {
    current,
    actor: await loadPerson(c.tx, actor.person.userId),
    groupIds: excerpt.groupIds,
    enabledMembers: await readEnabledMembers(c.tx, groupIds),
  })
  if (!verdict.ok) throw refusedForAll(verdict.refusals)
  return verdict
}

export interface ReadSettingsPorts {
  readonly db: Kysely<Schema>
}

export async function readSettings(ports: ReadSettingsPorts): Promise<ShownSettings> {
  const stored = await loadSettings(ports.db)
  const nameOf = await namesOfUsers(ports.db, stored.updatedBy === null ? [] : [stored.updatedBy])
  return showSettings(stored, nameOf)
}

/** Setting by setting, so that one which is not meant to be shown never is. */
function showSettings(stored: StoredSettings, nameOf: (id: string) => string): ShownSettings {
  const { settings, version, updatedBy, updatedAt } = stored
  return {
    maxDurationMinutes: settings.maxDurationMinutes,
    requestExpiryMinutes: settings.requestExpiryMinutes,
    approvalRequired: settings.approvalRequired,
    justificationRequired: settings.justificationRequired,
    ticketRequired: settings.ticketRequired,
    ticketPattern: settings.ticketPattern,
    ticketExample: settings.ticketExample,
    ticketHelp: settings.ticketHelp,
    ticketUrlTemplate: settings.ticketUrlTemplate,
    commentRequired: settings.commentRequired,
    furthestStartDays: settings.furthestStartDays,
    extensionAllowed: settings.extensionAllowed,
    extensionChainFactor: settings.extensionChainFactor,
    activationDeadlineMinutes: settings.activationDeadlineMinutes,
    endSoonMinutes: settings.endSoonMinutes,
    endOnLostEligibility: settings.endOnLostEligibility,
    ticketRequiredForPolicies: settings.ticketRequiredForPolicies,
    emailEnabled: settings.emailEnabled,
    emailSource: settings.emailSource,
    adminGroupId: settings.adminGroupId ?? '',
    auditorGroupId: settings.auditorGroupId ?? '',
    sessionLogSource: settings.sessionLogSource,
    sessionLogLocation: settings.sessionLogLocation,
    idpInitiatedAllowed: settings.idpInitiatedAllowed,
    banner: settings.banner,
    version,
    updatedBy: { userId: updatedBy ?? 'team', userName: updatedBy ? nameOf(updatedBy) : 'TEAM' },
    updatedAt: (updatedAt ?? new Date(0)).toISOString(),
  }
}
