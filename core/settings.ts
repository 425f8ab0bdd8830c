/**
 * Every setting an administrator may change (the domain page's "Settings"): its type, default and
 * limits as data. Secrets are not part of `Settings`, so that no answer and no event can hold one.
 */
import type { GroupId } from './ids.ts'

export interface Settings {
  readonly maxDurationMinutes: number
  readonly requestExpiryMinutes: number
  readonly approvalRequired: boolean
  readonly justificationRequired: boolean
  readonly ticketRequired: boolean
  /** Null: any ticket that is proper text. */
  readonly ticketPattern: string | null
  /** A ticket that fits the pattern, for people who cannot read patterns. */
  readonly ticketExample: string | null
  /** What the form says beside the field. */
  readonly ticketHelp: string | null
  /** An address with `{ticket}` in it once; null: tickets are no links. */
  readonly ticketUrlTemplate: string | null
  readonly commentRequired: boolean
  readonly furthestStartDays: number
  readonly extensionAllowed: boolean
  /** A chain of extensions lasts at most this many times the longest duration. */
  readonly extensionChainFactor: number
  readonly activationDeadlineMinutes: number
  readonly endSoonMinutes: number
  /** Before a request expires its approvers are reminded; 0: never. */
  readonly reminderMinutes: number
  readonly endOnLostEligibility: boolean
  readonly ticketRequiredForPolicies: boolean
  readonly secondAdmin: boolean
  readonly reviewDueHours: number
  /** Tell auditors and administrators of policy changes that widen nothing, too. */
  readonly policyChangeNotices: boolean
  /** Administrators get one notice a day of what is late, failing or waiting, if anything is. */
  readonly dailyDigest: boolean
  /** From this hour on, on each administrator's own clock. */
  readonly digestHour: number
  readonly adminGroupId: GroupId | null
  readonly auditorGroupId: GroupId | null
  readonly emailEnabled: boolean
  readonly emailSource: string | null
  readonly snsEnabled: boolean
  readonly snsTopicArn: string | null
  readonly slackEnabled: boolean
  readonly slackAuditChannel: string | null
  readonly webhookEnabled: boolean
  readonly webhookUrl: string | null
  /** Where each minute's head of the trail goes, beside the log; null: nowhere. */
  readonly anchorUrl: string | null
  readonly sessionLogSource: 'none' | 'cloudtrail_lake' | 'cloudwatch_logs'
  readonly sessionLogLocation: string | null
  readonly idpInitiatedAllowed: boolean
  /** Empty: none. */
  readonly banner: string
}

export type SettingName = keyof Settings
export type SecretName =
  | 'slackToken'
  | 'slackSigningSecret'
  | 'webhookSecret'
  /** What was replaced last: messages are signed with both until it is taken away. */
  | 'webhookSecretPrevious'
  | 'anchorSecret'

export type SettingRule =
  | { readonly type: 'integer'; readonly min: number; readonly max: number; readonly unit: string }
  | { readonly type: 'boolean' }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  /** One line; none is null. */
  | { readonly type: 'line'; readonly charactersMax: number }
  /** Several lines; none is the empty text. */
  | { readonly type: 'text'; readonly charactersMax: number }
  | { readonly type: 'pattern' }
  | { readonly type: 'group' }
  | { readonly type: 'url' }
  | { readonly type: 'ticket_url' }
  /** Visible ASCII without spaces; none is null. */
  | { readonly type: 'secret'; readonly charactersMin: number; readonly charactersMax: number }

/** The longest that any policy, and the global maximum, may name: 365 days. */
export const durationMinutesLimit = 525_600
/** A request that AWS has not carried out by then is not what people wait for any more. */
export const activationDeadlineMinutesMax = 120
export const bannerCharactersMax = 500

const minutes = (min: number, max: number): SettingRule => {
  return { type: 'integer', min, max, unit: 'minutes' }
}
const onOff: SettingRule = { type: 'boolean' }

