/**
 * Both sources against the sandbox, which evaluates their queries: what is looked for, and what is
 * not. Each predicate of each query is taken out in turn, and somebody else's events must come in.
 */
import {
  CloudTrailClient,
  GetQueryResultsCommand as LakeResults,
  StartQueryCommand as StartLake,
} from '@aws-sdk/client-cloudtrail'
import {
  CloudWatchLogsClient,
  GetQueryResultsCommand,
  StartQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { beforeAll, describe, expect, test } from 'vitest'
import type { AccountId, UserId } from '#core/ids.ts'
import { type LogCriteria, parseLogLocation, strangerBecause } from '#core/session-log.ts'
import { control } from '#sandbox/control/control.ts'
import type { World } from '#sandbox/model/world.ts'
import { clientOptions, drivenClock, drivenWorld, idsOf } from '#sandbox/test-kit.ts'
import { trailPlaces } from '#sandbox/trail/trail.ts'
import { inProcessHandler } from '#sandbox/wire/in-process.ts'
import { parseRecord } from '#server/audit/session-logs/record.ts'
import type { SessionLogSource } from '#server/audit/session-logs/source.ts'
import { clientsFor } from '#test/aws-clients.ts'
import { createInsightsLog } from './insights-log.ts'
import { createLakeLog } from './lake-log.ts'
import { insightsQuery, lakeStatement } from './log-queries.ts'

const clock = drivenClock('2026-11-24T12:00:00Z')
let world: World
let criteria: LogCriteria
const at = (time: string) => `2026-11-24T${time}Z`

/** By what they did, so that a test reads who was let in. */
const own = ['own-by-id', 'own-by-name', 'own-in-capitals', 'own-under-another-suffix']
const strangers = [
  'longer-name',
  'other-person',
  'other-account',
  'other-role',
  'hour-before',
  'hour-after',
]

beforeAll(async () => {
  world = (await drivenWorld({ clock, settings: { trailDelayMs: 0, queryDelayMs: 1_000 } })).world
  const ids = idsOf(world)
  const grant = { accountName: 'payments-dev', permissionSetName: 'ReadOnlyAccess' }
  criteria = {
    userId: ids.user('sam.carter') as UserId,
    userName: 'sam.carter',
    accountId: ids.account('payments-dev') as AccountId,
    permissionSetName: 'ReadOnlyAccess',
    from: new Date(at('10:00:00')),
    to: new Date(at('11:00:00')),
  }
  const happened = (eventName: string, change: object) =>
    record({
      userName: 'sam.carter',
      eventName,
      at: at('10:30:00'),
      onBehalfOf: false,
      ...grant,
      ...change,
    })
  happened('own-by-id', { onBehalfOf: true, userName: 'renamed.since', userId: criteria.userId })
  happened('own-by-name', {})
  happened('own-in-capitals', { userName: 'Sam.Carter' })
  happened('own-under-another-suffix', {
    roleName: 'AWSReservedSSO_ReadOnlyAccess_00000000deadbeef',
  })
  happened('longer-name', { userName: 'sam.carter2' })
  happened('other-person', {
    userName: 'sam.carter',
    userId: ids.user('naoko.mori'),
    onBehalfOf: true,
  })
  happened('other-account', { accountName: 'payments-prod' })
  happened('other-role', { roleName: 'AWSReservedSSO_ReadOnlyAccessPlus_0123456789abcdef' })
  happened('hour-before', { at: at('09:00:00') })
  happened('hour-after', { at: at('11:30:00') })
  clock.pass(3_600_000)
})

function record(body: object): void {
  const answer = control(world, {
    method: 'POST',
    path: '/_sandbox/trail',
    host: 'sandbox',
    origin: undefined,
    body: Buffer.from(JSON.stringify(body)),
  })
  expect(answer.status).toBe(201)
}

function sources(change: { location?: string; region?: string } = {}) {
  const clients = clientsFor('http://sandbox.invalid', { requestHandler: inProcessHandler(world) })
  const places = trailPlaces(world.state.organisation)
  const options = { clients, recordsMax: 10_000 }
  const group = parseLogLocation('cloudwatch_logs', change.location ?? places.logGroupArn)
  const store = parseLogLocation('cloudtrail_lake', places.eventDataStoreArn)
  if (group?.source !== 'cloudwatch_logs' || store?.source !== 'cloudtrail_lake') throw new Error()
  return { insights: createInsightsLog(group, options), lake: createLakeLog(store, options), store }
}

async function namesFrom(source: SessionLogSource, wanted = criteria, recordsMax = 10_000) {
  const started = await source.start({ criteria: wanted, arrivedBy: new Date(at('11:15:00')) })
  if (!started.ok) return started
  expect(await source.look(started.value)).toEqual({ ok: true, value: 'running' })
  clock.pass(1_000)
  expect(await source.look(started.value)).toEqual({ ok: true, value: 'done' })
  const names: string[] = []
  let page: string | null = null
  do {
    const read = await source.read(started.value, page)
    if (!read.ok) return read
    names.push(...read.value.records.map((json) => parseRecord(json)?.action ?? '?'))
    page = read.value.next
  } while (page !== null && names.length < recordsMax)
  return names.toSorted()
}

describe.each(['insights', 'lake'] as const)('%s', (kind) => {
  test('finds the person’s own events of the grant, and nobody else’s', async () => {
    expect(await namesFrom(sources()[kind])).toEqual(own.toSorted())
  })

  const dropped: [predicate: string, pattern: Record<typeof kind, RegExp>, lets: string][] = [
    ['the name whole', { insights: /= "sam\.carter"/, lake: /= 'sam\.carter'/ }, 'longer-name'],
    [
      'that an id decides where there is one',
      { insights: /not ispresent\([^)]*\) and /, lake: /coalesce\([^)]*\) = '' AND / },
      'other-person',
    ],
    [
      'the account',
      {
        insights: /\| filter userIdentity\.accountId[^\n]*\n/,
        lake: /AND recipientaccountid[^\n]*\n/,
      },
      'other-account',
    ],
    [
      'the role whole',
      { insights: /_\[0-9a-f\]\{16\}\$/, lake: /_\[0-9a-f\]\{16\}\$/ },
      'other-role',
    ],
    ['the beginning', { insights: /never/, lake: /WHERE eventtime >= '[^']*'/ }, 'hour-before'],
    ['the end', { insights: /never/, lake: /AND eventtime <= '[^\n]*\n/ }, 'hour-after'],
  ]
  test.each(dropped)('without %s of its query %o would let in %s', async (_what, pattern, lets) => {
    const broken = await brokenQuery(kind, pattern[kind])
    expect(broken).toContain(lets)
    expect(broken).toEqual(expect.arrayContaining(own))
    const { [kind]: source } = sources()
    expect(await namesFrom(source)).not.toContain(lets)
  })

  test('tells that a name can be no session’s, and finds the person by id alone', async () => {
    const hostile = [
      "sam' OR '1'='1",
      'sam" | fields @message',
      'sam\\',
      'sam\ncarter',
      '.*',
      'sam|x',
    ]
    for (const userName of hostile) {
      expect(await namesFrom(sources()[kind], { ...criteria, userName })).toEqual(['own-by-id'])
    }
  })

  test('asks nothing of AWS for names that no query can hold', async () => {
    const hostile: Partial<LogCriteria>[] = [
      { permissionSetName: "x' OR '1'='1" },
      { permissionSetName: 'x/ or 1=1' },
      { permissionSetName: 'x"|limit 1' },
      { permissionSetName: 'x\n' },
      { userId: "u' OR ''='" as UserId },
      { userId: 'u" or "" = "' as UserId },
      { accountId: '1" or 1=1' as AccountId },
    ]
    for (const change of hostile) {
      const calls = world.state.calls.length
      const answer = await namesFrom(sources()[kind], { ...criteria, ...change })
      expect(answer).toMatchObject({ ok: false, code: 'unsearchable' })
      expect(world.state.calls.length).toBe(calls)
    }
  })

  test('a query is cancelled, and what AWS says of that is a failure with its words', async () => {
    const source = sources()[kind]
    const started = await source.start({ criteria, arrivedBy: new Date(at('11:15:00')) })
    if (!started.ok) throw new Error(started.message)
    expect(await source.cancel(started.value)).toEqual({ ok: true, value: null })
    expect(await source.look(started.value)).toMatchObject({
      ok: false,
      code: 'query_failed',
      message: expect.stringMatching(/cancelled/i),
    })
    const gone = '00000000-0000-4000-8000-000000000000'
    expect(await source.look(gone)).toMatchObject({ ok: false, code: 'query_gone' })
  })
})

/** The same query with a piece taken out, sent by the SDK as it is. */
async function brokenQuery(kind: 'insights' | 'lake', pattern: RegExp): Promise<string[]> {
  const names = (records: (string | undefined)[]) =>
    records.map((json) => parseRecord(json ?? '')?.action ?? '?')
  const { store } = sources()
  if (kind === 'lake') {
    const statement = lakeStatement(criteria, store, 10_000) ?? ''
    const QueryStatement = without(statement, pattern)
    const client = new CloudTrailClient(clientOptions(world))
    const { QueryId } = await client.send(new StartLake({ QueryStatement }))
    clock.pass(1_000)
    const { QueryResultRows = [] } = await client.send(new LakeResults({ QueryId }))
    return names(QueryResultRows.map((row) => row[0]?.eventjson))
  }
  const query = insightsQuery(criteria, 10_000) ?? ''
  const isTime = pattern.source === 'never'
  const client = new CloudWatchLogsClient(clientOptions(world))
  const day = 86_400
  const { queryId } = await client.send(
    new StartQueryCommand({
      logGroupIdentifiers: [trailPlaces(world.state.organisation).logGroup],
      // The window is no part of the text.
      startTime: criteria.from.getTime() / 1000 - (isTime ? day : 0),
      endTime: criteria.to.getTime() / 1000 + (isTime ? day : 0),
      queryString: isTime ? query : without(query, pattern),
    }),
  )
  clock.pass(1_000)
  const { results = [] } = await client.send(new GetQueryResultsCommand({ queryId }))
  return names(results.map((row) => row.find(({ field }) => field === '@message')?.value))
}

function without(query: string, pattern: RegExp): string {
  const whole = query.replace(pattern, replacement(query, pattern))
  expect(whole).not.toBe(query)
  return whole
}

/** What stands in its place, so that the rest is a query still. */
function replacement(query: string, pattern: RegExp): string {
  const piece = pattern.exec(query)?.[0] ?? ''
  if (piece === '= "sam.carter"') return 'like /^sam.carter/'
  if (piece === "= 'sam.carter'") return "LIKE 'sam.carter%'"
  return piece.startsWith('WHERE') ? "WHERE eventtime >= '1970-01-01 00:00:00'" : ''
}

test('what a wider query would bring is judged once more, event by event', async () => {
  const all = world.state.trailEvents.flatMap(({ json }) => parseRecord(json) ?? [])
  const why = new Map(all.map((event) => [event.action, strangerBecause(event, criteria)]))
  for (const name of own) expect(why.get(name)).toBeNull()
  expect(strangers.map((name) => why.get(name))).toEqual([
    'person',
    'person',
    'account',
    'role',
    'time',
    'time',
  ])
})

test('pages are read to the end', async () => {
  const many = 1_100
  for (let count = 0; count < many; count += 1) {
    const value = world.state.trailEvents.find(({ json }) => json.includes('own-by-name'))
    if (value) world.commit({ type: 'trail-event', value })
  }
  for (const kind of ['insights', 'lake'] as const) {
    const names = await namesFrom(sources()[kind])
    expect(names).toHaveLength(many + own.length)
  }
})

test('a log group that is not there, and a Region that has none, are told', async () => {
  for (const location of ['no-such-group', 'arn:aws:logs:eu-west-1:111122223333:log-group:trail']) {
    const answer = await namesFrom(sources({ location }).insights)
    expect(answer).toMatchObject({ ok: false, code: 'location_not_found' })
  }
})
