/** The trail over HTTP: who may take what, in which form, and what becomes of those who go away. */
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyExport } from '#server/audit/verify-export.ts'
import { type Api, type Client, createApi } from '#test/api.ts'
import { prodReadOnly } from '#test/factory.ts'
import { fillTrail } from '#test/trail-events.ts'
import { longAnswersMax } from './long-answers.ts'
import { cookiesFor } from './sign-in/cookies.ts'

let api: Api
let audrey: Client
const formula = '=HYPERLINK("https://evil.example","click")'

beforeAll(async () => {
  api = await createApi()
  await api.world.eligibility()
  await api.world.approval()
  audrey = await api.as('audrey')
  const alice = await api.as('alice')
  const bob = await api.as('bob')
  const { body } = await alice.post('/requests', {
    targets: [prodReadOnly],
    durationMinutes: 60,
    justification: formula,
  })
  const [{ id }] = body.requests
  await bob.post(`/requests/${id}/approve`, { comment: '@mention, "quoted"' })
})
afterAll(() => api.close())

const path = (query: string) => `/audit/export?${query}`
const linesOf = (body: string) =>
  body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

describe('events', () => {
  test('come with everything that verification needs, the export itself last', async () => {
    const { status, headers, body } = await audrey.get(path('format=jsonl'))
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/jsonl; charset=utf-8')
    expect(headers['content-disposition']).toMatch(/^attachment; filename="team-events-.*\.jsonl"$/)
    expect(linesOf(body).at(-1)).toMatchObject({
      actor: { type: 'user', name: 'audrey@example.com' },
      action: 'audit.export',
      object: { type: 'export', id: 'events' },
      payload: { kind: 'events', format: 'jsonl', filter: {} },
    })
    const pieces = (async function* () {
      yield Buffer.from(body)
    })()
    const verdict = await verifyExport(pieces)
    const { body: answered } = await audrey.get('/audit/verify')
    expect(verdict).toEqual(answered)
    expect(answered).toMatchObject({ ok: true, events: linesOf(body).length })
  })

  test('are filtered as the list is', async () => {
    for (const filter of [
      'action=request.approve',
      'actor=BOB',
      'objectType=request&result=done',
      'notObjectType=export',
    ]) {
      const { body: list } = await audrey.get(`/audit/events?${filter}`)
      const { body } = await audrey.get(path(filter))
      const numbers = list.items.map(({ seq }: { seq: number }) => seq)
      expect(numbers.length).toBeGreaterThan(0)
      expect(linesOf(body).map(({ seq }) => seq)).toEqual(numbers.toReversed())
    }
  })
})

describe('requests and grants', () => {
  test('come as CSV in which nothing is a formula', async () => {
    const { headers, body } = await audrey.get(path('kind=requests&format=csv'))
    expect(headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(body).toContain(`"'=HYPERLINK(""https://evil.example"",""click"")"`)
    expect(body).toContain('approved')
  })

  test('are filtered as the list is', async () => {
    const { body: list } = await audrey.get('/requests?view=all&status=scheduled&q=alice')
    const { body } = await audrey.get(path('kind=requests&status=scheduled&q=alice'))
    expect(linesOf(body).map(({ id }) => id)).toEqual([list.items[0].id])
    expect(linesOf(body)[0]).toMatchObject({
      justification: formula,
      approvals: [{ decision: 'approved', comment: '@mention, "quoted"' }],
    })
    expect((await audrey.get(path('kind=requests&status=rejected'))).body).toBe('')
  })

  test('grants are those that were earned', async () => {
    const { body } = await audrey.get(path('kind=grants'))
    expect(linesOf(body)).toMatchObject([{ userName: 'alice@example.com', durationMinutes: 60 }])
    expect((await audrey.get(path('kind=grants&format=csv&status=rejected'))).body).toMatch(
      /^\uFEFFgrantId,requestId,status,[^\n]*\r\n$/,
    )
  })
})

describe('who and what is refused', () => {
  test('a stranger, and who neither audits nor administers, and nothing is written', async () => {
    const anonymous = await api.app.inject({ url: `/api/v1${path('kind=events')}` })
    expect(anonymous.statusCode).toBe(401)
    for (const name of ['alice', 'bob'] as const) {
      for (const kind of ['events', 'requests', 'grants']) {
        const { status, body } = await (await api.as(name)).get(path(`kind=${kind}`))
        expect([status, body.code]).toEqual([403, 'not_allowed'])
      }
    }
    const { body } = await audrey.get('/audit/events?action=audit.export&actor=alice')
    expect(body.items).toEqual([])
  })

  const malformed: [string, string, string][] = [
    ['a filter of another kind', 'kind=events&status=pending', 'status'],
    ['a filter of events on requests', 'kind=requests&action=request.submit', 'action'],
    ['a format that there is not', 'format=pdf', 'format'],
    ['a filter that there is not', 'kind=events&userName=x', ''],
    ['a moment that is none', 'from=yesterday', 'from'],
  ]
  test.each(malformed)('%s, with the field', async (_, query, field) => {
    const { status, body } = await audrey.get(path(query))
    expect([status, body.code]).toEqual([400, 'malformed'])
    expect(body.errors[0].field).toContain(field)
  })
})

describe('a long trail', () => {
  let url: string
  beforeAll(async () => {
    await fillTrail(api.world.database.owner, { events: 10_000, from: new Date('2026-11-20') })
    await api.app.listen({ port: 0, host: '127.0.0.1' })
    url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`
  })

  /** Begins, reads the first bytes, and then reads no more. */
  async function begin(query: string) {
    const { cookies } = audrey
    const name = cookiesFor('https://team.example.com').session.name
    const headers = { cookie: `${name}=${cookies[name]}` }
    const sent = httpRequest(`${url}/api/v1${path(query)}`, { headers, agent: false })
    sent.end()
    const status = await new Promise<number>((resolve) => {
      sent.on('response', (response) => {
        response.pause()
        response.on('error', () => undefined)
        resolve(response.statusCode ?? 0)
      })
    })
    return { status, leave: () => sent.destroy() }
  }

  test('is exported whole, and verified', async () => {
    const { body } = await audrey.get(path('kind=events'))
    const pieces = (async function* () {
      yield Buffer.from(body)
    })()
    expect(await verifyExport(pieces)).toMatchObject({ ok: true })
    expect((await audrey.get('/audit/verify')).body).toMatchObject({ ok: true })
  })

  test('is given to a few readers at a time; who goes away makes room', async () => {
    const readers = []
    for (let index = 0; index < longAnswersMax; index += 1) readers.push(await begin('format=csv'))
    expect(readers.map(({ status }) => status)).toEqual(readers.map(() => 200))
    const refused = await audrey.get('/audit/verify')
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited'])
    // A reader that takes nothing holds no connection of the pool.
    await api.world.database.database.long.selectFrom('audit_head').selectAll().execute()
    readers[0]?.leave()
    const next = await untilNotRefused(() => begin('format=csv'))
    expect(next.status).toBe(200)
    for (const { leave } of [...readers, next]) leave()
  })

  /** The server hears of a closed connection when the operating system tells it. */
  async function untilNotRefused(attempt: () => ReturnType<typeof begin>) {
    for (;;) {
      const answer = await attempt()
      if (answer.status !== 429) return answer
      answer.leave()
    }
  }
})