export const settingRules: Readonly<Record<SettingName, SettingRule>> = {
  maxDurationMinutes: minutes(1, durationMinutesLimit),
  requestExpiryMinutes: minutes(1, 43_200),
  approvalRequired: onOff,
  justificationRequired: onOff,
  ticketRequired: onOff,
  ticketPattern: { type: 'pattern' },
  ticketExample: { type: 'line', charactersMax: 200 },
  ticketHelp: { type: 'line', charactersMax: 500 },
  ticketUrlTemplate: { type: 'ticket_url' },
  commentRequired: onOff,
  furthestStartDays: { type: 'integer', min: 0, max: 365, unit: 'days' },
  extensionAllowed: onOff,
  extensionChainFactor: { type: 'integer', min: 1, max: 10, unit: 'times' },
  activationDeadlineMinutes: minutes(1, activationDeadlineMinutesMax),
  endSoonMinutes: minutes(1, 1_440),
  reminderMinutes: minutes(0, 10_080),
  endOnLostEligibility: onOff,
  ticketRequiredForPolicies: onOff,
  secondAdmin: onOff,
  reviewDueHours: { type: 'integer', min: 1, max: 720, unit: 'hours' },
  policyChangeNotices: onOff,
  dailyDigest: onOff,
  digestHour: { type: 'integer', min: 0, max: 23, unit: 'hours' },
  adminGroupId: { type: 'group' },
  auditorGroupId: { type: 'group' },
  emailEnabled: onOff,
  emailSource: { type: 'line', charactersMax: 320 },
  snsEnabled: onOff,
  snsTopicArn: { type: 'line', charactersMax: 512 },
  slackEnabled: onOff,
  slackAuditChannel: { type: 'line', charactersMax: 80 },
  webhookEnabled: onOff,
  webhookUrl: { type: 'url' },
  anchorUrl: { type: 'url' },
  sessionLogSource: { type: 'choice', choices: ['none', 'cloudtrail_lake', 'cloudwatch_logs'] },
  sessionLogLocation: { type: 'line', charactersMax: 640 },
  idpInitiatedAllowed: onOff,
  banner: { type: 'text', charactersMax: bannerCharactersMax },
}

/** Shorter ones could be guessed. */
export const secretCharactersMin = 8
export const secretCharactersMax = 512
const secret: SettingRule = {
  type: 'secret',
  charactersMin: secretCharactersMin,
  charactersMax: secretCharactersMax,
}

export const secretRules: Readonly<Record<SecretName, SettingRule>> = {
  slackToken: secret,
  slackSigningSecret: secret,
  webhookSecret: secret,
  webhookSecretPrevious: secret,
  anchorSecret: secret,
}

export const defaultSettings: Settings = {
  maxDurationMinutes: 540,
  requestExpiryMinutes: 180,
  approvalRequired: true,
  justificationRequired: true,
  ticketRequired: false,
  ticketPattern: null,
  ticketExample: null,
  ticketHelp: null,
  ticketUrlTemplate: null,
  commentRequired: false,
  furthestStartDays: 30,
  extensionAllowed: true,
  extensionChainFactor: 2,
  activationDeadlineMinutes: 10,
  endSoonMinutes: 15,
  reminderMinutes: 0,
  endOnLostEligibility: true,
  ticketRequiredForPolicies: false,
  secondAdmin: false,
  reviewDueHours: 24,
  policyChangeNotices: false,
  dailyDigest: true,
  digestHour: 9,
  adminGroupId: null,
  auditorGroupId: null,
  emailEnabled: true,
  emailSource: null,
  snsEnabled: false,
  snsTopicArn: null,
  slackEnabled: false,
  slackAuditChannel: null,
  webhookEnabled: false,
  webhookUrl: null,
  anchorUrl: null,
  sessionLogSource: 'none',
  sessionLogLocation: null,
  idpInitiatedAllowed: false,
  banner: '',
}
