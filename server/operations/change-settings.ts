import type { Kysely } from 'kysely'
import type { SettingsPatch, Settings as ShownSettings } from '#contract/settings.ts'
import type { GroupId } from '#core/ids.ts'
import { refusal } from '#core/refusals.ts'
import { settingWidens } from '#core/setting-widening.ts'
import { type SecretName, type Settings, secretRules } from '#core/settings.ts'
import { validateSettings } from '#core/settings-change.ts'
import type { TellOverseers } from '#server/store/announce-port.ts'
import type { Change } from '#server/store/change.ts'
import { loadExcerpt } from '#server/store/directory-excerpt.ts'
import { liveGrants, spareGrants } from '#server/store/live-grants.ts'
import { loadPeople, loadPerson, namesOfUsers } from '#server/store/people.ts'
import {
  lockRules,
  type RulesStore,
  raiseRulesVersion,
  readEnabledMembers,
} from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import { loadSettings, type StoredSettings, updateSettings } from '#server/store/settings.ts'
import { type SecretMark, secretMarks, type Vault } from '#server/store/vault.ts'
import type { Actor } from './actor.ts'
import {
  type Authority,
  acceptanceInEvent,
  byOneself,
  type Changed,
  mustBeProposed,
} from './authority.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import { proposeChange, voidStale } from './propose-change.ts'
import { Refused } from './refused.ts'
import { tellOfChange } from './tell-of-change.ts'
import { refusedForAll, refusedWith } from './words.ts'

export interface ChangeSettingsPorts extends ChangePorts {
  readonly rules: RulesStore
  readonly vault: Pick<Vault, 'read' | 'write'>
  readonly tellOverseers: TellOverseers
}

export interface ChangeSettingsInput {
  readonly actor: Actor
  readonly patch: SettingsPatch
  /** The version that the one who changes them has read; null: whatever it is. */
  readonly version: number | null
}

export const settingsObjectId = 'settings'
const settingsObject = { type: 'setting', id: settingsObjectId } as const

type SettingsChanged = Changed<object>

export async function changeSettings(
  ports: ChangeSettingsPorts,
  { actor, ...edit }: ChangeSettingsInput,
): Promise<SettingsChanged> {
  const authority = byOneself(actor)
  return makeChange(ports, (c) => editSettings(ports, c, { ...edit, authority }))
}

export interface SettingsEdit extends Omit<ChangeSettingsInput, 'actor'> {
  readonly authority: Authority
}

/** Judged and written, or kept as a proposal: the one way in which settings change. */
export async function editSettings(
  ports: ChangeSettingsPorts,
  c: Change,
  { authority, patch, version: expected }: SettingsEdit,
): Promise<SettingsChanged> {
  await lockRules(c.tx)
  const stored = await loadSettings(c.tx, { lock: true })
  const { version } = stored
  if (expected !== null && version !== expected) {
    throw refusedWith(refusal('version_conflict', { version }))
  }
  const verdict = await judge(c, { actor: authority.author, patch, current: stored.settings })
  const { differences } = verdict
  const namesSecrets = Object.keys(verdict.secrets).length > 0
  const keys = widenedBySecrets(verdict.secrets)
  if (differences.length === 0 && !namesSecrets) return { kind: 'saved' }
  const before = Object.fromEntries(differences.map((one) => [one.name, one.before]))
  const after = Object.fromEntries(differences.map((one) => [one.name, one.after]))
  const widens = differences.filter((one) => one.widens).map(({ name }) => name)
  if (mustBeProposed(authority, { widens, secondAdmin: stored.settings.secondAdmin })) {
    // What waits is shown to those who read it, and lies in the database as it was sent.
    if (namesSecrets) throw refusedWith(refusal('secret_beside_widening', { widens }))
    const proposalId = await proposeChange(ports, c, authority, {
      object: settingsObject,
      verb: 'update',
      baseVersion: version,
      body: patch,
      confirmEnding: null,
      before,
      after,
      changed: differences.map(({ name }) => name),
      widens,
    })
    return { kind: 'proposed', proposalId }
  }
  refuseKeysWhile(verdict.settings, keys, authority)
  await spareTheLost(ports, c, { before: stored.settings, after: verdict.settings })
  const secrets = await writeSecrets(c, {
    vault: ports.vault,
    actor: authority.author,
    patch: verdict.secrets,
  })
  const { settings } = verdict
  const wider = [...widens, ...keys]
  await write(ports, c, authority, { settings, version, before, after, widens: wider, secrets })
  return { kind: 'saved' }
}

type Secrets = Readonly<Partial<Record<SecretName, string | null>>>

function widenedBySecrets(secrets: Secrets): SecretName[] {
  return secretNames.filter(
    (name) => secrets[name] !== undefined && settingWidens(name, undefined, secrets[name]),
  )
}

