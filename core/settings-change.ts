/** Whether a change of settings may be made, and what exactly it changes. */
import { membersOfRole } from './access.ts'
import type { EnabledMembers, Person } from './facts.ts'
import { fieldText } from './fields.ts'
import type { GroupId } from './ids.ts'
import { compilePattern } from './pattern.ts'
import { type Refusal, refusal } from './refusals.ts'
import { parseLogLocation } from './session-log.ts'
import { settingWidens } from './setting-widening.ts'
import {
  type SecretName,
  type SettingName,
  type SettingRule,
  type Settings,
  secretRules,
  settingRules,
} from './settings.ts'
import { checkText, checkTicket } from './text.ts'
import { ticketTemplateCharactersMax, ticketTemplateFault } from './ticket.ts'

export type SettingsChange = Readonly<Record<string, unknown>>

export interface SettingsFacts {
  readonly current: Settings
  /** Who changes them, as just confirmed; null where the program itself seeds the settings. */
  readonly actor: Pick<Person, 'userId' | 'enabled' | 'groupIds'> | null
  readonly groupIds: ReadonlySet<GroupId>
  readonly enabledMembers: EnabledMembers
}

export interface SettingDifference {
  readonly name: SettingName
  readonly before: Settings[SettingName]
  readonly after: Settings[SettingName]
  readonly widens: boolean
}

export type SettingsVerdict =
  | {
      readonly ok: true
      readonly settings: Settings
      readonly differences: readonly SettingDifference[]
      /** Null takes the secret away. Never shown, never part of an event. */
      readonly secrets: Readonly<Partial<Record<SecretName, string | null>>>
    }
  | { readonly ok: false; readonly refusals: readonly Refusal[] }

export function validateSettings(change: SettingsChange, facts: SettingsFacts): SettingsVerdict {
  const refusals: Refusal[] = []
  const values: Record<string, unknown> = {}
  const secrets: Partial<Record<SecretName, string | null>> = {}
  for (const [name, value] of Object.entries(change)) {
    const checked = checkSetting(name, value, facts)
    if (!checked.ok) refusals.push(checked.refusal)
    else if (isSecret(name))
      secrets[name] = typeof checked.value === 'string' ? checked.value : null
    else values[name] = checked.value
  }
  if (refusals.length > 0) return { ok: false, refusals }
  // Every value has been checked against the rule of its own setting.
  const settings = { ...facts.current, ...values } as Settings
  const together = [
    ...refuseTogether(settings),
    ...refuseExample(settings, change),
    ...refuseLockout(settings, facts),
  ]
  if (together.length > 0) return { ok: false, refusals: together }
  return { ok: true, settings, secrets, differences: settingsDifference(facts.current, settings) }
}

type Checked =
  | { readonly ok: true; readonly value: string | number | boolean | null }
  | { readonly ok: false; readonly refusal: Refusal }

function isSetting(name: string): name is SettingName {
  return Object.hasOwn(settingRules, name)
}

function isSecret(name: string): name is SecretName {
  return Object.hasOwn(secretRules, name)
}

function ruleFor(name: string): SettingRule | null {
  if (isSetting(name)) return settingRules[name]
  return isSecret(name) ? secretRules[name] : null
}

function checkSetting(name: string, value: unknown, facts: SettingsFacts): Checked {
  const rule = ruleFor(name)
  if (rule === null) return { ok: false, refusal: refusal('unknown_setting', { name }, name) }
  switch (rule.type) {
    case 'boolean':
      return typeof value === 'boolean' ? { ok: true, value } : malformed(name, 'boolean')
    case 'integer':
      return checkInteger(name, value, rule)
    case 'choice':
      return typeof value === 'string' && rule.choices.includes(value)
        ? { ok: true, value }
        : malformed(name, 'choice', { choices: rule.choices })
    case 'text':
      if (value === '') return { ok: true, value }
      return typeof value === 'string'
        ? checkTextSetting(name, value, rule)
        : malformed(name, rule.type)
    default:
      if (value === null || value === '') return { ok: true, value: null }
      return typeof value === 'string'
        ? checkString(name, value, rule, facts)
        : malformed(name, rule.type)
  }
}

function malformed(name: string, expected: string, params: Refusal['params'] = {}): Checked {
  return { ok: false, refusal: refusal('malformed', { expected, ...params }, name) }
}

function checkInteger(
  name: string,
  value: unknown,
  rule: SettingRule & { type: 'integer' },
): Checked {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return malformed(name, 'integer')
  if (value >= rule.min && value <= rule.max) return { ok: true, value }
  const { min, max, unit } = rule
  return { ok: false, refusal: refusal('out_of_range', { min, max, unit }, name) }
}

type StringRule = Exclude<SettingRule, { type: 'boolean' | 'integer' | 'choice' | 'text' }>

