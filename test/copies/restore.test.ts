/**
 * The drill of docs/operate/disaster.md: the database is gone, and comes back as it was last night.
 * Grants have started and ended since, others live on, and there is access that is not TEAM's. With
 * TEST_FULL=1 thirty have, at the pace that AWS's quota allows; server/recover/ drills thirty in a
 * time of its own.
 */
import { rm } from 'node:fs/promises'
import { afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import {
  freePort,
  newFolder,
  type Places,
  readyLine,
  serverEnvironment,
  startSandbox,
} from '#test/kill/installation.ts'
import { compileOnce, Program } from '#test/kill/program.ts'
import { until } from '#test/kill/until.ts'
import { Person } from '#test/person.ts'
import { newDatabaseName, runAsAdmin } from '#test/postgres-cluster.ts'
import type { Assignment, Organization } from '#test/team-world.ts'

beforeAll(compileOnce)

let folder: string
let sandboxUrl: string
let port: number
let databases: TestDatabase[]
let programs: Program[]
beforeEach(async () => {
  folder = await newFolder()
  const sandboxPort = await freePort()
  sandboxUrl = `http://127.0.0.1:${sandboxPort}`
  port = await freePort()
  databases = []
  programs = [await startSandbox(folder, sandboxPort)]
})
afterEach(async () => {
  for (const program of programs) program.kill()
  await Promise.all(programs.map(({ ended }) => ended))
  for (const database of databases) await database.drop()
  await rm(folder, { recursive: true, force: true })
})

async function control<Body>(method: string, path: string, body?: object): Promise<Body> {
  const answer = await fetch(`${sandboxUrl}/_sandbox/${path}`, {
    method,
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return (text === '' ? null : JSON.parse(text)) as Body
}

const environment = (database: TestDatabase): Record<string, string> => {
  const places: Places = { folder, port, sandboxUrl, databaseUrl: database.url }
  return serverEnvironment(places)
}

async function start(database: TestDatabase): Promise<Program> {
  const server = new Program('server/main.ts', environment(database))
  programs.push(server)
  await server.says(readyLine)
  return server
}

const teamUrl = () => `http://127.0.0.1:${port}`

async function signIn(userName: string): Promise<Person> {
  const person = new Person({ teamUrl: teamUrl(), sandboxUrl })
  await person.signIn(userName)
  return person
}

async function setUp(): Promise<Organization> {
  await control('PATCH', 'settings', {
    ...{ createDelayMs: 100, deleteDelayMs: 100, delayJitter: 0, callsPerSecond: 1_000 },
  })
  await control('POST', 'applications', {
    name: 'TEAM',
    startUrl: `${teamUrl()}/auth/login`,
    acsUrl: `${teamUrl()}/auth/saml/acs`,
    audience: 'urn:team:kill',
    attributes: {
      Subject: { value: '${user:subject}', format: 'persistent' },
      Email: { value: '${user:email}', format: 'basic' },
    },
    groups: ['TEAM admins', 'TEAM auditors', 'TEAM users', 'TEAM approvers'],
  })
  return control('GET', 'organization')
}

/** As many as one submission takes, in full. Half of what each person has ends during the day. */
const targets = process.env.TEST_FULL === '1' ? 20 : 4
const half = targets / 2

function targetsIn({ accounts, permissionSets }: Organization) {
  const inReach = accounts.filter(({ name }) => name !== 'Management' && name !== 'legacy-dev')
  const sets = ['ReadOnlyAccess', 'PowerUserAccess', 'AdministratorAccess'].map(
    (name) => permissionSets.find((one) => one.name === name)!.arn,
  )
  const all = sets.flatMap((permissionSetArn) =>
    inReach.map(({ accountId }) => ({ accountId, permissionSetArn })),
  )
  return all.slice(0, targets)
}

async function ask(person: Person, organization: Organization): Promise<Request[]> {
  const { status, body } = await person.post<{ requests: Request[] }>('/requests', {
    targets: targetsIn(organization),
    durationMinutes: 60,
    justification: '「障害対応」',
  })
  expect(status).toBe(201)
  return body.requests
}

async function giveBack(person: Person, requests: readonly Request[]): Promise<void> {
  for (const { id } of requests) {
    expect((await person.post(`/requests/${id}/return`)).status).toBe(200)
  }
}

const untilThereAre = (database: TestDatabase, wanted: Record<string, number>) =>
  until(
    `the requests are ${JSON.stringify(wanted)}`,
    async () => {
      const { rows } = await database.owner.query<{ status: string; count: string }>(
        'select status, count(*) from request group by status',
      )
      const found = Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]))
      return (
        Object.keys(found).length === Object.keys(wanted).length &&
        Object.entries(wanted).every(([status, count]) => found[status] === count)
      )
    },
    100,
  )

