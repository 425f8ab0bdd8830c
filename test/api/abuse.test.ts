/** What is sent to TEAM by those who mean it ill: bodies, queries, keys, cookies, origins. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import type { Person, ProblemBody } from '#test/person.ts'
import { cookieOf, createScene, type RawRequest, raw, type Scene } from './scene.ts'

let scene: Scene
let admin: Person
let auditor: Person
let owner: Person
let approver: Person
let stranger: Person
let pending: Request

beforeAll(async () => {
  scene = await createScene()
  const { world } = scene
  admin = await world.person('test-admin')
  auditor = await world.person('test-auditor')
  owner = await world.person('test-user')
  approver = await world.person('sam.carter')
  stranger = await world.person('priya.raman')
  await scene.eligibility(admin)
  await scene.approval(admin)
  pending = await scene.ask(owner, scene.target('payments-prod', 'ReadOnlyAccess'))
})
afterAll(() => scene.close())

const submission = (change: object = {}) => ({
  targets: [scene.target('storefront-dev', 'ReadOnlyAccess')],
  durationMinutes: 60,
  justification: 'Looking',
  ...change,
})

/** As this person's browser would send it, but with whatever is given here. */
async function forge(person: Person, path: string, request: RawRequest = {}) {
  const { csrfToken } = await person.me()
  return raw(scene.world.team.url, `/api/v1${path}`, {
    method: 'POST',
    ...request,
    headers: {
      cookie: cookieOf(scene, person),
      'x-team-csrf': csrfToken,
      'content-type': 'application/json',
      ...request.headers,
    },
  })
}

async function numberOfRequests(): Promise<number> {
  const { body } = await auditor.get<{ items: unknown[] }>('/requests?view=all&limit=200')
  return body.items.length
}

describe('a field that the server decides cannot be sent along', () => {
  const forged: Record<string, unknown> = {
    status: 'scheduled',
    approvals: [{ userId: 'me', decision: 'approved' }],
    approvalRequired: false,
    approvalsRequired: 0,
    approver: 'test-user',
    approverId: 'me',
    approver_ids: ['me'],
    requester: { userId: 'somebody' },
    requesterId: 'somebody',
    userId: 'somebody',
    email: 'somebody@example.com',
    id: '00000000-0000-4000-8000-000000000001',
    submissionId: '00000000-0000-4000-8000-000000000001',
    version: 7,
    createdAt: '2020-01-01T00:00:00.000Z',
    expiresAt: '2030-01-01T00:00:00.000Z',
    endsAt: '2030-01-01T00:00:00.000Z',
    grantedAt: '2026-11-24T00:00:00.000Z',
    extends: '00000000-0000-4000-8000-000000000001',
    roles: ['admin'],
    via: 'system',
  }
  for (const [field, value] of Object.entries(forged)) {
    test(`${field} in a submission`, async () => {
      const before = await numberOfRequests()
      const body = submission({ [field]: value })
      const answer = await owner.post<ProblemBody>('/requests', body)
      expect(answer).toMatchObject({ status: 400, body: { code: 'malformed' } })
      expect(await numberOfRequests()).toBe(before)
    })
  }
  for (const action of ['approve', 'reject']) {
    for (const body of [{ userId: 'other' }, { decision: 'approved' }, { as: 'naoko.mori' }]) {
      test(`${JSON.stringify(body)} in ${action}`, async () => {
        const answer = await approver.post(`/requests/${pending.id}/${action}`, body)
        expect(answer.status).toBe(400)
        expect((await owner.request(pending.id)).approvals).toEqual([])
      })
    }
  }
  test('another actor, a state or a time in a word on a key', async () => {
    for (const more of [{ userId: 'x' }, { held: false }, { at: '2020-01-01T00:00:00.000Z' }]) {
      for (const act of ['release', 'acknowledge']) {
        const body = { comment: 'Ours', ...more }
        expect((await admin.post(`/reconciler/keys/1/${act}`, body)).status).toBe(400)
      }
    }
    for (const id of ['0', '-1', '1e3', '9'.repeat(30), '%27', 'null']) {
      const answer = await admin.post(`/reconciler/keys/${id}/release`, { comment: 'Ours' })
      expect([400, 404]).toContain(answer.status)
    }
  })
  test('a role, a name or an id in preferences', async () => {
    for (const body of [{ roles: ['admin'] }, { userId: 'x' }, { email: 'x@example.com' }]) {
      expect((await owner.call('PATCH', '/me/preferences', body)).status).toBe(400)
    }
    expect((await owner.me()).roles).toEqual(['requester'])
  })
  test('a version, an id or an author in a policy', async () => {
    const policy = {
      subject: { type: 'group', id: scene.group('TEAM users') },
      targets: { accounts: [], organizationalUnits: [], root: true },
      permissionSets: ['Billing'],
      maxDurationMinutes: 60,
    }
    for (const more of [{ id: pending.id }, { version: 3 }, { updatedBy: { userId: 'x' } }]) {
      expect((await admin.post('/eligibility-policies', { ...policy, ...more })).status).toBe(400)
    }
  })
})

