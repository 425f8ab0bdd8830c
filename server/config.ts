/**
 * Every setting of the environment: type, default, reason. Parsed once, at the start; whatever is
 * missing or malformed is told in one line each, all at once, and a secret's value is in none.
 * docs/reference/settings.md is printed from this table.
 */
import {
  type DatabaseAuth,
  databaseAuths,
  drainSecondsMax,
  type Parsed,
  parseAudience,
  parseDatabaseAuth,
  parseDatabaseUrl,
  parseDrainSeconds,
  parseEmail,
  parseHost,
  parseHttpUrl,
  parseLogLevel,
  parseNamespace,
  parseNetworks,
  parsePort,
  parsePublicUrl,
  parseRegion,
  parseSafeUrl,
  parseSecret,
  parseText,
  secretBytesMin,
} from './config-values.ts'
import { type LogLevel, logLevels } from './log.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export type MetadataSource =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'file'; readonly path: string }

export interface Config {
  readonly port: number
  readonly host: string
  /** Scheme, host and port, without a slash at the end. */
  readonly publicUrl: string
  /** Null: the embedded PostgreSQL under `dataDir`. */
  readonly databaseUrl: string | null
  readonly databaseAuth: DatabaseAuth
  readonly dataDir: string
  /** Null: the SDK finds it in the profile that AWS_PROFILE names. */
  readonly awsRegion: string | null
  readonly logLevel: LogLevel
  readonly metricsPort: number | null
  /** Null: no line of metrics in the log. */
  readonly metricsNamespace: string | null
  readonly drainSeconds: number
  readonly trustedProxies: readonly string[]
  readonly webhookNetworks: readonly string[]
  readonly slackApiUrl: string
  readonly adminGroup: string | null
  readonly auditorGroup: string | null
  readonly portalUrl: string | null
  readonly emailSource: string | null
  readonly saml: { readonly metadata: MetadataSource; readonly audience: string }
  readonly secrets: { readonly current: string; readonly previous: string | null }
}

export class ConfigErrors extends Error {
  /** One mistake a line. */
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.name = 'ConfigErrors'
    this.lines = lines
  }
}

interface Setting<T> {
  readonly type: string
  readonly default: string
  readonly reason: string
  readonly example: string
  /** Its value is never shown. */
  readonly secret?: boolean
  /** Says what is wrong, as the end of the sentence "NAME …". */
  readonly parse: (value: string) => Parsed<T>
}

