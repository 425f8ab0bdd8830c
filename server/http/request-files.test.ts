/** A list of requests taken as a file: what is in it, who is told of it, and how much at a time. */
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requestsPerBatch } from '#server/operations/export-requests.ts'
import { type Api, type Client, createApi } from '#test/api.ts'
import { people, prodReadOnly } from '#test/factory.ts'
import { exportsOfOneMax } from './request-files.ts'
import { cookiesFor } from './sign-in/cookies.ts'

let api: Api
let alice: Client
let bob: Client
let audrey: Client
let id: string
const formula = '=HYPERLINK("https://evil.example","click")'

beforeAll(async () => {
  api = await createApi()
  await api.world.eligibility()
  await api.world.approval()
  ;[alice, bob, audrey] = await Promise.all([api.as('alice'), api.as('bob'), api.as('audrey')])
  const { body } = await alice.post('/requests', {
    targets: [prodReadOnly],
    durationMinutes: 60,
    justification: formula,
  })
  ;[{ id }] = body.requests
  await bob.post(`/requests/${id}/reject`, { comment: '@mention, "quoted"' })
})
afterAll(() => api.close())

const path = (query: string) => `/requests/export?${query}`
const linesOf = (body: string) =>
  body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
const exports = async () => (await audrey.get('/audit/events?action=request.export')).body.items

describe('what is in it', () => {
  test('what an approver decided, as CSV in which nothing is a formula', async () => {
    const { status, headers, body } = await bob.get(path('view=decided'))
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(headers['content-disposition']).toMatch(/^attachment; filename="team-decided-.*Z\.csv"$/)
    expect(headers['cache-control']).toBe('no-store')
    expect(body.split('\r\n')).toHaveLength(3)
    expect(body).toContain(`"'=HYPERLINK(""https://evil.example"",""click"")"`)
    expect(body).toContain('rejected')
  })

  test('nothing but what the list shows: no addresses, no notices, nothing of the trail', async () => {
    const [row] = linesOf((await alice.get(path('view=mine&format=jsonl'))).body)
    expect(row).toMatchObject({ id, justification: formula, sessionsMayLiveUntil: null })
    const [listed] = (await alice.get('/requests?view=mine')).body.items
    const inParts = ['userId', 'userName', 'displayName', 'reviewOutcome', 'reviewComment']
    const names = Object.keys(row).filter((name) => !(name in listed))
    expect(names).toEqual([...inParts, 'reviewedBy'])
    for (const name of ['email', 'notices', 'undelivered', 'hints', 'actions']) {
      expect(row).not.toHaveProperty(name)
    }
  })

  test('a line of names where there is nothing', async () => {
    const { status, body } = await bob.get(path('view=ended&scope=decide'))
    expect(status).toBe(200)
    expect(body).toMatch(/^\uFEFFid,submissionId,status,[^\n]*,sessionsMayLiveUntil\r\n$/)
  })

  test('more than one batch holds, each request once and in the order of the list', async () => {
    const { owner } = api.world.database
    const count = 2 * requestsPerBatch + 7
    await owner.query(
      `insert into request select (jsonb_populate_record(r, jsonb_build_object(
         'request_id', gen_random_uuid(), 'submission_id', gen_random_uuid(), 'status', 'pending',
         'requester_id', $2::text, 'permission_set_arn', r.permission_set_arn || n,
         'created_at', r.created_at - make_interval(secs => n),
         -- More of them than fits in between two ends of a connection.
         'justification', repeat('x', 10000)))).*
       from request r, generate_series(1, $3::int) n where request_id = $1`,
      [id, people.erin, count],
    )
    const erin = await api.as('erin')
    const rows = linesOf((await erin.get(path('view=mine&format=jsonl'))).body)
    expect(new Set(rows.map((row) => row.id)).size).toBe(count)
    const times = rows.map((row) => row.createdAt)
    expect(times).toEqual(times.toSorted().toReversed())
    const { body } = await erin.get('/requests?view=mine&limit=200')
    expect(rows.slice(0, 200).map((row) => row.id)).toEqual(
      body.items.map((one: { id: string }) => one.id),
    )
  })
})