describe('a request is changed by its actions alone', () => {
  for (const [method, body] of [
    ['PUT', { status: 'scheduled' }],
    ['PATCH', { status: 'approved' }],
    ['PATCH', { approvals: [] }],
    ['DELETE', undefined],
    ['POST', { status: 'scheduled' }],
  ] as const) {
    test(`${method} ${JSON.stringify(body)} is not understood, even from its approver`, async () => {
      for (const person of [owner, approver, admin]) {
        expect((await person.call(method, `/requests/${pending.id}`, body)).status).toBe(405)
      }
      expect((await owner.request(pending.id)).status).toBe('pending')
    })
  }
})

describe('a body meant to break what reads it', () => {
  const bodies: [string, string, string][] = [
    ['__proto__', '{"__proto__":{"isAdmin":true},"targets":[]}', 'application/json'],
    ['a nested __proto__', '{"targets":[{"__proto__":{"accountId":"1"}}]}', 'application/json'],
    ['an escaped __proto__', '{"\\u005f_proto__":{"isAdmin":true}}', 'application/json'],
    ['constructor.prototype', '{"constructor":{"prototype":{"isAdmin":true}}}', 'application/json'],
    ['arrays 100,000 deep', '['.repeat(100_000) + ']'.repeat(100_000), 'application/json'],
    ['objects 20,000 deep', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`, 'application/json'],
    ['a number without an end', `{"durationMinutes":${'9'.repeat(4_000)}}`, 'application/json'],
    ['a number of no size', '{"durationMinutes":1e999}', 'application/json'],
    ['bytes that are no text', '{"justification":"\xff\xfe"', 'application/json'],
    ['nothing', '', 'application/json'],
    ['a form', 'durationMinutes=60', 'application/x-www-form-urlencoded'],
    ['plain text', JSON.stringify({ durationMinutes: 60 }), 'text/plain'],
    ['two types at once', '{}', 'application/json, text/plain'],
    ['another charset', '{}', 'application/json; charset=utf-7'],
    ['XML', '<a/>', 'application/xml'],
    ['several parts', '--x\r\n\r\n{}\r\n--x--', 'multipart/form-data; boundary=x'],
    [
      'more than is read',
      JSON.stringify({ justification: 'x'.repeat(300_000) }),
      'application/json',
    ],
  ]
  for (const [what, body, type] of bodies) {
    test(`${what} is refused and does no harm`, async () => {
      const before = await numberOfRequests()
      const answer = await forge(owner, '/requests', { body, headers: { 'content-type': type } })
      expect([400, 413, 415, 422]).toContain(answer.status)
      expect(answer.text).not.toMatch(/node_modules|\bat .*\.ts/)
      expect(({} as Record<string, unknown>).isAdmin).toBeUndefined()
      expect(await numberOfRequests()).toBe(before)
    })
  }

  test('a null character in any text of the settings or of a policy is refused', async () => {
    const text = 'a\u0000b'
    for (const name of [
      'banner',
      'ticketPattern',
      'emailSource',
      'adminGroupId',
      'auditorGroupId',
    ]) {
      const { status } = await admin.call('PATCH', '/settings', { [name]: text })
      expect([400, 422], `${name} was answered ${status}`).toContain(status)
    }
    const policy = {
      subject: { type: 'group', id: scene.group('TEAM users') },
      targets: { accounts: [], organizationalUnits: [], root: true },
      permissionSets: ['Billing'],
      maxDurationMinutes: 60,
    }
    for (const change of [
      { note: text },
      { ticket: text },
      { permissionSets: [text] },
      { permissionSets: [`arn:aws:sso:::permissionSet/${text}/ps-1`] },
      { subject: { type: 'user', id: text } },
      { targets: { accounts: [text], organizationalUnits: [], root: false } },
    ]) {
      const { status } = await admin.post('/eligibility-policies', { ...policy, ...change })
      expect([400, 422], `${JSON.stringify(change)} was answered ${status}`).toContain(status)
    }
    for (const change of [{ timeZone: text }, { locale: text }]) {
      expect([400, 422]).toContain((await owner.call('PATCH', '/me/preferences', change)).status)
    }
  })

  test('21 targets, or none, are too many and too few', async () => {
    const target = scene.target('storefront-dev', 'ReadOnlyAccess')
    for (const targets of [Array(21).fill(target), []]) {
      expect((await owner.post('/requests', submission({ targets }))).status).toBe(400)
    }
    const twice = await owner.post('/requests', submission({ targets: [target, target] }))
    expect(twice.status).toBe(422)
  })

  const durations = [0, -1, 0.5, 1e9, '60', null, true, [60], Number.MAX_SAFE_INTEGER]
  for (const durationMinutes of durations) {
    test(`a duration of ${JSON.stringify(durationMinutes)} is none`, async () => {
      const answer = await owner.post('/requests', submission({ durationMinutes }))
      expect([400, 422]).toContain(answer.status)
    })
  }

  const starts = ['tomorrow', '2026-13-01T00:00:00Z', '9999-12-31T23:59:59Z', 0, '2026-11-24']
  for (const startsAt of starts) {
    test(`a start of ${JSON.stringify(startsAt)} is none`, async () => {
      const answer = await owner.post('/requests', submission({ startsAt }))
      expect([400, 422]).toContain(answer.status)
    })
  }

  const texts: [string, string][] = [
    ['a null character', 'a\u0000b'],
    ['a terminal’s escape', 'a\u001b[31mred'],
    ['an override of direction', 'abc\u202Etxt.exe'],
    ['half a character', 'a\ud800b'],
    ['nothing that can be seen', '\u200b\u200b\u2060'],
    ['2,001 characters', '字'.repeat(2_001)],
  ]
  for (const [what, text] of texts) {
    test(`${what} is no justification, no ticket and no comment`, async () => {
      const asked = await owner.post<ProblemBody>('/requests', submission({ justification: text }))
      expect(asked).toMatchObject({ status: 422, body: { code: 'text_malformed' } })
      const ticketed = await owner.post('/requests', submission({ ticket: text }))
      // A ticket of nothing visible is as good as none only where none is needed.
      expect(ticketed.status).toBe(422)
      const path = `/requests/${pending.id}/approve`
      expect((await approver.post(path, { comment: text })).status).toBe(422)
      expect((await owner.request(pending.id)).status).toBe('pending')
    })
  }
})

describe('a query meant for the database', () => {
  const hostile = [
    "' or 1=1 --",
    "'; drop table request; --",
    '%',
    '_',
    '\\',
    '%\\',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '$1',
    '${1}',
    '*',
    '字'.repeat(200),
    '%'.repeat(200),
  ]
  const lists = [
    ['/requests?view=all&q=', ''],
    ['/requests?view=all&ticket=', ''],
    ['/requests?view=all&userId=', ''],
    ['/requests?view=all&accountId=', ''],
    ['/requests?view=all&submissionId=', ''],
    ['/requests?view=all&status=', ''],
    ['/requests?view=all&sort=', ''],
    ['/requests?view=all&from=', ''],
    ['/eligible-accounts?q=', ''],
    ['/directory/users?q=', ''],
    ['/directory/groups?q=', ''],
    ['/directory/accounts?q=', ''],
    ['/directory/organizational-units?q=', ''],
    ['/directory/permission-sets?q=', ''],
    ['/reconciler/keys?state=', ''],
    ['/audit/events?actorId=', ''],
    ['/audit/events?action=', ''],
    ['/audit/events?objectType=', ''],
    ['/audit/events?objectId=', ''],
    ['/audit/events?from=', ''],
    ['/requests?view=all&limit=', ''],
    ['/requests/', '/events'],
    ['/submissions/', ''],
    ['/eligibility-policies/', ''],
    ['/approver-policies/', '/history'],
    ['/eligible-accounts/', '/permission-sets'],
  ] as const
  for (const [before, after] of lists) {
    test(`finds no more than it says, and breaks nothing: ${before}…${after}`, async () => {
      for (const text of hostile) {
        const path = `${before}${encodeURIComponent(text.toWellFormed())}${after}`
        const { status, body } = await admin.get<{ items?: unknown[] }>(path)
        expect([200, 400, 404], `${JSON.stringify(text)} was answered ${status}`).toContain(status)
        if (status === 200) expect(body.items ?? []).toEqual([])
      }
    })
  }

  test('a parameter sent twice, as a list or as an object is refused', async () => {
    for (const query of [
      'view=mine&view=all',
      'cursor=a&cursor=b',
      'q[]=a&q[]=b',
      'q[$ne]=1',
      '__proto__[a]=1',
      'constructor=1',
      'limit=1&limit=200',
      'limit=0',
      'limit=201',
      'limit=1e99',
      'limit=-1',
      'unknown=1',
    ]) {
      expect((await owner.get(`/requests?${query}`)).status, query).toBe(400)
    }
  })
})

describe('a cursor is a place in its own list and nothing else', () => {
  const place = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url')
  const cursors = [
    'x',
    '....',
    Buffer.from('{}').toString('base64url'),
    Buffer.from('null').toString('base64url'),
    place(),
    place("' or 1=1 --", "' or 1=1 --", "' or 1=1 --"),
    place('a\u0000', 'b\u0000'),
    place('createdAt', '2026-11-24T00:00:00.000Z', "' or 1=1 --"),
    place('createdAt', 'infinity', '00000000-0000-4000-8000-000000000001'),
    place('createdAt', '0000-01-01T00:00:00Z', '00000000-0000-4000-8000-000000000001'),
    place('createdAt', '9999-12-31T23:59:59Z', '00000000-0000-4000-8000-000000000001'),
    place('0000-01-01T00:00:00Z', '00000000-0000-4000-8000-000000000001'),
    place('endsAt', '2026-11-24T00:00:00.000Z', '00000000-0000-4000-8000-000000000001'),
    place(-1),
    place(0),
    place(Number.MAX_SAFE_INTEGER),
    place(1.5),
    place('1'),
    place({ toString: 'x' }),
  ]
  const lists = [
    '/requests?view=mine',
    '/requests?view=all',
    '/eligible-accounts?',
    '/eligibility-policies?',
    '/approver-policies?',
    '/directory/users?',
    '/directory/accounts?',
    '/reconciler/keys?',
    '/audit/events?',
    '/requests/{id}/events?',
  ]
  for (const list of lists) {
    test(`${list} refuses or obeys each, and never breaks`, async () => {
      for (const cursor of cursors) {
        const path = `${list.replace('{id}', pending.id)}&cursor=${encodeURIComponent(cursor)}`
        const { status } = await admin.get(path)
        expect([200, 400], `${cursor}: ${Buffer.from(cursor, 'base64url')}`).toContain(status)
      }
    })
  }

  test('with somebody else’s cursor a person still sees nothing but their own', async () => {
    const cursor = place(
      'createdAt',
      '9999-12-31T23:59:59Z',
      'ffffffff-ffff-4fff-8fff-ffffffffffff',
    )
    for (const view of ['mine', 'to-approve', 'decided', 'active&scope=decide']) {
      const path = `/requests?view=${view}&cursor=${cursor}`
      expect(await stranger.get(path)).toMatchObject({ status: 200, body: { items: [] } })
    }
  })
})

describe('other people’s ids', () => {
  test('a filter by another person’s id does not widen a view', async () => {
    const userId = scene.user('test-user')
    for (const view of ['mine', 'to-approve', 'decided', 'active', 'ended', 'review']) {
      for (const scope of ['mine', 'decide']) {
        const path = `/requests?view=${view}&scope=${scope}&userId=${userId}`
        expect((await stranger.get(path)).body).toEqual({ items: [], nextCursor: null })
      }
    }
  })

  test('another person’s submission is not there', async () => {
    expect((await stranger.get(`/submissions/${pending.submissionId}`)).status).toBe(404)
  })

  test('a request that exists and one that does not are answered alike', async () => {
    const unknown = '00000000-0000-4000-8000-000000000001'
    for (const path of ['', '/events', '/approvers']) {
      const [is, isNot] = [pending.id, unknown].map((id) => stranger.get(`/requests/${id}${path}`))
      const plain = ({ body }: { body: unknown }) =>
        JSON.stringify({ ...(body as object), instance: '' })
      expect(plain(await is!)).toBe(plain(await isNot!))
    }
    for (const action of ['approve', 'reject', 'cancel', 'return', 'revoke']) {
      const [is, isNot] = [pending.id, unknown].map((id) =>
        stranger.post(`/requests/${id}/${action}`),
      )
      expect((await is!).status).toBe(404)
      expect((await isNot!).status).toBe(404)
    }
  })
})

describe('an idempotency key', () => {
  test('of somebody else opens neither their answer nor their request', async () => {
    const key = { 'idempotency-key': 'shared-key-1' }
    const target = scene.target('storefront-prod', 'ReadOnlyAccess')
    const body = submission({ targets: [target] })
    const first = await owner.call<{ submissionId: string }>('POST', '/requests', body, key)
    const second = await stranger.call<{ submissionId: string; requests: Request[] }>(
      'POST',
      '/requests',
      body,
      key,
    )
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.body.submissionId).not.toBe(first.body.submissionId)
    expect(second.body.requests[0]?.requester.userId).toBe(scene.user('priya.raman'))
  })

  test('with another body is refused, on another route it is another key', async () => {
    const key = { 'idempotency-key': 'my-key-1' }
    const body = submission({ targets: [scene.target('payments-dev', 'ReadOnlyAccess')] })
    expect((await owner.call('POST', '/requests', body, key)).status).toBe(201)
    const other = submission({ targets: [scene.target('payments-dev', 'Billing')] })
    expect(await owner.call('POST', '/requests', other, key)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    })
    expect((await owner.call('POST', '/requests/preview', other, key)).status).toBe(200)
  })

  test('does not answer for an action once the rights are gone', async () => {
    const { world } = scene
    await scene.join('build.operator', 'TEAM approvers')
    const builder = await world.person('build.operator')
    const asked = await scene.ask(owner, scene.target('データ基盤-prod', 'ReadOnlyAccess'))
    const key = { 'idempotency-key': 'approve-1' }
    const path = `/requests/${asked.id}/reject`
    expect((await builder.call('POST', path, {}, key)).status).toBe(200)
    await scene.leave('build.operator', 'TEAM approvers')
    await world.leap(61)
    // Their vote makes them one who may read it still, and who may do nothing more.
    expect((await builder.call('POST', path, {}, key)).status).toBe(200)
    expect((await builder.call('POST', path, {}, {})).status).toBe(403)
  })

  test('that is no key is refused', async () => {
    for (const key of ['', 'x'.repeat(201), 'a b', 'é']) {
      const answer = await forge(owner, '/requests', {
        body: JSON.stringify(submission()),
        headers: { 'idempotency-key': Buffer.from(key).toString('latin1') },
      })
      expect(answer.status, JSON.stringify(key)).toBe(400)
    }
  })
})

describe('a page of another site', () => {
  const body = '{}'
  const attempts: [string, Record<string, string | undefined>][] = [
    ['without a token', { 'x-team-csrf': undefined }],
    ['with an empty token', { 'x-team-csrf': '' }],
    ['with a token of the right length', { 'x-team-csrf': 'A'.repeat(43) }],
    ['from a foreign origin, token and all', { origin: 'https://evil.example' }],
    ['from the origin null', { origin: 'null' }],
    ['from another port of this host', { origin: 'http://127.0.0.1:1' }],
    ['from a name that begins like ours', { origin: 'http://127.0.0.1.evil.example' }],
    ['as the browser says, cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['as the browser says, same-site', { 'sec-fetch-site': 'same-site' }],
    ['as the browser says, none', { 'sec-fetch-site': 'none' }],
  ]
  for (const [what, changed] of attempts) {
    test(`decides nothing ${what}`, async () => {
      const { csrfToken } = await approver.me()
      const headers = Object.fromEntries(
        Object.entries({
          cookie: cookieOf(scene, approver),
          'x-team-csrf': csrfToken,
          'content-type': 'application/json',
          ...changed,
        }).filter((pair): pair is [string, string] => pair[1] !== undefined),
      )
      const path = `/api/v1/requests/${pending.id}/approve`
      const answer = await raw(scene.world.team.url, path, { method: 'POST', headers, body })
      expect(answer).toMatchObject({ status: 403, code: 'csrf' })
      expect((await owner.request(pending.id)).status).toBe('pending')
    })
  }

  test('decides nothing with the token of another person', async () => {
    const { csrfToken } = await stranger.me()
    const answer = await forge(approver, `/requests/${pending.id}/approve`, {
      body,
      headers: { 'x-team-csrf': csrfToken },
    })
    expect(answer).toMatchObject({ status: 403, code: 'csrf' })
  })

  test('reads nothing: no answer is shared with another origin', async () => {
    const { team } = scene.world
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await raw(team.url, '/api/v1/me', {
        method,
        headers: {
          cookie: cookieOf(scene, owner),
          origin: 'https://evil.example',
          'access-control-request-method': 'GET',
        },
      })
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
      expect(answer.headers['access-control-allow-credentials']).toBeUndefined()
    }
  })

  test('changes nothing by a GET', async () => {
    for (const action of ['approve', 'reject', 'cancel', 'return', 'revoke']) {
      expect((await approver.get(`/requests/${pending.id}/${action}`)).status).toBe(405)
    }
    expect((await owner.request(pending.id)).status).toBe('pending')
  })
})

describe('headers', () => {
  test('a forged Host is repeated nowhere, and sends nobody elsewhere', async () => {
    const { url } = scene.world.team
    for (const path of [
      '/auth/login',
      '/auth/login?returnTo=/requests',
      '/api/v1/me',
      '/nothing',
    ]) {
      const answer = await raw(url, path, {
        headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' },
      })
      expect(JSON.stringify(answer.headers) + answer.text).not.toContain('evil.example')
    }
  })

  test('an address that the client claims is not believed', async () => {
    await raw(scene.world.team.url, '/auth/saml/acs', {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-forwarded-for': '203.0.113.9',
        forwarded: 'for=203.0.113.9',
      },
      body: 'SAMLResponse=abc',
    })
    const { body } = await auditor.get('/audit/events?limit=200')
    expect(JSON.stringify(body)).not.toContain('203.0.113.9')
  })

  test('line breaks in what comes back as a header make no header', async () => {
    const { url } = scene.world.team
    for (const path of [
      '/auth/login?returnTo=/%0d%0aset-cookie:%20team=1',
      '/auth/login?returnTo=%0d%0aLocation:%20https://evil.example',
      '/api/v1/requests/%0d%0aset-cookie:x=1',
    ]) {
      const answer = await raw(url, path)
      const cookies = [answer.headers['set-cookie'] ?? []].flat()
      expect(cookies.some((one) => one.startsWith('team=') || one.startsWith('x='))).toBe(false)
      expect(String(answer.headers.location ?? '')).not.toContain('evil')
    }
  })

  test('an id that the client chose is not taken for the answer’s own', async () => {
    const { url } = scene.world.team
    const answer = await raw(url, '/api/v1/me', { headers: { 'x-request-id': 'chosen-id' } })
    expect(JSON.stringify(answer.headers) + answer.text).not.toContain('chosen-id')
  })

  test('or an address too long to read are refused as a problem', async () => {
    const { url } = scene.world.team
    const long = 'x'.repeat(20_000)
    for (const [path, headers] of [
      [`/api/v1/requests/${long}`, {}],
      ['/api/v1/me', { 'x-long': long }],
    ] as const) {
      const answer = await raw(url, path, { headers })
      expect({ status: answer.status, code: answer.code }).toEqual({
        status: 431,
        code: 'malformed',
      })
      expect(answer.headers['content-type']).toContain('application/problem+json')
    }
  })
})
