/** The settings as groups of fields, and the way between a setting and what one types. Pure. */
import type { ChannelTested, Settings, SettingsPatch } from '#contract/settings.ts'
import { readDuration, splitDuration, wholeNumber } from './duration.ts'
import type { StringKey, Translate } from './i18n.tsx'
import { durationText } from './time.ts'

/** Written and never read, so they are no settings that a page could show and compare. */
type SecretName = 'slackToken' | 'slackSigningSecret' | 'webhookSecret'

export type SettingName = Exclude<keyof SettingsPatch, SecretName>

export type SettingField = { readonly name: SettingName; readonly help?: StringKey } & (
  | { readonly type: 'duration' | 'flag' | 'text' | 'email' | 'area' | 'group' }
  | { readonly type: 'choice'; readonly choices: readonly ChoiceName[] }
  | {
      readonly type: 'number'
      readonly unit: 'unit.minutes' | 'unit.hours' | 'unit.oclock' | 'unit.days' | 'unit.times'
      readonly min: number
      readonly max: number
    }
)

export type ChoiceName = Settings['sessionLogSource']

export type Channel = ChannelTested['channel']

export type SecretField =
  | 'slackToken'
  | 'slackSigningSecret'
  | 'webhookSecret'
  | 'webhookSecretPrevious'
  | 'anchorSecret'

export interface SettingGroup {
  readonly id:
    | 'time'
    | 'rules'
    | 'life'
    | 'policies'
    | 'mail'
    | 'slack'
    | 'digest'
    | 'sns'
    | 'webhook'
    | 'anchor'
    | 'sessionLog'
    | 'signIn'
    | 'banner'
  readonly fields: readonly SettingField[]
  /** Saved one by one, each at once. */
  readonly secrets?: readonly SecretField[]
  /** Of which a test can be sent. */
  readonly channel?: Channel
}

export const settingGroups: readonly SettingGroup[] = [
  {
    id: 'time',
    fields: [
      { name: 'maxDurationMinutes', type: 'duration', help: 'setHelp.maxDurationMinutes' },
      { name: 'requestExpiryMinutes', type: 'duration', help: 'setHelp.requestExpiryMinutes' },
      {
        name: 'furthestStartDays',
        type: 'number',
        unit: 'unit.days',
        min: 0,
        max: 365,
        help: 'setHelp.furthestStartDays',
      },
    ],
  },
  {
    id: 'rules',
    fields: [
      { name: 'approvalRequired', type: 'flag', help: 'setHelp.approvalRequired' },
      { name: 'justificationRequired', type: 'flag' },
      { name: 'ticketRequired', type: 'flag' },
      { name: 'ticketPattern', type: 'text', help: 'setHelp.ticketPattern' },
      { name: 'ticketExample', type: 'text', help: 'setHelp.ticketExample' },
      { name: 'ticketHelp', type: 'text', help: 'setHelp.ticketHelp' },
      { name: 'ticketUrlTemplate', type: 'text', help: 'setHelp.ticketUrlTemplate' },
      { name: 'commentRequired', type: 'flag' },
    ],
  },
  {
    id: 'life',
    fields: [
      {
        name: 'activationDeadlineMinutes',
        type: 'number',
        unit: 'unit.minutes',
        min: 1,
        max: 120,
        help: 'setHelp.activationDeadlineMinutes',
      },
      {
        name: 'endSoonMinutes',
        type: 'number',
        unit: 'unit.minutes',
        min: 1,
        max: 1440,
        help: 'setHelp.endSoonMinutes',
      },
      {
        name: 'reminderMinutes',
        type: 'number',
        unit: 'unit.minutes',
        min: 0,
        max: 10_080,
        help: 'setHelp.reminderMinutes',
      },
      { name: 'endOnLostEligibility', type: 'flag' },
      { name: 'extensionAllowed', type: 'flag' },
      { name: 'extensionChainFactor', type: 'number', unit: 'unit.times', min: 1, max: 10 },
      {
        name: 'reviewDueHours',
        type: 'number',
        unit: 'unit.hours',
        min: 1,
        max: 720,
        help: 'setHelp.reviewDueHours',
      },
    ],
  },
  {
    id: 'policies',
    fields: [
      { name: 'secondAdmin', type: 'flag', help: 'setHelp.secondAdmin' },
      { name: 'ticketRequiredForPolicies', type: 'flag' },
      { name: 'policyChangeNotices', type: 'flag', help: 'setHelp.policyChangeNotices' },
    ],
  },
  {
    id: 'digest',
    fields: [
      { name: 'dailyDigest', type: 'flag', help: 'setHelp.dailyDigest' },
      {
        name: 'digestHour',
        type: 'number',
        unit: 'unit.oclock',
        min: 0,
        max: 23,
        help: 'setHelp.digestHour',
      },
    ],
  },
  {
    id: 'mail',
    channel: 'email',
    fields: [
      { name: 'emailEnabled', type: 'flag' },
      { name: 'emailSource', type: 'email' },
    ],
  },
  {
    id: 'anchor',
    fields: [{ name: 'anchorUrl', type: 'text', help: 'setHelp.anchorUrl' }],
    secrets: ['anchorSecret'],
  },
  {
    id: 'sessionLog',
    fields: [
      {
        name: 'sessionLogSource',
        type: 'choice',
        choices: ['none', 'cloudwatch_logs', 'cloudtrail_lake'],
        help: 'setHelp.sessionLogSource',
      },
      { name: 'sessionLogLocation', type: 'text', help: 'setHelp.sessionLogLocation' },
    ],
  },
  {
    id: 'slack',
    channel: 'slack',
    fields: [
      { name: 'slackEnabled', type: 'flag', help: 'setHelp.slackEnabled' },
      { name: 'slackAuditChannel', type: 'text', help: 'setHelp.slackAuditChannel' },
    ],
    secrets: ['slackToken', 'slackSigningSecret'],
  },
  {
    id: 'webhook',
    channel: 'webhook',
    fields: [
      { name: 'webhookEnabled', type: 'flag', help: 'setHelp.webhookEnabled' },
      { name: 'webhookUrl', type: 'text' },
    ],
    secrets: ['webhookSecret', 'webhookSecretPrevious'],
  },
  {
    id: 'sns',
    channel: 'sns',
    fields: [
      { name: 'snsEnabled', type: 'flag', help: 'setHelp.snsEnabled' },
      { name: 'snsTopicArn', type: 'text', help: 'setHelp.snsTopicArn' },
    ],
  },
  {
    id: 'signIn',
    fields: [
      { name: 'adminGroupId', type: 'group', help: 'setHelp.adminGroupId' },
      { name: 'auditorGroupId', type: 'group', help: 'setHelp.auditorGroupId' },
      { name: 'idpInitiatedAllowed', type: 'flag' },
    ],
  },
  { id: 'banner', fields: [{ name: 'banner', type: 'area' }] },
]

