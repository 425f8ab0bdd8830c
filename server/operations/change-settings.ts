import type { Kysely } from 'kysely'
import type { SettingsPatch, Settings as ShownSettings } from '#contract/settings.ts'
import type { GroupId } from '#core/ids.ts'
import { refusal } from '#core/refusals.ts'
import { type SecretName, type Settings, secretRules } from '#core/settings.ts'
import { validateSettings } from '#core/settings-change.ts'
import type { Change } from '#server/store/change.ts'
import { loadExcerpt } from '#server/store/directory-excerpt.ts'
import { loadPerson, namesOfUsers } from '#server/store/people.ts'
import { type RulesStore, raiseRulesVersion, readEnabledMembers } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import { loadSettings, type StoredSettings, updateSettings } from '#server/store/settings.ts'
import { type SecretMark, secretMarks, type Vault } from '#server/store/vault.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import { refusedForAll, refusedWith } from './words.ts'

export interface ChangeSettingsPorts extends ChangePorts {
  readonly rules: RulesStore
  readonly vault: Pick<Vault, 'write'>
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
    const secrets = await writeSecrets(c, { vault: ports.vault, actor, patch: verdict.secrets })
    if (verdict.differences.length === 0 && secrets === null) return
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
        ...(secrets !== null && { secrets }),
      },
    })
    await raiseRulesVersion(c.tx)
  })
}

interface SecretsWritten {
  readonly set: SecretName[]
  readonly removed: SecretName[]
}

/** Null: none was sent. Answers their names for the trail; what they are is told to nobody. */
async function writeSecrets(
  c: Change,
  {
    vault,
    actor,
    patch,
  }: {
    vault: Pick<Vault, 'write'>
    actor: Actor
    patch: Readonly<Partial<Record<SecretName, string | null>>>
  },
): Promise<SecretsWritten | null> {
  const written: SecretsWritten = { set: [], removed: [] }
  for (const name of secretNames) {
    const value = patch[name]
    if (value === undefined) continue
    await vault.write(c, { name, value, by: actor.person.userId })
    written[value === null ? 'removed' : 'set'].push(name)
  }
  return written.set.length + written.removed.length === 0 ? null : written
}

// The record has exactly these keys.
const secretNames = Object.keys(secretRules) as SecretName[]

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
  const marks = await secretMarks(ports.db)
  const setters = Object.values(marks).map(({ setBy }) => setBy)
  const known = stored.updatedBy === null ? setters : [...setters, stored.updatedBy]
  const nameOf = await namesOfUsers(ports.db, known)
  const show = (name: SecretName) => showMark(marks[name], nameOf)
  return {
    ...showSettings(stored, nameOf),
    slackToken: show('slackToken'),
    slackSigningSecret: show('slackSigningSecret'),
    webhookSecret: show('webhookSecret'),
  }
}

function showMark(
  mark: SecretMark | undefined,
  nameOf: (id: string) => string,
): ShownSettings[SecretName] {
  if (mark === undefined) return { set: false }
  const setBy = { userId: mark.setBy, userName: nameOf(mark.setBy) }
  return { set: true, setAt: mark.setAt.toISOString(), setBy }
}

/** Setting by setting, so that one which is not meant to be shown never is. */
function showSettings(
  stored: StoredSettings,
  nameOf: (id: string) => string,
): Omit<ShownSettings, SecretName> {
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
    snsEnabled: settings.snsEnabled,
    snsTopicArn: settings.snsTopicArn,
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
