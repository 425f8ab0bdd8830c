import { z } from 'zod'
import { channels } from '#core/channels.ts'
import { activationDeadlineMinutesMax, bannerCharactersMax } from '#core/settings.ts'
import { Instant, OpaqueId } from './common.ts'

/** Written and never read again: what is answered of it is only that it is set. */
const SecretValue = z
  .string()
  .regex(/^[\x21-\x7e]{8,512}$/, 'Must be 8 to 512 visible ASCII characters, without spaces')
  .nullable()
  .meta({
    id: 'SecretValue',
    description: 'Kept sealed and never answered. Null takes it away.',
    examples: ['ed50f2a1c6c04f30a0a5cde1a2f1f7d3'],
  })

const SecretMark = z
  .discriminatedUnion('set', [
    z.object({ set: z.literal(false) }),
    z.object({
      set: z.literal(true),
      setAt: Instant,
      setBy: z.object({ userId: z.string(), userName: z.string() }),
    }),
  ])
  .meta({ id: 'SecretMark', description: 'Whether a secret is set, since when and by whom.' })

const TopicArn = z
  .string()
  .regex(
    /^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/,
    'Must be the ARN of an SNS topic',
  )
  .meta({ examples: ['arn:aws:sns:eu-west-1:111122223333:team-notices'] })

const shape = {
  maxDurationMinutes: z.int().min(1).max(100_000),
  requestExpiryMinutes: z.int().min(1).max(100_000),
  approvalRequired: z.boolean(),
  justificationRequired: z.boolean(),
  ticketRequired: z.boolean(),
  ticketPattern: z.string().max(500).nullable(),
  ticketExample: z.string().max(200).nullable(),
  ticketHelp: z.string().max(500).nullable(),
  ticketUrlTemplate: z
    .string()
    .max(500)
    .nullable()
    .meta({ description: 'An https address with `{ticket}` in it once' }),
  commentRequired: z.boolean(),
  furthestStartDays: z.int().min(0).max(365),
  extensionAllowed: z.boolean(),
  extensionChainFactor: z.number().min(1).max(10),
  activationDeadlineMinutes: z.int().min(1).max(activationDeadlineMinutesMax),
  endSoonMinutes: z.int().min(1).max(1440),
  reminderMinutes: z.int().min(0).max(10_080).meta({
    description: 'How long before a request expires its approvers are reminded; 0: never',
  }),
  endOnLostEligibility: z.boolean(),
  ticketRequiredForPolicies: z.boolean(),
  secondAdmin: z.boolean().meta({
    description: 'Changes that widen access wait until another administrator accepts them',
  }),
  policyChangeNotices: z.boolean().meta({
    description:
      'Auditors and administrators are told of changes of policies that widen nothing, too',
  }),
  dailyDigest: z.boolean().meta({
    description:
      'Administrators get one notice a day of what is late, failing or waiting for review, if anything is',
  }),
  digestHour: z.int().min(0).max(23).meta({
    description: "From this hour on, in each administrator's own time zone",
  }),
  reviewDueHours: z.int().min(1).max(720),
  emailEnabled: z.boolean(),
  slackEnabled: z.boolean(),
  slackAuditChannel: z
    .string()
    .regex(/^[CG][A-Z0-9]{6,20}$/, 'Must be the id of a Slack channel')
    .nullable()
    .meta({ examples: ['C0123456789'] }),
  webhookEnabled: z.boolean(),
  webhookUrl: z
    .string()
    .max(2_000)
    .regex(/^https:\/\/[^\s@]+$/, 'Must be an https address')
    .nullable()
    .meta({ examples: ['https://hooks.example.com/team'] }),
  snsEnabled: z.boolean(),
  snsTopicArn: TopicArn.nullable(),
  emailSource: z.email().max(320).nullable(),
  adminGroupId: OpaqueId.max(47),
  auditorGroupId: OpaqueId.max(47),
  anchorUrl: z
    .string()
    .max(2_000)
    .regex(/^https:\/\/[^\s@]+$/, 'Must be an https address')
    .nullable()
    .meta({
      description: 'Gets the head of the audit trail each minute, signed with `anchorSecret`',
      examples: ['https://anchors.example.org/team'],
    }),
  sessionLogSource: z.enum(['none', 'cloudtrail_lake', 'cloudwatch_logs']),
  sessionLogLocation: z
    .string()
    .max(640)
    .nullable()
    .meta({
      description:
        'Of CloudWatch Logs the name or the ARN of a log group, of CloudTrail Lake the ARN of an event data store',
      examples: ['arn:aws:logs:us-east-1:111122223333:log-group:organization-trail'],
    }),
  idpInitiatedAllowed: z.boolean(),
  banner: z.string().max(bannerCharactersMax),
}

const secrets = {
  slackToken: SecretValue,
  slackSigningSecret: SecretValue,
  webhookSecret: SecretValue,
  webhookSecretPrevious: z.null().meta({
    description: 'Null takes the replaced secret away: from then on only the present one signs',
  }),
  anchorSecret: SecretValue,
}

export const ChannelTest = z.strictObject({ channel: z.enum(channels) }).meta({ id: 'ChannelTest' })

export const ChannelTested = z
  .object({
    channel: z.enum(channels),
    outcome: z.enum(['sent', 'refused', 'later', 'no_address', 'off']),
    answer: z.string(),
  })
  .meta({ id: 'ChannelTested', description: '`answer`: what the provider said, in its own words' })
export type ChannelTested = z.infer<typeof ChannelTested>

export const SettingsPatch = z
  .strictObject({ ...shape, ...secrets })
  .partial()
  .meta({ id: 'SettingsPatch' })
export type SettingsPatch = z.infer<typeof SettingsPatch>

export const Settings = z
  .object({
    ...shape,
    slackToken: SecretMark,
    slackSigningSecret: SecretMark,
    webhookSecret: SecretMark,
    webhookSecretPrevious: SecretMark,
    anchorSecret: SecretMark,
    version: z.int(),
    updatedBy: z.object({ userId: z.string(), userName: z.string() }),
    updatedAt: Instant,
  })
  .meta({ id: 'Settings' })
export type Settings = z.infer<typeof Settings>
