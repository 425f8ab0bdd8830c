/** What was done with an access: asked for, shown to whoever asked, summarised, deleted. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import type { SessionLog } from '#contract/session-log.ts'
import { trailPlaces } from '#sandbox/trail/trail.ts'
import { queueSummaries } from '#server/audit/session-logs/summaries.ts'
import { purgeSessionLogs } from '#server/notify/housekeeping.ts'
import type { Person, ProblemBody } from '#test/person.ts'
import { createScene, raw, type Scene, type TargetNamed } from './scene.ts'

let scene: Scene
let admin: Person
let auditor: Person
let owner: Person
let approver: Person
let stranger: Person
let target: TargetNamed
let granted: Request
let places: ReturnType<typeof trailPlaces>

beforeAll(async () => {
  scene = await createScene()
  const { world } = scene
  admin = await world.person('test-admin')
  auditor = await world.person('test-auditor')
  owner = await world.person('test-user')
  approver = await world.person('sam.carter')
  stranger = await world.person('priya.raman')
  target = scene.target('payments-dev', 'PowerUserAccess')
  places = trailPlaces(world.sandbox.world.state.organisation)
  await scene.eligibility(admin, { approvalRequired: false })
  await scene.approval(admin)
  granted = await scene.ask(owner, target, { durationMinutes: 60 })
  await world.pass(5)
  await doings()
})
afterAll(() => scene.close())

/** What the person did, and what others did who are easily taken for them. */
async function doings() {
  const base = {
    userName: 'test-user',
    accountName: 'payments-dev',
    permissionSetName: 'PowerUserAccess',
  }
  const done = (change: object) => scene.world.control('POST', 'trail', { ...base, ...change })
  await done({ eventName: 'ListBuckets' })
  await done({
    eventName: 'StopInstances',
    eventSource: 'ec2.amazonaws.com',
    readOnly: false,
    requestParameters: { instanceId: 'i-1' },
  })
  await done({
    eventName: '=cmd|calc',
    eventSource: 'iam.amazonaws.com',
    readOnly: false,
    errorCode: 'AccessDenied',
  })
  await done({ eventName: 'TheirLonger', userName: 'test-user2', onBehalfOf: false })
  await done({ eventName: 'TheirAccount', accountName: 'payments-prod' })
  await done({ eventName: 'TheirRole', permissionSetName: 'ReadOnlyAccess' })
  await done({ eventName: 'TheirHour', at: '2026-11-23T00:00:00Z' })
}

const chooseSource = (sessionLogSource: string, sessionLogLocation: string | null) =>
  admin.call('PATCH', '/settings', { sessionLogSource, sessionLogLocation })
const path = (id: string = granted.id) => `/requests/${id}/session-log`
const askFor = (person: Person, id?: string) => person.get<SessionLog & ProblemBody>(path(id))

async function finished(person: Person, address: string): Promise<SessionLog & ProblemBody> {
  for (let tries = 0; tries < 15; tries += 1) {
    await scene.world.pass(1)
    const { status, body } = await person.get<SessionLog & ProblemBody>(address)
    if (status === 200) return body
    expect(status).toBe(202)
  }
  throw new Error('It never ended')
}

async function logOf(person: Person, id: string = granted.id) {
  const { status, body, headers } = await askFor(person, id)
  expect(status).toBe(202)
  expect(headers.get('location')).toBe(`/api/v1${path(id)}/${body.id}`)
  return finished(person, `${path(id)}/${body.id}`)
}

test('without a source there is none, and the answer says who can change that', async () => {
  expect(await askFor(owner)).toMatchObject({ status: 409, body: { code: 'session_log_off' } })
})

test('a place of another form is refused, by field', async () => {
  const wrong: [string, string | null, string][] = [
    ['cloudwatch_logs', null, 'required'],
    ['cloudwatch_logs', "trail' or 1=1", 'log_location_malformed'],
    ['cloudwatch_logs', 'trail | limit 1', 'log_location_malformed'],
    ['cloudtrail_lake', places.eventDataStoreId, 'log_location_malformed'],
    ['cloudtrail_lake', `${places.eventDataStoreArn}; drop`, 'log_location_malformed'],
  ]
  for (const [source, location, code] of wrong) {
    const { status, body } = await chooseSource(source, location)
    expect({ status, body }).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'sessionLogLocation', code }] },
    })
  }
})