const settings = {
  PORT: {
    type: 'port',
    default: '8080',
    reason: 'The port that the server listens on.',
    example: '8080',
    parse: parsePort,
  },
  HOST: {
    type: 'address',
    default: '127.0.0.1',
    reason: 'The address that the server listens on. Containers set 0.0.0.0.',
    example: '0.0.0.0',
    parse: parseHost,
  },
  PUBLIC_URL: {
    type: 'URL',
    default: 'http://127.0.0.1:PORT',
    reason:
      'Where people open TEAM: links, cookies and the SAML addresses are made from it. https, except on loopback.',
    example: 'https://team.example.com',
    parse: parsePublicUrl,
  },
  DATABASE_URL: {
    type: 'URL',
    default: 'embedded PostgreSQL under TEAM_DATA_DIR',
    reason: 'The PostgreSQL to use.',
    example: 'postgres://team@db.example.com:5432/team?sslmode=verify-full',
    secret: true,
    parse: parseDatabaseUrl,
  },
  DATABASE_AUTH: {
    type: databaseAuths.join(' or '),
    default: 'password',
    reason:
      "How the database lets TEAM in: by the password of DATABASE_URL (or its certificates), or by IAM, with a token of the server's own AWS credentials for each connection (Amazon RDS and Aurora). With iam the URL has no password, and the server's certificate is always verified, by sslrootcert if the URL has it, else by Amazon's authorities.",
    example: 'iam',
    parse: parseDatabaseAuth,
  },
  TEAM_DATA_DIR: {
    type: 'folder',
    default: './.team',
    reason:
      'Where the embedded PostgreSQL keeps its data, and where the log of intents and the anchor are kept outside the database.',
    example: '/var/lib/team',
    parse: parseText,
  },
  AWS_REGION: {
    type: 'AWS Region',
    default: 'that of the profile, if AWS_PROFILE is set',
    reason:
      'Where IAM Identity Center is looked for. Assignments use the primary Region of the instance.',
    example: 'eu-west-1',
    parse: parseRegion,
  },
  AWS_PROFILE: {
    type: 'name',
    default: 'none',
    reason: 'The profile of the shared AWS files, read by the AWS SDK itself.',
    example: 'team',
    parse: parseText,
  },
  AWS_ENDPOINT_URL: {
    type: 'URL',
    default: "AWS's own",
    reason:
      'Another endpoint for every AWS service, read by the AWS SDK itself. AWS_ENDPOINT_URL_SERVICE sets that of one service.',
    example: 'http://localhost:8090',
    parse: parseHttpUrl,
  },
  LOG_LEVEL: {
    type: logLevels.join(', '),
    default: 'info',
    reason:
      'The least important lines that are logged. Above info the log has neither the intents nor the heads of the trail, which a restore without TEAM_DATA_DIR needs.',
    example: 'info',
    parse: parseLogLevel,
  },
  METRICS_PORT: {
    type: 'port',
    default: 'none',
    reason:
      'If set, /metrics is served on this port of loopback; else on PORT, for a token with the scope metrics.',
    example: '9464',
    parse: parsePort,
  },
  TEAM_METRICS_NAMESPACE: {
    type: 'name',
    default: 'none',
    reason:
      "If set, the metrics that alarms use are a line of the log each minute, in CloudWatch's embedded metric format, under this namespace.",
    example: 'TEAM',
    parse: parseNamespace,
  },
  TEAM_DRAIN_SECONDS: {
    type: `seconds, 0 to ${drainSecondsMax}`,
    default: '0',
    reason:
      'How long a copy that is told to stop goes on answering, while /readyz says 503 and proxies turn to the other copies.',
    example: '5',
    parse: parseDrainSeconds,
  },
  TEAM_TRUSTED_PROXIES: {
    type: 'addresses or networks, separated by commas',
    default: 'none',
    reason:
      'The proxies whose X-Forwarded-For is believed when the address of a browser is written down.',
    example: '10.0.0.0/16',
    parse: parseNetworks,
  },
  TEAM_WEBHOOK_NETWORKS: {
    type: 'addresses or networks, separated by commas',
    default: 'none',
    reason:
      'Networks that a webhook may be sent to beside public addresses. Private, loopback and link-local ones are refused unless named here.',
    example: '10.20.0.0/16',
    parse: parseNetworks,
  },
  SLACK_API_URL: {
    type: 'URL',
    default: 'https://slack.com/api',
    reason: "Another address of Slack's Web API, such as GovSlack's, or a stand-in for tests.",
    example: 'https://slack-gov.com/api',
    parse: parseHttpUrl,
  },
  TEAM_ADMIN_GROUP: {
    type: 'group name or id',
    default: 'none',
    reason: 'Seeds the group of administrators, at the first start only.',
    example: 'TEAM admins',
    parse: parseText,
  },
  TEAM_AUDITOR_GROUP: {
    type: 'group name or id',
    default: 'none',
    reason: 'Seeds the group of auditors, at the first start only.',
    example: 'TEAM auditors',
    parse: parseText,
  },
  IDC_LOGIN_URL: {
    type: 'URL',
    default: 'none',
    reason: 'The AWS access portal that pages and mails link to.',
    example: 'https://d-1234567890.awsapps.com/start',
    parse: parseSafeUrl,
  },
  EMAIL_SOURCE: {
    type: 'e-mail address',
    default: 'none: no mails are sent',
    reason:
      'The sender of mails; an identity that Amazon SES has verified. Copied into the settings at the first start; from then on the sender there stands, and this counts only where that one is empty.',
    example: 'team@example.com',
    parse: parseEmail,
  },
  SAML_METADATA_URL: {
    type: 'URL',
    default: 'none; either this or SAML_METADATA_FILE',
    reason:
      "The identity provider's SAML metadata. Read at the start and every hour, so that a new certificate is known in time.",
    example: 'https://portal.sso.eu-west-1.amazonaws.com/saml/metadata/MTIzNDU2Nzg5MDEy',
    parse: parseSafeUrl,
  },
  SAML_METADATA_FILE: {
    type: 'file',
    default: 'none; either this or SAML_METADATA_URL',
    reason: "The identity provider's SAML metadata as a file. Read at the start and every hour.",
    example: '/etc/team/identity-center.xml',
    parse: parseText,
  },
  SAML_AUDIENCE: {
    type: 'URI',
    default: 'urn:team:HOST of PUBLIC_URL',
    reason: 'The name of this installation in SAML: its entity id and the audience of assertions.',
    example: 'urn:team:team.example.com',
    parse: parseAudience,
  },
  TEAM_SECRET: {
    type: `text of at least ${secretBytesMin} bytes`,
    default: 'none; required',
    reason: 'Key material from which all keys of the server are derived.',
    example: 'the output of `openssl rand -base64 48`',
    secret: true,
    parse: parseSecret,
  },
  TEAM_SECRET_PREVIOUS: {
    type: `text of at least ${secretBytesMin} bytes`,
    default: 'none',
    reason: 'The secret before, still believed while rotating.',
    example: 'the former TEAM_SECRET',
    secret: true,
    parse: parseSecret,
  },
} as const satisfies Record<string, Setting<unknown>>

