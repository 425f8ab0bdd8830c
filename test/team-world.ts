/**
 * The whole of TEAM in one process with the sandbox, on real PostgreSQL and real sockets, under one
 * driven clock. People sign in through the sandbox's access portal; nothing is put in by the back
 * door but what happens behind TEAM's back.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { delegatedAdministrator } from '#sandbox/model/principals.ts'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import { readConfig } from '#server/config.ts'
import { createLogger } from '#server/log.ts'
import { startTeam, type Team } from '#server/wiring/team.ts'
import { unlimited } from './aws-clients.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { Person } from './person.ts'
import type { TestClusterAddress } from './postgres-cluster.ts'

export interface TeamWorld {
  readonly team: Team
  readonly sandbox: Sandbox
  readonly database: TestDatabase
  now(): Date
  /** Somebody with a browser of their own, signed in. */
  person(userName: string): Promise<Person>
  /** Somebody who has not signed in. */
  stranger(): Person
  /** Time passes, a second at a time, with the engine at work; then the mails are sent. */
  pass(seconds: number): Promise<void>
  /** The same in one leap, for hours in which nothing happens. */
  leap(seconds: number): Promise<void>
  mails(): Promise<Mail[]>
  /** As Prometheus reads them: the value of each line, by name and labels. */
  metrics(): Promise<ReadonlyMap<string, number>>
  assignments(): Promise<Assignment[]>
  organization(): Promise<Organization>
  /** A control path of the sandbox. */
  control(method: string, path: string, body?: object): Promise<unknown>
  close(): Promise<void>
}

export interface Mail {
  readonly to: string[]
  readonly subject: string
  readonly text: string
  readonly html: string
  /** By their names in small letters. */
  readonly headers?: Readonly<Record<string, string>>
}
export interface Assignment {
  readonly userName: string
  readonly accountId: string
  readonly permissionSetArn: string
}
export interface Organization {
  readonly users: { userId: string; userName: string }[]
  readonly groups: { groupId: string; displayName: string }[]
  readonly accounts: { accountId: string; name: string; ouId: string }[]
  readonly organizationalUnits: { id: string; name: string; parentId: string }[]
  readonly permissionSets: { arn: string; name: string }[]
}

export interface TeamWorldOptions {
  readonly webRoot?: string
  readonly minimal?: boolean
  readonly size?: 'small' | 'large'
  /** Outside vitest: the cluster that `startTestCluster` gave. */
  readonly cluster?: TestClusterAddress
  /** Takes each line of the log, at every level. */
  readonly log?: (line: string) => void
  /** Changes the organisation before TEAM reads it for the first time. */
  readonly shape?: (sandbox: Sandbox) => void
  /** Beside what every test has in its environment. */
  readonly environment?: Readonly<Record<string, string>>
  /** Nothing is driven: real clocks, the real call budget, AWS's own limits. */
  readonly realTime?: boolean
}