describe.each([
  ['cloudwatch_logs', () => places.logGroupArn],
  ['cloudtrail_lake', () => places.eventDataStoreArn],
] as const)('from %s', (source, location) => {
  beforeAll(async () => {
    expect((await chooseSource(source, location())).status).toBe(200)
    await scene.world.leap(60)
  })

  test('those concerned see the person’s own doings, and nobody else’s', async () => {
    for (const person of [owner, approver, auditor, admin]) {
      const log = await logOf(person)
      expect(log).toMatchObject({
        state: 'done',
        source,
        counts: { events: 3, reads: 1, writes: 2, errors: 1 },
      })
      expect(log.items.map(({ action }) => action)).toEqual([
        'ListBuckets',
        'StopInstances',
        '=cmd|calc',
      ])
      expect(log.items[1]).toMatchObject({
        service: 'ec2.amazonaws.com',
        resources: ['i-1'],
        readOnly: false,
        sourceAddress: '198.51.100.7',
      })
      expect(log.items[0]?.record).toMatchObject({
        eventName: 'ListBuckets',
        userIdentity: { type: 'AssumedRole' },
      })
      expect(log.completeAt).toBeNull()
      expect(log.limits).toContain('role_chaining')
    }
  })

  test('its pages and its filters', async () => {
    const log = await logOf(owner)
    const at = `${path()}/${log.id}`
    const first = await owner.get<SessionLog>(`${at}?limit=2`)
    expect(first.body.items).toHaveLength(2)
    const next = await owner.get<SessionLog>(`${at}?limit=2&cursor=${first.body.nextCursor}`)
    expect(next.body.items.map(({ action }) => action)).toEqual(['=cmd|calc'])
    expect(next.body.nextCursor).toBeNull()
    const reads = await owner.get<SessionLog>(`${at}?readOnly=true`)
    expect(reads.body.items.map(({ action }) => action)).toEqual(['ListBuckets'])
    const failed = await owner.get<SessionLog>(`${at}?failed=true`)
    expect(failed.body.items.map(({ errorCode }) => errorCode)).toEqual(['AccessDenied'])
    expect((await owner.get(`${at}?cursor=nonsense`)).status).toBe(400)
  })

  test('AWS’s refusal is told in plain words, with AWS’s own beside them', async () => {
    scene.fault({ operation: 'StartQuery', error: 'AccessDeniedException' })
    await scene.world.leap(31)
    const log = await logOf(owner)
    scene.clearFaults()
    expect(log).toMatchObject({
      state: 'failed',
      failure: { code: 'denied', reason: 'Injected AccessDeniedException' },
      items: [],
    })
    expect(log.failure?.message).toContain('administrator')
  })
})

test('AWS’s limits are waited for', async () => {
  scene.fault({ operation: 'StartQuery', error: 'MaxConcurrentQueriesException', times: 2 })
  expect(await logOf(auditor)).toMatchObject({ state: 'done', counts: { events: 3 } })
})

describe('nobody else', () => {
  test('is shown what one person asked for', async () => {
    const { body } = await askFor(auditor)
    const address = `${path()}/${body.id}`
    await finished(auditor, address)
    for (const person of [owner, admin, approver]) {
      expect(await person.get(address)).toMatchObject({ status: 404, body: { code: 'not_found' } })
      expect((await person.get(`${address}/export`)).status).toBe(404)
    }
  })

  test('who may not see the request sees its log, or learns that there is one', async () => {
    const { body } = await askFor(auditor)
    for (const address of [path(), `${path()}/${body.id}`, `${path()}/${body.id}/export`]) {
      expect((await stranger.get(address)).status).toBe(404)
      const { status } = await raw(scene.world.team.url, `/api/v1${address}`)
      expect(status).toBe(401)
    }
    expect((await auditor.get(path('00000000-0000-4000-8000-000000000000'))).status).toBe(404)
    const other = await scene.ask(owner, scene.target('payments-dev', 'Billing'))
    expect((await auditor.get(`${path(other.id)}/${body.id}`)).status).toBe(404)
  })

  test('a token without the scope is refused', async () => {
    const made = await owner.post<{ secret: string }>('/tokens', {
      name: 'me',
      scopes: ['me:read'],
      expiresAt: '2026-12-01T00:00:00.000Z',
    })
    const { status } = await raw(scene.world.team.url, `/api/v1${path()}`, {
      headers: { authorization: `Bearer ${made.body.secret}` },
    })
    expect(status).toBe(403)
  })
})

test('a request that was never granted has none', async () => {
  const id = await scene.eligibility(admin, { approvalRequired: true, permissionSets: ['Billing'] })
  const asked = await scene.ask(owner, scene.target('storefront-dev', 'Billing'))
  expect(await askFor(owner, asked.id)).toMatchObject({
    status: 409,
    body: { code: 'never_granted' },
  })
  await scene.dropPolicy(admin, 'eligibility-policies', id)
})