describe('who takes it', () => {
  test('is in the trail, with the view, the format and the filters', async () => {
    await bob.get(path('view=ended&scope=decide&status=revoked&q=alice&format=csv'))
    expect((await exports())[0]).toMatchObject({
      actor: { type: 'user', name: 'bob@example.com' },
      object: { type: 'export', id: 'ended' },
      payload: {
        view: 'ended',
        format: 'csv',
        filter: { scope: 'decide', status: ['revoked'], q: 'alice' },
      },
    })
  })

  test('and may not see everything is refused everything, and no event says otherwise', async () => {
    const before = (await exports()).length
    for (const query of ['view=all', 'view=ended&scope=all', 'view=active&scope=all']) {
      for (const client of [alice, bob]) {
        const { status, body } = await client.get(path(query))
        expect([query, status, body.code]).toEqual([query, 403, 'not_allowed'])
      }
      expect((await audrey.get(path(query))).status).toBe(200)
    }
    expect((await api.app.inject({ url: `/api/v1${path('')}` })).statusCode).toBe(401)
    expect((await exports()).length).toBe(before + 3)
  })

  test.each(['cross-site', 'same-site'])(
    'is at one of TEAM’s own pages: a link at one that is %s takes nothing',
    async (site) => {
      const before = (await exports()).length
      const take = (one: string) =>
        audrey.send('GET', one, undefined, { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' })
      for (const one of [
        path('view=all'),
        '/audit/export?kind=events',
        '/audit/verify',
        '/access/export?accountId=111122223333',
        `/requests/${id}/session-log`,
        `/requests/${id}/session-log/00000000-0000-4000-8000-000000000000/export`,
      ]) {
        const { status, body } = await take(one)
        expect([one, status, body.code]).toEqual([one, 403, 'csrf'])
      }
      expect((await exports()).length).toBe(before)
      expect((await take('/requests?view=all')).status).toBe(200)
      const typed = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }
      expect((await audrey.send('GET', path('view=all'), undefined, typed)).status).toBe(200)
    },
  )

  test.each([
    'format=pdf',
    'view=everything',
    'limit=1',
    'cursor=x',
    'from=yesterday',
    'kind=events',
  ])('is refused what makes no sense: %s', async (query) => {
    const { status, body } = await bob.get(path(query))
    expect([status, body.code]).toEqual([400, 'malformed'])
  })
})

describe('on its way', () => {
  let port: number
  beforeAll(async () => {
    await api.app.listen({ port: 0, host: '127.0.0.1' })
    port = (api.app.server.address() as AddressInfo).port
  })

  test('nobody has so many that others get none', async () => {
    const erin = await api.as('erin')
    const begun = []
    for (let index = 0; index < exportsOfOneMax; index += 1) {
      begun.push(await begin(port, erin, path('view=mine')))
    }
    expect(await erin.get(path('view=mine'))).toMatchObject({
      status: 429,
      body: { code: 'rate_limited' },
    })
    expect((await alice.get(path('view=mine'))).status).toBe(200)
    for (const { leave } of begun) leave()
  })

  const losses: Record<string, string> = {
    'leaves the group':
      'with gone as (delete from directory_membership where user_id = $1 returning *) select * from gone',
    'is disabled': 'update directory_user set enabled = false where user_id = $1',
    'has signed out':
      "update sign_in_session set ended_at = now(), ended_why = 'signed_out' where user_id = $1",
  }
  for (const file of [path('view=all&format=jsonl'), '/audit/export?kind=requests&format=jsonl']) {
    test.each(Object.keys(losses))(`an auditor who %s gets no more of ${file}`, async (loss) => {
      const auditor = await api.as('audrey')
      const kept = await begin(port, auditor, file)
      const lost = await begin(port, auditor, file)
      const whole = await kept.rest()
      const { owner } = api.world.database
      const memberships = await owner.query(
        'select * from directory_membership where user_id = $1',
        [people.audrey],
      )
      await owner.query(losses[loss] as string, [people.audrey])
      await expect(lost.rest()).rejects.toThrow('aborted')
      expect(linesOf(whole).length).toBeGreaterThan(2 * requestsPerBatch)

      await owner.query('update directory_user set enabled = true where user_id = $1', [
        people.audrey,
      ])
      for (const row of memberships.rows) {
        await owner.query(
          'insert into directory_membership select * from jsonb_populate_record(null::directory_membership, $1) on conflict do nothing',
          [row],
        )
      }
    })
  }
})

/** Begins, and reads nothing of the body yet. */
async function begin(port: number, { cookies }: Client, what: string) {
  const { name } = cookiesFor('https://team.example.com').session
  const url = `http://127.0.0.1:${port}/api/v1${what}`
  const sent = httpRequest(url, { headers: { cookie: `${name}=${cookies[name]}` }, agent: false })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.pause()
  response.on('error', () => undefined)
  return {
    leave: () => void sent.destroy(),
    rest: async () => Buffer.concat(await response.toArray()).toString(),
  }
}