/** What stands in a field. A group keeps its name beside its id. */
export type Typed =
  | { readonly kind: 'flag'; readonly on: boolean }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'duration'; readonly hours: string; readonly minutes: string }
  | { readonly kind: 'group'; readonly id: string; readonly name: string }

export function typedOf(field: SettingField, settings: Settings): Typed {
  const value = settings[field.name]
  if (field.type === 'flag') return { kind: 'flag', on: value === true }
  if (field.type === 'group') return { kind: 'group', id: String(value), name: String(value) }
  if (field.type === 'duration' && typeof value === 'number') {
    return { kind: 'duration', ...splitDuration(value) }
  }
  return { kind: 'text', text: value === null ? '' : String(value) }
}

export type ReadSetting =
  | { readonly ok: true; readonly value: string | number | boolean | null }
  | {
      readonly ok: false
      readonly error: StringKey
      readonly values: Readonly<Record<string, number>>
    }

const wrong = (error: StringKey, values: Readonly<Record<string, number>> = {}): ReadSetting => ({
  ok: false,
  error,
  values,
})

export function readTyped(field: SettingField, typed: Typed): ReadSetting {
  switch (typed.kind) {
    case 'flag':
      return { ok: true, value: typed.on }
    case 'group':
      return typed.id === '' ? wrong('form.required') : { ok: true, value: typed.id }
    case 'duration': {
      const entry = readDuration(typed.hours, typed.minutes, null)
      return entry.ok ? { ok: true, value: entry.minutes } : wrong('ask.durationMissing')
    }
    case 'text':
      return readText(field, typed.text.trim())
    default:
      return typed satisfies never
  }
}

function readText(field: SettingField, text: string): ReadSetting {
  if (field.type === 'number') {
    const value = text === '' ? null : wholeNumber(text)
    const { min, max } = field
    const fits = value !== null && value >= min && value <= max
    return fits ? { ok: true, value } : wrong('form.range', { min, max })
  }
  if (field.type === 'email') {
    if (text === '') return { ok: true, value: null }
    return /^[^\s@]+@[^\s@]+$/.test(text) ? { ok: true, value: text } : wrong('form.email')
  }
  return { ok: true, value: text === '' && field.name !== 'banner' ? null : text }
}

export function settingInWords(
  field: SettingField,
  value: unknown,
  words: { t: Translate; group: (id: string) => string },
): string {
  const { t, group } = words
  if (typeof value === 'boolean') return t(value ? 'word.on' : 'word.off')
  if (value === null || value === '') return t('word.none')
  if (field.type === 'duration' && typeof value === 'number') return durationText(value, t)
  if (field.type === 'number') return `${value} ${t(field.unit)}`
  if (field.type === 'choice') {
    const choice = field.choices.find((one) => one === value)
    return choice ? t(`choice.${choice}`) : String(value)
  }
  return field.type === 'group' ? group(String(value)) : String(value)
}