/**
 * With them one could decide as anybody. Where another administrator must agree, they are set while
 * nothing is decided by them, and turning Slack on again is what waits.
 */
function refuseKeysWhile(
  { secondAdmin, slackEnabled }: Settings,
  keys: readonly SecretName[],
  { author }: Authority,
): void {
  if (keys.length === 0) return
  if (author.token !== undefined) {
    throw new Refused('not_allowed', {
      detail: `${keys.join(', ')}: set in a browser, by whom the trail then names.`,
    })
  }
  if (secondAdmin && slackEnabled) {
    throw refusedForAll(keys.map((name) => refusal('slack_secret_while_on', {}, name)))
  }
}

interface Written {
  readonly settings: Settings
  /** That was there before. */
  readonly version: number
  readonly before: object
  readonly after: object
  readonly widens: readonly string[]
  readonly secrets: SecretsWritten | null
}

async function write(
  ports: ChangeSettingsPorts,
  c: Change,
  authority: Authority,
  { settings, version, before, after, widens, secrets }: Written,
): Promise<void> {
  const by = authority.author.person.userId
  const acceptedBy = authority.accepted?.accepter.userId ?? null
  const { byServiceToken } = authority
  const stored = { settings, expectedVersion: version, by, acceptedBy, byServiceToken }
  if (!(await updateSettings(c, stored))) throw refusedWith(refusal('version_conflict'))
  c.event({
    actor: authority.authorActor,
    action: 'setting.change',
    object: { ...settingsObject, version: version + 1 },
    payload: {
      ...{ before, after, widens },
      ...(secrets !== null && { secrets }),
      ...acceptanceInEvent(authority),
    },
  })
  await voidStale(c, settingsObject)
  const told = { object: settingsObject, verb: 'update', version: version + 1, widens } as const
  await tellOfChange(ports, c, authority, told)
  await raiseRulesVersion(c.tx)
}

/**
 * A setting never ends live access. What no policy allows any more while "end on lost eligibility"
 * is off goes on to its own end, though the setting is turned on meanwhile.
 */
async function spareTheLost(
  ports: ChangeSettingsPorts,
  c: Change,
  { before, after }: { before: Settings; after: Settings },
): Promise<void> {
  if (before.endOnLostEligibility || !after.endOnLostEligibility) return
  const { evaluator } = await ports.rules.load(c.tx)
  const grants = await liveGrants(c.tx)
  const people = await loadPeople(c.tx, [...new Set(grants.map(({ userId }) => userId))])
  const lost = grants.filter(({ userId, target, breakGlass }) => {
    const person = people.get(userId)
    if (person === undefined) return false
    const decision = evaluator.eligibility(person, target, { breakGlass })
    return !decision.eligible && decision.refusal.code === 'not_eligible'
  })
  await spareGrants(
    c,
    lost.map(({ requestId }) => requestId),
  )
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
    vault: Pick<Vault, 'read' | 'write'>
    actor: Actor
    patch: Secrets
  },
): Promise<SecretsWritten | null> {
  const written: SecretsWritten = { set: [], removed: [] }
  for (const name of secretNames) {
    const value = patch[name]
    if (value === undefined) continue
    if (name === 'webhookSecret' && value !== null) await keepPrevious(c, vault)
    await vault.write(c, { name, value, by: actor.person.userId })
    written[value === null ? 'removed' : 'set'].push(name)
  }
  return written.set.length + written.removed.length === 0 ? null : written
}

/** Receivers that do not know the new one yet go on knowing the old one, until it is taken away. */
async function keepPrevious(c: Change, vault: Pick<Vault, 'read' | 'write'>): Promise<void> {
  const marks = await secretMarks(c.tx)
  const { webhookSecret: mark } = marks
  if (mark === undefined) return
  // One that cannot be opened any more signs nothing; it is replaced, and nothing is kept of it.
  const value = await vault.read('webhookSecret').catch(() => null)
  await vault.write(c, { name: 'webhookSecretPrevious', value, by: mark.setBy })
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
    webhookSecretPrevious: show('webhookSecretPrevious'),
    anchorSecret: show('anchorSecret'),
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
    reminderMinutes: settings.reminderMinutes,
    endOnLostEligibility: settings.endOnLostEligibility,
    ticketRequiredForPolicies: settings.ticketRequiredForPolicies,
    secondAdmin: settings.secondAdmin,
    policyChangeNotices: settings.policyChangeNotices,
    dailyDigest: settings.dailyDigest,
    digestHour: settings.digestHour,
    reviewDueHours: settings.reviewDueHours,
    emailEnabled: settings.emailEnabled,
    emailSource: settings.emailSource,
    slackEnabled: settings.slackEnabled,
    slackAuditChannel: settings.slackAuditChannel,
    webhookEnabled: settings.webhookEnabled,
    webhookUrl: settings.webhookUrl,
    anchorUrl: settings.anchorUrl,
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