/** While nobody is connected, as PostgreSQL wants it; the server finds its way back by itself. */
async function backUp(database: TestDatabase): Promise<string> {
  const { adminUrl } = inject('testCluster')
  const backup = newDatabaseName()
  await runAsAdmin(adminUrl, `alter database ${database.name} allow_connections false`)
  await runAsAdmin(
    adminUrl,
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database.name}'`,
  )
  await runAsAdmin(adminUrl, `create database ${backup} template ${database.name}`)
  await runAsAdmin(adminUrl, `alter database ${database.name} allow_connections true`)
  return backup
}

const standing = [
  {
    userName: 'naoko.mori',
    accountName: 'payments-prod',
    permissionSetName: 'AdministratorAccess',
  },
  { userName: 'sam.carter', accountName: 'payments-prod', permissionSetName: 'ReadOnlyAccess' },
  { userName: 'former.colleague', accountName: 'Audit', permissionSetName: 'Billing' },
]

async function makeByHand(
  { accounts }: Organization,
  { accountName, ...rest }: (typeof standing)[number],
): Promise<void> {
  const { accountId } = accounts.find(({ name }) => name === accountName)!
  await control('POST', 'assignments', { ...rest, accountId })
}

async function held(): Promise<Record<string, number>> {
  const names = (await control<Assignment[]>('GET', 'assignments')).map(({ userName }) => userName)
  const count = (name: string) => names.filter((one) => one === name).length
  return Object.fromEntries([...new Set(names)].map((name) => [name, count(name)]))
}

test('a database restored from last night: held, replayed, and nothing is left that should not be', async () => {
  const organization = await setUp()
  const database = await createTestDatabase()
  databases.push(database)
  const server = await start(database)
  const admin = await signIn('test-admin')
  const group = organization.groups.find(({ displayName }) => displayName === 'TEAM users')!
  const policy = await admin.post('/eligibility-policies', {
    subject: { type: 'group', id: group.groupId },
    targets: { accounts: [], organizationalUnits: [], root: true },
    permissionSets: ['*'],
    maxDurationMinutes: 240,
    approvalRequired: false,
  })
  expect(policy.status).toBe(201)
  await makeByHand(organization, standing[0]!)
  const user = await signIn('test-user')
  const lastNight = await ask(user, organization)
  await untilThereAre(database, { active: targets })

  const backup = await backUp(database)

  // What the backup does not know: some grants end, others start, and half of those end as well.
  const priya = await signIn('priya.raman')
  const today = await ask(priya, organization)
  await giveBack(user, lastNight.slice(0, half))
  await untilThereAre(database, { active: targets + half, ended: half })
  await giveBack(priya, today.slice(0, half))
  for (const access of standing.slice(1)) await makeByHand(organization, access)
  await untilThereAre(database, { active: targets, ended: targets })
  const others = { 'former.colleague': 1, 'naoko.mori': 1, 'sam.carter': 1 }
  expect(await held()).toEqual({ ...others, 'priya.raman': half, 'test-user': half })

  server.kill()
  await server.ended
  await database.drop()
  databases.pop()
  const restored = await createTestDatabase({ copyOf: backup })
  databases.push(restored)
  await runAsAdmin(inject('testCluster').adminUrl, `drop database ${backup}`)

  const creations = async () =>
    (await control<{ operation: string }[]>('GET', 'calls')).filter(
      ({ operation }) => operation === 'CreateAccountAssignment',
    ).length
  const created = await creations()
  await start(restored)
  const { body: status } = await admin.get<{ creationsHeld: { reason: string } | null }>(
    '/reconciler/status',
  )
  expect(status.creationsHeld?.reason).toMatch(/that the database does not know|was anchored/)

  const recover = new Program('server/team.ts', environment(restored), ['recover', '--intents'])
  const { code, output } = await recover.ended
  expect([code, output.trim()]).toEqual([
    0,
    `Replayed ${3 * targets} intents of ${2 * targets} keys. ${2 * targets} were unknown to the database; at ${half} of their keys access stands. ${half} grants had ended before the restore and end now. Nothing is held any more.`,
  ])
  await untilThereAre(restored, { active: half, revoked: half })
  await until('what nobody wants is gone', async () => !('priya.raman' in (await held())))
  expect(await held()).toEqual({ ...others, 'test-user': half })
  expect(await creations()).toBe(created)
  const { body: after } = await admin.get<typeof status>('/reconciler/status')
  expect(after.creationsHeld).toBeNull()
})
