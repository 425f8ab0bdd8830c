/** Asking for several targets at once, and tickets: what is refused, by which field, and for whom. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Api, createApi } from '#test/api.ts'
import { accounts, devReadOnly, permissionSets, prodAdmin, prodReadOnly } from '#test/factory.ts'

let api: Api
beforeEach(async () => {
  api = await createApi()
  await api.world.eligibility({ permissionSets: ['ReadOnlyAccess', 'Billing'] })
  await api.world.approval()
})
afterEach(() => api.close())

const submission = (change: object = {}) => ({
  targets: [prodReadOnly, devReadOnly],
  durationMinutes: 60,
  justification: '「障害対応」',
  ...change,
})
const fields = (body: { errors: { field: string; code: string }[] }) =>
  body.errors.map(({ field, code }) => `${field} ${code}`)
const requestsMade = async () =>
  (await (await api.as('alice')).get('/requests')).body.items.length as number

describe('a submission of several targets', () => {
  test('makes a request for each, tied by one submission', async () => {
    const alice = await api.as('alice')
    const { status, body } = await alice.post('/requests', submission())
    expect(status).toBe(201)
    expect(body.requests).toHaveLength(2)
    const { body: whole } = await alice.get(`/submissions/${body.submissionId}`)
    expect(whole.requests.map((one: { accountId: string }) => one.accountId)).toEqual([
      accounts.dev,
      accounts.prod,
    ])
  })

  const refusals: [string, object, number, string[]][] = [
    [
      'if one of them is refused, naming which',
      { targets: [prodReadOnly, prodAdmin] },
      403,
      ['targets.1 not_eligible'],
    ],
    [
      'if two are named alike, naming the second',
      { targets: [prodReadOnly, devReadOnly, prodReadOnly] },
      422,
      ['targets.2 duplicate_target'],
    ],
    [
      'if the duration is too long for one, naming it beside the duration',
      { targets: [devReadOnly, { ...prodReadOnly, permissionSetArn: permissionSets.billing }] },
      422,
      ['durationMinutes duration_too_long', 'targets.1 duration_too_long'],
    ],
  ]
  for (const [rule, change, status, named] of refusals) {
    test(`makes nothing ${rule}`, async () => {
      if (named[0]?.startsWith('duration')) {
        await api.world.settings({ maxDurationMinutes: 240 })
        await api.world.eligibility({ permissionSets: ['ReadOnlyAccess'], maxDurationMinutes: 240 })
        Object.assign(change, { durationMinutes: 180 })
      }
      const { status: got, body } = await (await api.as('alice')).post(
        '/requests',
        submission(change),
      )
      expect([got, fields(body)]).toEqual([status, named])
      expect(await requestsMade()).toBe(0)
    })
  }

  test('makes nothing if one of them waits already, and names both', async () => {
    const alice = await api.as('alice')
    const first = await alice.post('/requests', submission({ targets: [devReadOnly] }))
    const second = await alice.post('/requests', submission())
    expect(second.status).toBe(409)
    expect(second.body).toMatchObject({
      code: 'duplicate_pending',
      params: { requestId: first.body.requests[0].id },
      errors: [{ field: 'targets.1' }],
    })
    expect(await requestsMade()).toBe(1)
  })

  test('makes nothing for 21, of whom it says how many are allowed', async () => {
    const { status, body } = await (await api.as('alice')).post(
      '/requests',
      submission({ targets: Array(21).fill(prodReadOnly) }),
    )
    expect([status, body.code]).toEqual([400, 'malformed'])
    expect(body.errors[0]).toMatchObject({ field: 'targets' })
    expect(await requestsMade()).toBe(0)
  })

  test('is made once, however often it is sent under one key', async () => {
    const alice = await api.as('alice')
    const key = { 'idempotency-key': 'all-or-none' }
    const answers = [
      await alice.post('/requests', submission(), key),
      await alice.post('/requests', submission(), key),
    ]
    expect(answers.map(({ status }) => status)).toEqual([201, 201])
    expect(answers[1]?.body.submissionId).toBe(answers[0]?.body.submissionId)
    expect(await requestsMade()).toBe(2)
    const other = await alice.post('/requests', submission({ durationMinutes: 30 }), key)
    expect(other.body.code).toBe('idempotency_key_reused')
  })

  test('sent twice at the same moment makes one set, and refuses the other whole', async () => {
    const alice = await api.as('alice')
    const [one, other] = await Promise.all([
      alice.post('/requests', submission()),
      alice.post('/requests', submission({ targets: [devReadOnly, prodReadOnly] })),
    ])
    expect([one.status, other.status].toSorted()).toEqual([201, 409])
    expect(await requestsMade()).toBe(2)
  })
})

describe('tickets', () => {
  const template = 'https://tracker.example.com/browse/{ticket}'
  const rules = { ticketPattern: 'OPS-\\d+', ticketExample: 'OPS-12', ticketHelp: '変更番号' }

  test('are described to everybody who asks, and other settings to nobody', async () => {
    await api.world.settings({ ...rules, ticketUrlTemplate: template })
    const alice = await api.as('alice')
    const { body } = await alice.get('/me')
    expect(body.ticket).toEqual({ pattern: 'OPS-\\d+', example: 'OPS-12', help: '変更番号' })
    expect(JSON.stringify(body)).not.toContain('tracker.example.com')
    expect((await alice.get('/settings')).status).toBe(403)
    expect((await alice.send('PATCH', '/settings', rules)).status).toBe(403)
  })

  test('are judged while they are typed, field by field, and by the server again', async () => {
    await api.world.settings(rules)
    const alice = await api.as('alice')
    const typed = submission({ ticket: 'OPS-', justification: '' })
    const preview = await alice.post('/requests/preview', typed)
    expect(preview.body.problems).toMatchObject([
      { field: 'ticket', code: 'ticket_malformed', params: { example: 'OPS-12' } },
    ])
    const sent = await alice.post('/requests', submission({ ticket: 'OPS-' }))
    expect([sent.status, sent.body.code]).toEqual([422, 'ticket_malformed'])
    const right = await alice.post('/requests/preview', submission({ ticket: 'OPS-7' }))
    expect(right.body.problems).toEqual([])
  })

  test('lead to the tracker, encoded, and nowhere without a template', async () => {
    const alice = await api.as('alice')
    const first = await alice.post('/requests', submission({ ticket: '変更/７' }))
    expect(first.body.requests[0].ticketUrl).toBe(null)
    await api.world.settings({ ticketUrlTemplate: template })
    const { body } = await alice.get(`/requests/${first.body.requests[0].id}`)
    expect(body.ticketUrl).toBe('https://tracker.example.com/browse/%E5%A4%89%E6%9B%B4%2F%EF%BC%97')
  })

  test('are set by administrators, who are refused what would mislead', async () => {
    const ada = await api.as('ada')
    const patch = async (body: object) => {
      const version = (await ada.get('/settings')).headers.etag
      return ada.send('PATCH', '/settings', body, { 'if-match': String(version) })
    }
    const saved = await patch({ ...rules, ticketUrlTemplate: template })
    expect(saved.body).toMatchObject({ ...rules, ticketUrlTemplate: template })
    expect(fields((await patch({ ticketPattern: 'INC\\d+' })).body)).toEqual([
      'ticketPattern ticket_example_unfit',
    ])
    expect(fields((await patch({ ticketUrlTemplate: 'javascript:{ticket}' })).body)).toEqual([
      'ticketUrlTemplate ticket_template_malformed',
    ])
    const change = (await api.world.events('settings')).at(-1)
    expect(change?.payload).toMatchObject({ after: { ticketUrlTemplate: template } })
  })
})