test('the file is safe in a spreadsheet, and taking it is an event', async () => {
  await scene.world.leap(31)
  const log = await logOf(owner)
  const csv = await owner.get<string>(`${path()}/${log.id}/export?format=csv`)
  expect(csv.headers.get('content-type')).toContain('text/csv')
  const text = String(csv.body)
  expect(text).toContain('ListBuckets')
  expect(text).toContain("'=cmd|calc")
  expect(text).not.toMatch(/,=cmd/)
  const { body } = await auditor.get<{ items: { action: string; payload: object }[] }>(
    `/requests/${granted.id}/events`,
  )
  const kinds = body.items.filter(({ action }) => action.startsWith('session-log'))
  expect(kinds[0]).toMatchObject({ action: 'session-log.export', payload: { logId: log.id } })
  expect(kinds[1]).toMatchObject({ action: 'session-log.read', payload: { logId: log.id } })
})

test('records lie sealed, and are gone after a quarter of an hour', async () => {
  await scene.world.leap(31)
  const log = await logOf(owner)
  const { db } = scene.world.database.database
  const stored = await db
    .selectFrom('session_log_event')
    .selectAll()
    .where('log_id', '=', log.id)
    .execute()
  expect(stored).toHaveLength(3)
  expect(JSON.stringify(stored)).not.toContain('ListBuckets')
  await scene.world.leap(15 * 60)
  expect((await owner.get(`${path()}/${log.id}`)).status).toBe(404)
  await purgeSessionLogs(db, scene.world.now())
  const left = await db
    .selectFrom('session_log_event')
    .selectAll()
    .where('log_id', '=', log.id)
    .execute()
  expect(left).toEqual([])
})

test('a query that nobody asks after is cancelled at AWS', async () => {
  await scene.world.control('PATCH', 'settings', { queryDelayMs: 3_600_000 })
  const { body } = await askFor(owner)
  await scene.world.pass(2)
  await scene.world.leap(121)
  await scene.world.pass(1)
  await scene.world.control('PATCH', 'settings', { queryDelayMs: 1_000 })
  const queries = [...scene.world.sandbox.world.state.trailQueries.values()]
  expect(queries.at(-1)?.cancelledAt).not.toBeNull()
  const { body: log } = await owner.get<SessionLog>(`${path()}/${body.id}`)
  expect(log).toMatchObject({ state: 'failed', failure: { code: 'unwanted' } })
})

describe('the summary of use', () => {
  async function summarise(): Promise<void> {
    await queueSummaries(scene.world.database.database.db, scene.world.now())
    for (let step = 0; step < 4; step += 1) await scene.world.pass(1)
    // Sessions do not outlast such hours.
    owner = await scene.world.person('test-user')
    admin = await scene.world.person('test-admin')
  }
  /** Granted, ended, and past its last session and the trail's lateness. */
  async function longOver(): Promise<Request> {
    const request = await scene.ask(owner, target, { durationMinutes: 1 })
    await scene.world.pass(5)
    await scene.world.leap(120)
    await scene.world.pass(3)
    await scene.world.leap(6 * 3_600)
    return request
  }

  test('is gathered once nothing more can happen and the trail had time', async () => {
    await scene.world.leap(3_600)
    await scene.world.pass(5)
    await summarise()
    expect(await owner.request(granted.id)).toMatchObject({ status: 'ended', use: null })
    await summarise()
    expect((await owner.request(granted.id)).use).toBeNull()
    // PowerUserAccess has sessions of four hours.
    await scene.world.leap(5 * 3_600 + 60)
    await summarise()
    expect((await owner.request(granted.id)).use).toMatchObject({
      services: [
        { service: 'ec2.amazonaws.com', reads: 0, writes: 1 },
        { service: 'iam.amazonaws.com', reads: 0, writes: 1 },
        { service: 's3.amazonaws.com', reads: 1, writes: 0 },
      ],
      reads: 1,
      writes: 2,
      errors: 1,
      lastUsedAt: expect.any(String),
      truncated: false,
    })
    const { db } = scene.world.database.database
    const left = await db
      .selectFrom('session_log')
      .selectAll()
      .where('asked_by', 'is', null)
      .execute()
    expect(left).toEqual([])
  })

  test('of an access that was not used says so, which is not the same as not recorded', async () => {
    const unused = await longOver()
    await summarise()
    expect((await owner.request(unused.id)).use).toMatchObject({
      services: [],
      reads: 0,
      writes: 0,
      lastUsedAt: null,
    })
  })

  test('fails, waits, and is tried again', async () => {
    const later = await longOver()
    scene.fault({ operation: 'StartQuery', error: 'AccessDeniedException' })
    await summarise()
    scene.clearFaults()
    await summarise()
    expect((await owner.request(later.id)).use).toBeNull()
    await scene.world.leap(3_601)
    await summarise()
    expect((await owner.request(later.id)).use).not.toBeNull()
  })

  test('is not gathered without a source, and nothing is kept waiting for one', async () => {
    const never = await longOver()
    admin = await scene.world.person('test-admin')
    await chooseSource('none', null)
    await summarise()
    await chooseSource('cloudtrail_lake', places.eventDataStoreArn)
    await summarise()
    expect((await owner.request(never.id)).use).toBeNull()
  })
})
