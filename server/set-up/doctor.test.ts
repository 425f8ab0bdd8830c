/** An installation that is in order, and what `team doctor` says when one thing of it is not. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { makeKeyPair } from '#server/http/sign-in/test-certificate.ts'
import { control } from '#test/aws-clients.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { createSetUpWorld, grantWishes, type SetUpWorld } from '#test/set-up-world.ts'
import type { Finding } from './finding.ts'

let database: TestDatabase
let world: SetUpWorld | null = null
beforeAll(async () => {
  database = await createTestDatabase()
  return () => database.drop()
})
afterEach(async () => {
  await world?.close()
  world = null
})

const application = {
  name: 'TEAM',
  startUrl: 'http://127.0.0.1:9/auth/login',
  acsUrl: 'http://127.0.0.1:9/auth/saml/acs',
  audience: 'urn:team:127.0.0.1:9',
  attributes: { Subject: { value: '${user:subject}', format: 'persistent' } },
  groups: ['TEAM admins'],
}

const configOf = ({ ids, sandbox }: SetUpWorld) => ({
  region: 'us-east-1',
  publicUrl: 'http://127.0.0.1:9',
  teamAccount: ids.account('Audit'),
  teamAccountProfile: 'team-account',
  teamAdminGroup: 'TEAM admins',
  teamAuditorGroup: 'TEAM auditors',
  emailSource: 'team@example.net',
  samlMetadataUrl: `${sandbox.url}/saml/metadata/team`,
  cloudTrailAuditLogs: `arn:aws:cloudtrail:us-east-1:${ids.account('Audit')}:eventdatastore/7e4d3c2b-1a09-4f8e-9d7c-6b5a49382716`,
})
type Config = Partial<Record<keyof ReturnType<typeof configOf> | 'samlMetadataFile', unknown>>

async function inOrder(options: { wallClock?: () => Date } = {}) {
  const made = await createSetUpWorld(options)
  world = made
  await grantWishes(made)
  await control(made.sandbox, 'POST', 'applications', application)
  made.env.DATABASE_URL = database.url
  made.env.TEAM_SECRET = 'thirty-two bytes and more of a secret'
  const change = async (config: Config) => {
    const whole = { ...configOf(made), ...config }
    const said = Object.entries(whole).filter(([, value]) => value !== undefined)
    await made.writeConfig(Object.fromEntries(said))
  }
  await change({})
  return { ...made, change }
}
type Installation = Awaited<ReturnType<typeof inOrder>>

const wrong = (findings: readonly Finding[]) => findings.filter(({ state }) => state !== 'ok')

test('an installation that is in order is found to be, in every respect', async () => {
  const installation = await inOrder()
  const { code, findings } = await installation.doctor()
  expect(wrong(findings)).toEqual([])
  expect(code).toBe(0)
  expect(findings.map(({ check }) => check)).toEqual([
    'settings',
    'credentials',
    'clock against AWS',
    'Identity Center',
    'delegated administrator',
    'administrators',
    'auditors',
    'application',
    'mail sender',
    'mail account',
    'SAML metadata',
    'database',
    'clock against the database',
    'log source',
    'quotas',
    'session durations',
  ])
  const { text } = await installation.team('doctor')
  expect(text.split('\n')).toHaveLength(findings.length + 1)
  expect(text).toMatch(/16 checks: 16 ok, 0 warnings, 0 failed, 0 skipped\.$/)
  expect(text).not.toContain('thirty-two bytes')
})

const dayMs = 24 * 60 * 60 * 1000
async function metadataEnding(installation: Installation, inDays: number) {
  const until = new Date(Date.now() + inDays * dayMs)
  const { certificate } = makeKeyPair({ from: new Date(Date.now() - 400 * dayMs), until })
  const answer = await fetch(`${installation.sandbox.url}/saml/metadata/team`)
  const xml = (await answer.text()).replace(/(X509Certificate>)[^<]+/, `$1${certificate}`)
  await writeFile(join(installation.folder, 'idp.xml'), xml)
  await installation.change({ samlMetadataUrl: undefined, samlMetadataFile: 'idp.xml' })
}

interface Broken {
  readonly what: string
  readonly break: (installation: Installation) => Promise<unknown> | unknown
  readonly check: string
  readonly state: Finding['state']
  readonly text: RegExp
  readonly mend: RegExp
  /** What cannot be looked at because of it. */
  readonly skips?: number
}

