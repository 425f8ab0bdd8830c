import { describe, expect, test } from 'vitest'
import { ConfigErrors, configReference, type Environment, readConfig } from './config.ts'

const secret = 'correct horse battery staple, and more'
const least: Environment = {
  AWS_REGION: 'eu-west-1',
  SAML_METADATA_URL: 'http://localhost:8090/saml/metadata/team',
  TEAM_SECRET: secret,
}

function mistakes(env: Environment): readonly string[] {
  try {
    readConfig({ ...least, ...env })
    return []
  } catch (error) {
    if (error instanceof ConfigErrors) return error.lines
    throw error
  }
}

test('the least that is needed gives a server on loopback', () => {
  expect(readConfig(least)).toEqual({
    port: 8080,
    host: '127.0.0.1',
    publicUrl: 'http://127.0.0.1:8080',
    databaseUrl: null,
    databaseAuth: 'password',
    dataDir: './.team',
    awsRegion: 'eu-west-1',
    logLevel: 'info',
    metricsPort: null,
    metricsNamespace: null,
    drainSeconds: 0,
    trustedProxies: [],
    webhookNetworks: [],
    slackApiUrl: 'https://slack.com/api',
    adminGroup: null,
    auditorGroup: null,
    portalUrl: null,
    emailSource: null,
    saml: {
      metadata: { kind: 'url', url: 'http://localhost:8090/saml/metadata/team' },
      audience: 'urn:team:127.0.0.1:8080',
    },
    secrets: { current: secret, previous: null },
  })
})

test('the audience is named after the public host', () => {
  const config = readConfig({ ...least, PUBLIC_URL: 'https://team.example.com/' })
  expect(config.publicUrl).toBe('https://team.example.com')
  expect(config.saml.audience).toBe('urn:team:team.example.com')
})

test('every mistake is told at once, a line each, with an example', () => {
  expect(mistakes({ PORT: '0', LOG_LEVEL: 'loud', AWS_REGION: '' })).toEqual([
    'PORT is not a port from 1 to 65535 (it is "0"). Example: PORT=8080',
    'AWS_REGION is missing. Example: AWS_REGION=eu-west-1',
    'LOG_LEVEL is not one of trace, debug, info, warn, error, fatal, silent (it is "loud"). Example: LOG_LEVEL=info',
  ])
})

describe('one mistake is one line that begins with its name', () => {
  const wrong: [name: string, value: string][] = [
    ['PORT', '65536'],
    ['PORT', '80a'],
    ['PORT', '8080\nX'],
    ['HOST', 'http://0.0.0.0'],
    ['PUBLIC_URL', 'http://team.example.com'],
    ['PUBLIC_URL', 'https://team.example.com/team'],
    ['PUBLIC_URL', 'https://user@team.example.com'],
    ['PUBLIC_URL', 'javascript:alert(1)'],
    ['DATABASE_URL', 'mysql://db/team'],
    ['DATABASE_AUTH', 'kerberos'],
    ['DATABASE_AUTH', 'iam'],
    ['TEAM_METRICS_NAMESPACE', 'AWS/TEAM'],
    ['TEAM_DRAIN_SECONDS', '61'],
    ['TEAM_DRAIN_SECONDS', '-1'],
    ['TEAM_DATA_DIR', 'a\u0000b'],
    ['AWS_REGION', 'Ireland'],
    ['AWS_ENDPOINT_URL', 'localhost:8090'],
    ['AWS_ENDPOINT_URL_SSO_ADMIN', 'nowhere'],
    ['METRICS_PORT', '8080'],
    ['TEAM_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TEAM_TRUSTED_PROXIES', '10.0.0.1, proxy'],
    ['IDC_LOGIN_URL', 'http://d-1234567890.awsapps.com/start'],
    ['EMAIL_SOURCE', 'team'],
    ['EMAIL_SOURCE', 'a@example.com, b@example.com'],
    ['SAML_METADATA_URL', 'http://idp.example.com/metadata'],
    ['SAML_METADATA_URL', ''],
    ['SAML_AUDIENCE', 'team'],
    ['TEAM_SECRET', 'short'],
    ['TEAM_SECRET', ''],
    ['TEAM_SECRET_PREVIOUS', 'short'],
    ['TEAM_SECRET_PREVIOUS', secret],
  ]
  for (const [name, value] of wrong) {
    test(`${name}=${JSON.stringify(value)}`, () => {
      const lines = mistakes({ [name]: value })
      expect(lines).toHaveLength(1)
      expect(lines[0]).toMatch(new RegExp(`^${name} .*Example: ${name}=.`))
      expect(lines[0]).not.toContain('\n')
    })
  }
})

test('with IAM the address of the database names host and user, and no password', () => {
  const iam = (url: string) => mistakes({ DATABASE_AUTH: 'iam', DATABASE_URL: url })
  expect(iam('postgres://team@db.example.com/team')).toEqual([])
  expect(iam('postgres:///team')).toEqual([
    expect.stringMatching(/^DATABASE_URL names no host or no user/),
  ])
  expect(iam('postgres://team:hunter2@db.example.com/team')).toEqual([
    expect.stringMatching(/^DATABASE_URL has a password/),
  ])
})

test('two sources of metadata are one too many', () => {
  expect(mistakes({ SAML_METADATA_FILE: '/etc/team/idp.xml' })).toEqual([
    expect.stringMatching(/^SAML_METADATA_URL and SAML_METADATA_FILE are both set/),
  ])
})

test('no secret is in any message', () => {
  const lines = mistakes({
    TEAM_SECRET: 'hunter2',
    TEAM_SECRET_PREVIOUS: 'hunter2',
    DATABASE_URL: 'mysql://team:hunter2@db/team',
    IDC_LOGIN_URL: 'ftp://team:hunter2@portal',
  })
  expect(lines).toHaveLength(4)
  expect(lines.join()).not.toContain('hunter2')
})

test('a profile may name the Region in place of the variable', () => {
  expect(readConfig({ ...least, AWS_REGION: '', AWS_PROFILE: 'team' }).awsRegion).toBeNull()
})

test('the reference names every setting once, with a reason', () => {
  const rows = configReference()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  const names = rows.map((row) => /`([A-Z_]+)`/.exec(row)?.[1])
  expect(new Set(names).size).toBe(names.length)
  for (const name of Object.keys(least)) expect(names).toContain(name)
  for (const row of rows) expect(row.split(' | ')).toHaveLength(5)
})