export async function createTeamWorld(options: TeamWorldOptions = {}): Promise<TeamWorld> {
  const { realTime = false } = options
  const database = await createTestDatabase(options.cluster && { cluster: options.cluster })
  let nowMs = Date.parse('2026-11-24T00:00:00Z')
  const now = () => (realTime ? new Date() : new Date(nowMs))
  const sandbox = await startSandbox({
    port: 0,
    seed: 11,
    now,
    ...(options.size && { size: options.size }),
    settings: {
      delayJitter: 0,
      ...(!realTime && { callsPerSecond: 100_000, sesPerSecond: 100_000, sesPerDay: 1_000_000 }),
      ...(options.minimal && { minimal: true }),
    },
  })
  options.shape?.(sandbox)
  const port = await freePort()
  const dataDir = await mkdtemp(join(tmpdir(), 'team-world-'))
  const metricsPort = await freePort()
  const teamUrl = `http://127.0.0.1:${port}`
  await registerTeam(sandbox, teamUrl)
  const team = await startTeam({
    config: readConfig({
      PORT: String(port),
      DATABASE_URL: database.url,
      METRICS_PORT: String(metricsPort),
      TEAM_DATA_DIR: dataDir,
      AWS_REGION: 'us-east-1',
      TEAM_ADMIN_GROUP: 'TEAM admins',
      TEAM_AUDITOR_GROUP: 'TEAM auditors',
      IDC_LOGIN_URL: `${sandbox.url}/start`,
      EMAIL_SOURCE: 'team@example.net',
      SAML_METADATA_URL: `${sandbox.url}/saml/metadata/team`,
      SAML_AUDIENCE: 'urn:team:test',
      TEAM_SECRET: 'a secret of the tests, thirty-two bytes and more',
      ...options.environment,
    }),
    log: options.log
      ? createLogger('trace', { write: options.log })
      : createLogger(process.env.TEST_LOG === 'debug' ? 'debug' : 'silent'),
    webRoot: options.webRoot ?? null,
    version: '0.0.0-test',
    ...(!realTime && { clock: { now }, drivenJobs: true }),
    aws: {
      endpoint: sandbox.url,
      region: 'us-east-1',
      credentials: {
        accessKeyId: delegatedAdministrator.accessKeyId,
        secretAccessKey: delegatedAdministrator.secretAccessKey,
      },
      ...(!realTime && { budget: unlimited }),
    },
  })
  if (!realTime) {
    await team.engine.settle()
    await failIfUnread(database).catch(async (error: unknown) => {
      await Promise.all([team.stop(), sandbox.close()])
      throw error
    })
  }
  await team.ready

  const read = async <Body>(path: string): Promise<Body> => {
    const answer = await fetch(`${sandbox.url}/_sandbox/${path}`)
    return (await answer.json()) as Body
  }
  const stranger = () => new Person({ teamUrl, sandboxUrl: sandbox.url })
  return {
    team,
    sandbox,
    database,
    now,
    stranger,
    async person(userName) {
      const person = stranger()
      await person.signIn(userName)
      return person
    },
    async pass(seconds) {
      await team.engine.settle()
      for (let second = 0; second < seconds; second += 1) {
        nowMs += 1000
        await team.engine.settle()
      }
      await team.drainJobs()
    },
    async leap(seconds) {
      await team.engine.settle()
      nowMs += seconds * 1000
      await team.engine.settle()
      await team.drainJobs()
    },
    mails: () => read('mail'),
    async metrics() {
      const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
      return new Map(
        lines.map((line) => {
          const at = line.lastIndexOf(' ')
          return [line.slice(0, at), Number(line.slice(at + 1))]
        }),
      )
    },
    assignments: () => read('assignments'),
    organization: () => read('organization'),
    control: (method, path, body) => control(sandbox, method, path, body),
    async close() {
      await team.stop()
      await sandbox.close()
      await database.drop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** It would be tried again in a minute, and this world's time stands still until it is ready. */
async function failIfUnread(database: TestDatabase): Promise<void> {
  const last = await database.db
    .selectFrom('directory_refresh')
    .select(['state', 'failure'])
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (last?.state === 'failed') {
    throw new Error(`The first reading of the directory failed: ${last.failure}`)
  }
}

async function control(
  sandbox: Sandbox,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const answer = await fetch(`${sandbox.url}/_sandbox/${path}`, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return text === '' ? null : JSON.parse(text)
}

export async function registerTeam(sandbox: Sandbox, teamUrl: string): Promise<void> {
  await control(sandbox, 'POST', 'applications', {
    name: 'TEAM',
    startUrl: `${teamUrl}/auth/login`,
    acsUrl: `${teamUrl}/auth/saml/acs`,
    audience: 'urn:team:test',
    attributes: {
      Subject: { value: '${user:subject}', format: 'persistent' },
      Email: { value: '${user:email}', format: 'basic' },
    },
    groups: ['TEAM admins', 'TEAM auditors', 'TEAM users', 'TEAM approvers'],
  })
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}