type Name = keyof typeof settings
type ValueOf<N extends Name> = (typeof settings)[N] extends Setting<infer T> ? T : never

class Reader {
  readonly lines: string[] = []
  readonly env: Environment

  constructor(env: Environment) {
    this.env = env
  }

  read<N extends Name>(name: N): ValueOf<N> | null {
    const text = this.env[name]?.trim()
    if (text === undefined || text === '') return null
    const setting: Setting<unknown> = settings[name]
    const parsed = setting.parse(text)
    // The parser stands beside the name in the table, so its value has that name's type.
    if ('value' in parsed) return parsed.value as ValueOf<N>
    const shown = setting.secret === true ? '' : ` (it is ${shownValue(text)})`
    this.refuse(name, `${parsed.wrong}${shown}`)
    return null
  }

  refuse(name: Name, wrong: string): void {
    this.lines.push(`${name} ${wrong}. Example: ${name}=${settings[name].example}`)
  }

  isSet(name: Name): boolean {
    return (this.env[name]?.trim() ?? '') !== ''
  }
}

function shownValue(text: string): string {
  return JSON.stringify(text.slice(0, 100).replace(/\/\/[^/]*@/, '//…@'))
}

/** @throws {ConfigErrors} */
export function readConfig(env: Environment): Config {
  const reader = new Reader(env)
  const port = reader.read('PORT') ?? 8080
  const publicUrl = reader.read('PUBLIC_URL') ?? `http://127.0.0.1:${port}`
  const metricsPort = reader.read('METRICS_PORT')
  if (metricsPort !== null && metricsPort === port) {
    reader.refuse('METRICS_PORT', 'is the same as PORT')
  }
  const awsRegion = reader.read('AWS_REGION')
  if (!reader.isSet('AWS_REGION') && !reader.isSet('AWS_PROFILE')) {
    reader.refuse('AWS_REGION', 'is missing')
  }
  checkEndpoints(reader)
  const databaseUrl = reader.read('DATABASE_URL')
  const databaseAuth = reader.read('DATABASE_AUTH') ?? 'password'
  if (databaseAuth === 'iam') checkIamDatabase(reader, databaseUrl)
  const config: Config = {
    port,
    host: reader.read('HOST') ?? '127.0.0.1',
    publicUrl,
    databaseUrl,
    databaseAuth,
    dataDir: reader.read('TEAM_DATA_DIR') ?? './.team',
    awsRegion,
    logLevel: reader.read('LOG_LEVEL') ?? 'info',
    metricsPort,
    metricsNamespace: reader.read('TEAM_METRICS_NAMESPACE'),
    drainSeconds: reader.read('TEAM_DRAIN_SECONDS') ?? 0,
    trustedProxies: reader.read('TEAM_TRUSTED_PROXIES') ?? [],
    webhookNetworks: reader.read('TEAM_WEBHOOK_NETWORKS') ?? [],
    slackApiUrl: reader.read('SLACK_API_URL') ?? 'https://slack.com/api',
    adminGroup: reader.read('TEAM_ADMIN_GROUP'),
    auditorGroup: reader.read('TEAM_AUDITOR_GROUP'),
    portalUrl: reader.read('IDC_LOGIN_URL'),
    emailSource: reader.read('EMAIL_SOURCE'),
    saml: {
      metadata: readMetadataSource(reader),
      audience: reader.read('SAML_AUDIENCE') ?? `urn:team:${new URL(publicUrl).host}`,
    },
    secrets: readSecrets(reader),
  }
  if (reader.lines.length > 0) throw new ConfigErrors(reader.lines)
  return config
}