const broken: readonly Broken[] = [
  {
    what: 'a secret that is missing',
    break: ({ env }) => {
      delete env.TEAM_SECRET
    },
    check: 'settings',
    state: 'failed',
    text: /^TEAM_SECRET is missing$/,
    mend: /openssl rand -base64 48/,
    skips: 1,
  },
  {
    what: 'keys that AWS does not know',
    break: ({ change }) => change({ teamAccountProfile: 'stale' }),
    check: 'credentials',
    state: 'failed',
    text: /security token included in the request is invalid/,
    mend: /^aws sso login --profile stale$/,
    skips: 10,
  },
  {
    what: 'a profile of another account',
    break: ({ change, ids }) => change({ teamAccount: ids.account('Log Archive') }),
    check: 'credentials',
    state: 'failed',
    text: /they are of account \d{12} .*, and TEAM's account is \d{12}$/,
    mend: /"teamAccountProfile", or set AWS_PROFILE$/,
    skips: 5,
  },
  {
    what: 'an account that administers nothing',
    break: ({ sandbox: { world } }) =>
      world.commit({ type: 'organization-services', value: { trusted: [], delegated: [] } }),
    check: 'delegated administrator',
    state: 'failed',
    text: /administers no service/,
    mend: /^team init; or allow these credentials that call/,
    skips: 5,
  },
  {
    what: 'an account that administers CloudTrail only',
    break: ({ sandbox: { world } }) => {
      const { trusted, delegated } = world.state.services
      const left = delegated.filter(({ service }) => service.startsWith('cloudtrail'))
      world.commit({ type: 'organization-services', value: { trusted, delegated: left } })
    },
    check: 'delegated administrator',
    state: 'failed',
    text: /is not delegated administrator of AWS Account Management, AWS IAM Identity Center$/,
    mend: /^team init$/,
    skips: 5,
  },
  {
    what: 'a Region that is not the primary one',
    break: ({ change }) => change({ region: 'eu-west-1' }),
    check: 'Identity Center',
    state: 'warning',
    text: /primary Region is us-east-1, and eu-west-1 is configured/,
    mend: /set "region" to us-east-1/,
  },
  {
    what: 'administrators who are no group',
    break: ({ change }) => change({ teamAdminGroup: 'TEAM rulers' }),
    check: 'administrators',
    state: 'failed',
    text: /there is no group TEAM rulers/,
    mend: /^aws identitystore create-group --identity-store-id d-\w+ --display-name 'TEAM rulers'$/,
  },
  {
    what: 'auditors who cannot sign in',
    break: ({ sandbox }) =>
      control(sandbox, 'POST', 'users', { userName: 'test-auditor', status: 'DISABLED' }),
    check: 'auditors',
    state: 'failed',
    text: /TEAM auditors has no member who is enabled/,
    mend: /^aws identitystore create-group-membership .* --group-id \S+ --member-id UserId=USER_ID$/,
  },
  {
    what: 'an application that nobody has added',
    break: ({ sandbox }) => control(sandbox, 'DELETE', 'applications', { name: 'TEAM' }),
    check: 'application',
    state: 'failed',
    text: /no application .* has the start URL http:\/\/127\.0\.0\.1:9\/auth\/login$/,
    mend: /^team integration/,
  },
  {
    what: 'credentials that may not read applications',
    break: ({ sandbox }) =>
      control(sandbox, 'POST', 'faults', {
        operation: 'ListApplications',
        error: 'AccessDeniedException',
      }),
    check: 'application',
    state: 'failed',
    text: /^ListApplications: /,
    mend: /^team integration; or allow these credentials that call \(docs\/operate\/install\.md, section 5\)$/,
  },
  {
    what: 'a sender that SES has not verified',
    break: ({ sandbox }) =>
      control(sandbox, 'POST', 'email-identities', { identity: 'example.net', verified: false }),
    check: 'mail sender',
    state: 'failed',
    text: /has not verified team@example\.net or example\.net yet/,
    mend: /aws sesv2 get-email-identity --email-identity example\.net$/,
  },
  {
    what: 'sending that SES has paused',
    break: ({ sandbox }) => control(sandbox, 'PATCH', 'settings', { sesSendingEnabled: false }),
    check: 'mail account',
    state: 'failed',
    text: /paused sending/,
    mend: /^aws sesv2 put-account-sending-attributes --sending-enabled$/,
  },
  {
    what: 'the sandbox of SES',
    break: ({ sandbox }) => control(sandbox, 'PATCH', 'settings', { sesProductionAccess: false }),
    check: 'mail account',
    state: 'warning',
    text: /in its sandbox/,
    mend: /^aws sesv2 put-account-details --production-access-enabled/,
  },
  {
    what: 'a certificate that has ended',
    break: (installation) => metadataEnding(installation, -1),
    check: 'SAML metadata',
    state: 'failed',
    text: /No signing certificate is valid now/,
    mend: /^team idp --metadata-url/,
  },
  {
    what: 'a certificate that ends in a month',
    break: (installation) => metadataEnding(installation, 30.5),
    check: 'SAML metadata',
    state: 'warning',
    text: /ends on \d{4}-\d\d-\d\d, in 30 days.*Generate new certificate/,
    mend: /^team idp, with the metadata of .*idp\.xml$/,
  },
  {
    what: 'metadata that is nowhere',
    break: ({ change }) => change({ samlMetadataUrl: 'http://127.0.0.1:9/metadata' }),
    check: 'SAML metadata',
    state: 'failed',
    text: /at http:\/\/127\.0\.0\.1:9\/metadata cannot be read/,
    mend: /^team idp --metadata-url/,
  },
  {
    what: 'a database that is not there',
    break: ({ env }) => {
      env.DATABASE_URL = 'postgres://team:se-cret@127.0.0.1:9/team'
    },
    check: 'database',
    state: 'failed',
    text: /ECONNREFUSED/,
    mend: /DATABASE_URL/,
  },
  {
    what: 'an event data store that is not there',
    break: ({ change, ids }) =>
      change({
        cloudTrailAuditLogs: `arn:aws:cloudtrail:us-east-1:${ids.account('Audit')}:eventdatastore/00000000-1a09-4f8e-9d7c-6b5a49382716`,
      }),
    check: 'log source',
    state: 'failed',
    text: /00000000-1a09-4f8e-9d7c-6b5a49382716 was not found/,
    mend: /^aws cloudtrail get-event-data-store --event-data-store 00000000/,
  },
  {
    what: 'sessions that outlive their access',
    break: ({ sandbox }) =>
      control(sandbox, 'POST', 'permission-sets', { name: 'Billing', sessionDuration: 'PT12H' }),
    check: 'session durations',
    state: 'warning',
    text: /Billing \(720 minutes\)$/,
    mend: /^aws sso-admin update-permission-set --instance-arn arn:\S+ --permission-set-arn arn:\S+ --session-duration PT1H$/,
  },
]