function checkString(name: string, value: string, rule: StringRule, facts: SettingsFacts): Checked {
  switch (rule.type) {
    case 'line':
      return checkTextSetting(name, value, rule)
    case 'secret':
      return checkSecret(name, value, rule)
    case 'pattern':
      return checkPattern(name, value)
    case 'group':
      return [...facts.groupIds].some((groupId) => groupId === value)
        ? { ok: true, value }
        : { ok: false, refusal: refusal('unknown_group', { groupId: value }, name) }
    case 'url':
      return isWebAddress(value) ? { ok: true, value } : malformed(name, 'url')
    case 'ticket_url':
      return checkTicketTemplate(name, value)
    default:
      return rule satisfies never
  }
}

function checkTextSetting(
  name: string,
  value: string,
  { type, charactersMax }: { readonly type: string; readonly charactersMax: number },
): Checked {
  const checked = fieldText(name, checkText(value, { charactersMax, line: type !== 'text' }))
  return checked.refusal
    ? { ok: false, refusal: checked.refusal }
    : { ok: true, value: checked.text }
}

function checkSecret(
  name: string,
  value: string,
  { charactersMin, charactersMax }: SettingRule & { type: 'secret' },
): Checked {
  const isLongEnough = value.length >= charactersMin && value.length <= charactersMax
  if (isLongEnough && /^[\x21-\x7e]+$/.test(value)) return { ok: true, value }
  return malformed(name, 'secret', { charactersMin, charactersMax })
}

function checkPattern(name: string, value: string): Checked {
  const compiled = compilePattern(value)
  if (compiled.ok) return { ok: true, value: value.normalize('NFC') }
  const { code, reason, part } = compiled
  return { ok: false, refusal: refusal(code, { reason, part }, name) }
}

function checkTicketTemplate(name: string, value: string): Checked {
  const text = checkTextSetting(name, value, {
    type: 'line',
    charactersMax: ticketTemplateCharactersMax,
  })
  if (!text.ok) return text
  const reason = ticketTemplateFault(String(text.value))
  return reason === null
    ? text
    : { ok: false, refusal: refusal('ticket_template_malformed', { reason }, name) }
}

function isWebAddress(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, username, password } = new URL(value)
  return protocol === 'https:' && username === '' && password === ''
}

function refuseTogether(settings: Settings): Refusal[] {
  const missing: Refusal[] = []
  if (settings.snsEnabled && settings.snsTopicArn === null) {
    missing.push(refusal('required', { by: 'snsEnabled' }, 'snsTopicArn'))
  }
  if (settings.webhookEnabled && settings.webhookUrl === null) {
    missing.push(refusal('required', { by: 'webhookEnabled' }, 'webhookUrl'))
  }
  missing.push(...refuseLogLocation(settings))
  return missing
}

/** Nobody is shown an example that would be refused. */
function refuseExample(settings: Settings, change: SettingsChange): Refusal[] {
  const { ticketExample: example, ticketPattern: pattern } = settings
  if (example === null || checkTicket(example, pattern).ok) return []
  const field = Object.hasOwn(change, 'ticketExample') ? 'ticketExample' : 'ticketPattern'
  return [refusal('ticket_example_unfit', { example, pattern }, field)]
}

function refuseLogLocation({ sessionLogSource, sessionLogLocation }: Settings): Refusal[] {
  if (sessionLogSource === 'none') return []
  const field = 'sessionLogLocation'
  if (sessionLogLocation === null) return [refusal('required', { by: 'sessionLogSource' }, field)]
  if (parseLogLocation(sessionLogSource, sessionLogLocation)) return []
  return [refusal('log_location_malformed', { source: sessionLogSource }, field)]
}

const administratorsForSecondMin = 2

/** At least one enabled administrator must be left, the one who changes it included. */
function refuseLockout(settings: Settings, facts: SettingsFacts): Refusal[] {
  const { current, actor } = facts
  const members = new Set(membersOfRole('admin', settings, facts.enabledMembers))
  const actorStays = actor?.enabled && isMember(actor, settings.adminGroupId)
  if (actor) {
    if (actorStays) members.add(actor.userId)
    else members.delete(actor.userId)
  }
  if (settings.adminGroupId !== current.adminGroupId) {
    if (members.size === 0) return [refusal('no_administrator_left', {}, 'adminGroupId')]
    if (actor && !actorStays) return [refusal('not_administrator_yourself', {}, 'adminGroupId')]
  }
  const turnsOnSecond = settings.secondAdmin && !current.secondAdmin
  const tooFew = members.size < administratorsForSecondMin
  if (!tooFew || !settings.secondAdmin) return []
  const groupChanges = settings.adminGroupId !== current.adminGroupId
  return turnsOnSecond || groupChanges
    ? [refusal('too_few_administrators', { needed: administratorsForSecondMin }, 'secondAdmin')]
    : []
}

function isMember(actor: Pick<Person, 'groupIds'>, groupId: GroupId | null): boolean {
  return groupId !== null && actor.groupIds.has(groupId)
}

export function settingsDifference(before: Settings, after: Settings): SettingDifference[] {
  const names = Object.keys(settingRules).filter(isSetting)
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => ({
      name,
      before: before[name],
      after: after[name],
      widens: settingWidens(name, before[name], after[name]),
    }))
}