function readMetadataSource(reader: Reader): MetadataSource {
  const url = reader.read('SAML_METADATA_URL')
  const path = reader.read('SAML_METADATA_FILE')
  const urlIsSet = reader.isSet('SAML_METADATA_URL')
  const fileIsSet = reader.isSet('SAML_METADATA_FILE')
  if (urlIsSet && fileIsSet) {
    reader.refuse('SAML_METADATA_URL', 'and SAML_METADATA_FILE are both set; set one of them')
  }
  if (!urlIsSet && !fileIsSet) {
    reader.refuse('SAML_METADATA_URL', 'is missing, and so is SAML_METADATA_FILE; set one of them')
  }
  return url === null ? { kind: 'file', path: path ?? '' } : { kind: 'url', url }
}

/** What a token of IAM is made of, and nothing that would be sent in its place. */
function checkIamDatabase(reader: Reader, databaseUrl: string | null): void {
  if (!reader.isSet('DATABASE_URL')) {
    reader.refuse('DATABASE_AUTH', 'is iam, and DATABASE_URL is missing')
  }
  if (databaseUrl === null) return
  const url = new URL(databaseUrl)
  if (url.hostname === '' || url.username === '') {
    reader.refuse('DATABASE_URL', 'names no host or no user, which DATABASE_AUTH=iam needs')
  }
  if (url.password !== '') {
    reader.refuse('DATABASE_URL', 'has a password, which DATABASE_AUTH=iam does not use')
  }
}

function readSecrets(reader: Reader): Config['secrets'] {
  const current = reader.read('TEAM_SECRET')
  const previous = reader.read('TEAM_SECRET_PREVIOUS')
  if (!reader.isSet('TEAM_SECRET')) reader.refuse('TEAM_SECRET', 'is missing')
  if (current !== null && current === previous) {
    reader.refuse('TEAM_SECRET_PREVIOUS', 'is the same as TEAM_SECRET')
  }
  return { current: current ?? '', previous }
}

function checkEndpoints(reader: Reader): void {
  reader.read('AWS_ENDPOINT_URL')
  for (const [name, value] of Object.entries(reader.env)) {
    if (!/^AWS_ENDPOINT_URL_[A-Z0-9_]+$/.test(name) || value === undefined) continue
    const parsed = parseHttpUrl(value.trim())
    if ('value' in parsed) continue
    reader.lines.push(`${name} ${parsed.wrong}. Example: ${name}=http://localhost:8090`)
  }
}

/** The page docs/reference/settings.md. */
export function configReference(): string {
  const rows = Object.entries(settings).map(([name, setting]) =>
    [`\`${name}\``, setting.type, setting.default, setting.reason, `\`${setting.example}\``]
      .map((cell) => cell.replaceAll('|', '\\|'))
      .map((cell) => (cell.startsWith('`the ') ? cell.slice(1, -1) : cell))
      .join(' | '),
  )
  return [
    '# Settings of the environment',
    '',
    'Printed from `server/config.ts`. Read once, when the server starts; whatever is missing or',
    'malformed stops the start with one line each, all at once.',
    '',
    '| name | type | default | reason | example |',
    '|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
    '',
  ].join('\n')
}