describe('a broken installation gets the one line that is right', () => {
  test.each(broken)('for $what', async ({ break: breakIt, check, state, text, mend, skips }) => {
    const installation = await inOrder()
    await breakIt(installation)
    const { code, findings } = await installation.doctor()
    const [first, ...others] = wrong(findings)
    expect(first).toEqual({
      check,
      state,
      text: expect.stringMatching(text),
      mend: expect.stringMatching(mend),
    })
    expect(others.every((one) => one.state === 'skipped')).toBe(true)
    expect(others).toHaveLength(skips ?? 0)
    expect(code).toBe(state === 'failed' ? 1 : 0)
    expect(JSON.stringify(findings)).not.toContain('se-cret')
  })

  test('for a database in whose schema public its user may not make tables', async () => {
    const installation = await inOrder()
    const narrow = await createTestDatabase()
    try {
      await narrow.owner.query(
        'revoke create on schema public from public, pg_database_owner, current_user',
      )
      installation.env.DATABASE_URL = narrow.url
      const { code, findings } = await installation.doctor()
      expect(wrong(findings)).toEqual([
        {
          check: 'database',
          state: 'failed',
          text: 'its user may not make tables in the schema public',
          mend: 'alter database NAME owner to USER, or in that database grant create on schema public to USER',
        },
      ])
      expect(code).toBe(1)
    } finally {
      await narrow.drop()
    }
  })

  test('for a clock that is ten minutes off', async () => {
    const installation = await inOrder({ wallClock: () => new Date(Date.now() + 10 * 60_000) })
    const { code, findings } = await installation.doctor()
    expect(wrong(findings)).toEqual([
      {
        check: 'clock against AWS',
        state: 'failed',
        text: expect.stringMatching(/^this machine is (59\d|600|601) s behind; signatures/),
        mend: 'timedatectl set-ntp true',
      },
    ])
    expect(code).toBe(1)
  })
})
