/**
 * `team.config.json`: what is known about an installation, for the commands that set it up. Its
 * words are those of the sample's `parameters.sh`. It holds no secret. docs/reference/
 * team.config.schema.json is printed from this schema.
 */
import * as z from 'zod'
import {
  type Parsed,
  parseAudience,
  parseEmail,
  parseHost,
  parsePublicUrl,
  parseRegion,
  parseSafeUrl,
  parseText,
} from '#server/config-values.ts'
import { deployment } from './deployment.ts'

/** The same judgement as of the server's environment, so that one text is right or wrong for both. */
function checked(
  parse: (value: string) => Parsed<unknown>,
  { description, example }: { description: string; example: string },
) {
  return z
    .string()
    .trim()
    .superRefine((value, context) => {
      const parsed = value === '' ? { wrong: 'is empty' } : parse(value)
      if ('wrong' in parsed) context.addIssue({ code: 'custom', message: parsed.wrong })
    })
    .meta({ description, examples: [example] })
    .optional()
}

const parseAccountId = (value: string): Parsed<string> =>
  /^\d{12}$/.test(value) ? { value } : { wrong: 'is not an account id of twelve digits' }

const auditLogKinds = ['read_write', 'read', 'write', 'none']
const eventDataStore = /^arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:\d{12}:eventdatastore\/[0-9a-f-]{36}$/
const parseAuditLogs = (value: string): Parsed<string> =>
  auditLogKinds.includes(value) || eventDataStore.test(value)
    ? { value }
    : { wrong: `is neither ${auditLogKinds.join(', ')} nor the ARN of an event data store` }

const tag = z
  .string()
  .max(256)
  .regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u, 'has characters that AWS refuses in tags')

export const teamConfig = z
  .strictObject({
    $schema: z.string().optional(),
    region: checked(parseRegion, {
      description: 'REGION: where IAM Identity Center is, and where TEAM runs.',
      example: 'eu-west-1',
    }),
    publicUrl: checked(parsePublicUrl, {
      description: 'Where people open TEAM.',
      example: 'https://team.example.com',
    }),
    uiDomain: checked(parseHost, {
      description: 'UI_DOMAIN: the host of publicUrl, where that is left out.',
      example: 'team.example.com',
    }),
    teamAccount: checked(parseAccountId, {
      description: 'TEAM_ACCOUNT: the account that TEAM runs in, as delegated administrator.',
      example: '111122223333',
    }),
    orgMasterProfile: checked(parseText, {
      description: 'ORG_MASTER_PROFILE: the AWS profile of the management account.',
      example: 'org-master',
    }),
    teamAccountProfile: checked(parseText, {
      description: 'TEAM_ACCOUNT_PROFILE: the AWS profile of the account that TEAM runs in.',
      example: 'team-account',
    }),
    teamAdminGroup: checked(parseText, {
      description: 'TEAM_ADMIN_GROUP: the group of administrators; seeds the setting once.',
      example: 'TEAM admins',
    }),
    teamAuditorGroup: checked(parseText, {
      description: 'TEAM_AUDITOR_GROUP: the group of auditors; seeds the setting once.',
      example: 'TEAM auditors',
    }),
    idcLoginUrl: checked(parseSafeUrl, {
      description: 'IDC_LOGIN_URL: the AWS access portal.',
      example: 'https://d-1234567890.awsapps.com/start',
    }),
    emailSource: checked(parseEmail, {
      description: 'EMAIL_SOURCE: the sender of mails, an identity that Amazon SES has verified.',
      example: 'team@example.com',
    }),
    cloudTrailAuditLogs: checked(parseAuditLogs, {
      description:
        'CLOUDTRAIL_AUDIT_LOGS: the event data store that session logs are read from, by its ARN; or what the sample was told to record.',
      example:
        'arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/e646f20d-7959-4682-be84-6c5b8a37cf15',
    }),
    tags: z
      .record(z.string().min(1).max(128), tag)
      .meta({
        description: 'TAGS: on every resource that is deployed.',
        examples: [{ project: 'iam-identity-center-team' }],
      })
      .optional(),
    samlMetadataUrl: checked(parseSafeUrl, {
      description: "The SAML metadata of TEAM's application in IAM Identity Center.",
      example: 'https://portal.sso.eu-west-1.amazonaws.com/saml/metadata/MTIzNDU2Nzg5MDEy',
    }),
    samlMetadataFile: checked(parseText, {
      description: 'The same as a file, relative to this one.',
      example: 'identity-center.xml',
    }),
    samlAudience: checked(parseAudience, {
      description: 'The name of this installation in SAML; urn:team: and the host of publicUrl.',
      example: 'urn:team:team.example.com',
    }),
    deploy: deployment.optional(),
  })
  .refine((config) => !(config.samlMetadataUrl && config.samlMetadataFile), {
    path: ['samlMetadataUrl'],
    message: 'and samlMetadataFile are both set; set one of them',
  })
  .meta({ title: 'team.config.json' })

export type TeamConfig = z.output<typeof teamConfig>

export function configFileSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(teamConfig, { io: 'input' }), null, 2)}\n`
}

/** One line a mistake: where, what is wrong, what would be right. */
export function mistakesIn(config: unknown): string[] {
  const parsed = teamConfig.safeParse(config, { reportInput: true })
  return parsed.success ? [] : parsed.error.issues.flatMap(linesOf)
}

function linesOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys') {
    const path = issue.path.map(String)
    return issue.keys.map(
      (key) => `${[...path, key].join('.')} is not known${meantFor(key, path.join('.'))}`,
    )
  }
  const name = String(issue.path[0] ?? '')
  const where = issue.path.join('.')
  if (where === '') return ['is not an object']
  const shown =
    issue.input === undefined ? '' : ` (it is ${JSON.stringify(issue.input)?.slice(0, 100)})`
  const wrong = issue.code === 'custom' ? issue.message : wordedFor(issue)
  return [`${where} ${wrong}${shown}${exampleOf(name)}`]
}

function wordedFor(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type')
    return `is not ${issue.expected === 'string' ? 'text' : `of type ${issue.expected}`}`
  return issue.message
}

function exampleOf(name: string): string {
  const field = Object.entries(teamConfig.shape).find(([known]) => known === name)?.[1]
  const [shown] = field === undefined ? [] : ((z.toJSONSchema(field).examples ?? []) as unknown[])
  return shown === undefined ? '' : `. Example: "${name}": ${JSON.stringify(shown)}`
}

/** A word that is known elsewhere is told with its place; one that is nearly right, with its name. */
function meantFor(key: string, place: string): string {
  const bare = (name: string) => name.replaceAll(/[^a-z0-9]/gi, '').toLowerCase()
  const fields = [
    ...Object.keys(teamConfig.shape).map((name) => ({ name, place: '' })),
    ...Object.keys(deployment.shape).map((name) => ({ name, place: 'deploy' })),
  ].filter(({ name }) => bare(name) === bare(key))
  const meant = fields.find((field) => field.place === place) ?? fields[0]
  if (meant === undefined) return ''
  if (meant.place === place) return `; is ${meant.name} meant?`
  const where = meant.place === '' ? 'at the top of the file' : `inside "${meant.place}"`
  return ` here; "${meant.name}" stands ${where}`
}
