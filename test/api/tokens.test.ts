/** API tokens: what they are for, and every way we could think of to get more out of one. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CreatedToken, Token } from '#contract/token.ts'
import { endGrants, grantsOverHttp } from '#server/deploy/live-grants.ts'
import type { Person, ProblemBody } from '#test/person.ts'
import { cookieOf, createScene, type RawRequest, raw, type Scene } from './scene.ts'

let scene: Scene
let admin: Person
let user: Person
let approver: Person
const lines: string[] = []

beforeAll(async () => {
  scene = await createScene({ log: (line) => lines.push(line) })
  admin = await scene.world.person('test-admin')
  user = await scene.world.person('test-user')
  approver = await scene.world.person('sam.carter')
  await scene.eligibility(admin)
  await scene.approval(admin)
})
afterAll(() => scene.close())

const inDays = (days: number) =>
  new Date(scene.world.now().getTime() + days * 86_400_000).toISOString()
const body = (change: object = {}) => ({
  name: 'Script',
  scopes: ['me:read'],
  expiresAt: inDays(30),
  ...change,
})

async function make(person: Person, change: object = {}): Promise<Token & { secret: string }> {
  const { status, body: made } = await person.post<CreatedToken & ProblemBody>(
    '/tokens',
    body(change),
  )
  if (status !== 201 || made.secret === null) throw new Error(`${status} ${JSON.stringify(made)}`)
  return { ...made, secret: made.secret }
}

const service = (roles: string[], scopes: string[], change: object = {}) =>
  make(admin, { kind: 'service', roles, scopes, ...change })

function use(secret: string, path: string, request: RawRequest & { json?: object } = {}) {
  const { json, headers, ...rest } = request
  return raw(scene.world.team.url, `/api/v1${path}`, {
    ...rest,
    headers: {
      authorization: `Bearer ${secret}`,
      ...(json && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(json && { body: JSON.stringify(json) }),
  })
}

const post = (secret: string, path: string, json: object = {}) =>
  use(secret, path, { method: 'POST', json })

const revoke = (person: Person, id: string) =>
  person.call('DELETE', `/tokens/${id}`, undefined, { 'if-match': '"1"' })

async function lastEvents(count: number) {
  const { body: page } = await admin.get<{
    items: { actor: object; action: string; object: object; result: string; payload: object }[]
  }>(`/audit/events?limit=${count}`)
  return page.items
}

const asking = (account = 'payments-prod', set = 'ReadOnlyAccess') => ({
  targets: [scene.target(account, set)],
  durationMinutes: 30,
  justification: 'By a script',
})

describe('a token of a person', () => {
  test('is who its owner is, without cookie and CSRF token, and is listed without its secret', async () => {
    const token = await make(user, { name: '毎晩のレポート' })
    expect(token.secret).toMatch(new RegExp(`^team_${token.id}_[0-9a-f]{64}$`))
    const me = await use(token.secret, '/me')
    expect(JSON.parse(me.text)).toMatchObject({ userName: 'test-user', csrfToken: '' })
    const { body: page } = await user.get<{ items: Token[] }>('/tokens')
    const listed = page.items.find(({ id }) => id === token.id)
    expect(listed).toMatchObject({
      name: '毎晩のレポート',
      lastUsedAddress: '127.0.0.1',
      version: 1,
    })
    expect(JSON.stringify(page)).not.toContain(token.secret.slice(22))
  })

  test('asks, and an approver’s own token with that scope agrees; the trail names both tokens', async () => {
    const asks = await make(user, { name: 'asks', scopes: ['requests:submit'] })
    const agrees = await make(approver, { name: 'agrees', scopes: ['requests:approve'] })
    const asked = await post(asks.secret, '/requests', asking())
    expect(asked.status).toBe(201)
    const { id } = JSON.parse(asked.text).requests[0]
    const agreed = await post(agrees.secret, `/requests/${id}/approve`)
    expect(JSON.parse(agreed.text)).toMatchObject({ status: 'scheduled' })
    const { body: trail } = await user.get<{ items: { action: string; actor: object }[] }>(
      `/requests/${id}/events`,
    )
    const actorOf = (action: string) => trail.items.find((one) => one.action === action)?.actor
    expect(actorOf('request.submit')).toEqual({
      type: 'token',
      id: asks.id,
      name: 'test-user: asks',
    })
    expect(actorOf('request.approve')).toEqual({
      type: 'token',
      id: agrees.id,
      name: 'sam.carter: agrees',
    })
    await scene.world.pass(5)
    expect((await user.request(id)).status).toBe('active')
    await user.post(`/requests/${id}/return`)
  })

  test('never gets break-glass', async () => {
    const { body: policy } = await admin.get<{ items: { id: string }[] }>('/eligibility-policies')
    expect(policy.items.length).toBeGreaterThan(0)
    await scene.eligibility(admin, { breakGlass: true, permissionSets: ['Billing'] })
    const { secret } = await make(user, { scopes: ['requests:submit'] })
    const urgent = { ...asking('payments-prod', 'Billing'), breakGlass: true }
    expect((await post(secret, '/requests', urgent)).code).toBe('break_glass_not_allowed')
  })

  test('does not decide on its owner’s own request, nor on one that is not its owner’s to decide', async () => {
    const own = await make(approver, { scopes: ['requests:submit', 'requests:approve'] })
    const others = await make(user, { scopes: ['requests:approve', 'requests:read'] })
    await scene.eligibility(admin, {
      subject: { type: 'user', id: scene.user('sam.carter') },
      permissionSets: ['PowerUserAccess'],
    })
    const asked = await post(own.secret, '/requests', asking('payments-prod', 'PowerUserAccess'))
    const { id } = JSON.parse(asked.text).requests[0]
    expect((await post(own.secret, `/requests/${id}/approve`)).code).toBe('own_request')
    // It does not concern them, so it does not exist.
    expect((await post(others.secret, `/requests/${id}/approve`)).status).toBe(404)
    await approver.post(`/requests/${id}/cancel`)
  })

  test('does what its scopes name and nothing beside', async () => {
    const { secret } = await make(admin, { scopes: ['me:read'] })
    const answers = await Promise.all(
      [
        '/requests',
        '/settings',
        '/audit/events',
        '/eligibility-policies',
        '/tokens',
        '/stream',
      ].map(async (path) => [path, (await use(secret, path)).status]),
    )
    expect(answers.filter(([, status]) => status !== 403)).toEqual([])
    const refused = JSON.parse((await use(secret, '/settings')).text)
    expect(refused).toMatchObject({ code: 'not_allowed', params: { scopes: ['settings:read'] } })
  })
})

describe('a token is over', () => {
  test('when it is revoked, and revoking it again finds nothing', async () => {
    const { id, secret } = await make(user)
    expect((await revoke(user, id)).status).toBe(204)
    expect((await use(secret, '/me')).status).toBe(401)
    expect((await revoke(user, id)).status).toBe(404)
    const [event] = await lastEvents(10).then((all) =>
      all.filter((e) => e.action === 'token.revoke'),
    )
    expect(event).toMatchObject({ object: { type: 'token', id }, result: 'revoked' })
  })

  test('when an administrator revokes it, even while AWS is silent', async () => {
    const { id, secret } = await make(user)
    await scene.world.leap(120)
    scene.fault({ operation: 'DescribeUser', error: 'InternalServerException' })
    const gone = await revoke(admin, id)
    scene.clearFaults()
    expect(gone.status).toBe(204)
    expect((await use(secret, '/me')).status).toBe(401)
  })

  test('at its time, and a program that goes on with it is no guesser', async () => {
    const { secret } = await make(user, {
      expiresAt: new Date(scene.world.now().getTime() + 60_000).toISOString(),
    })
    expect((await use(secret, '/me')).status).toBe(200)
    await scene.world.leap(61)
    for (let time = 0; time < 25; time += 1) {
      expect((await use(secret, '/me')).status).toBe(401)
    }
  })

  test('when its owner is disabled, for good, whatever they were asked for last', async () => {
    const leaver = await scene.world.person('priya.raman')
    const { secret } = await make(leaver)
    expect((await use(secret, '/me')).status).toBe(200)
    await scene.disable('priya.raman')
    await scene.world.leap(61)
    expect((await use(secret, '/me')).code).toBe('person_disabled')
    await scene.world.control('POST', 'users', { userName: 'priya.raman', status: 'ENABLED' })
    await scene.world.leap(61)
    expect((await use(secret, '/me')).status).toBe(401)
  })

  test('in the part that came from a role its owner has lost', async () => {
    const second = await scene.world.person('sam.carter')
    await scene.join('sam.carter', 'TEAM auditors')
    await scene.world.leap(61)
    await second.me()
    const { secret } = await make(second, { scopes: ['audit:read'] })
    expect((await use(secret, '/audit/events')).status).toBe(200)
    await scene.leave('sam.carter', 'TEAM auditors')
    await scene.world.leap(61)
    expect((await use(secret, '/audit/events')).status).toBe(403)
  })
})

describe('a service token', () => {
  test('has the roles it was given and not those of its maker', async () => {
    const reads = await service(['auditor'], ['audit:read', 'requests:read', 'policies:write'])
    expect((await use(reads.secret, '/audit/events')).status).toBe(200)
    expect((await use(reads.secret, '/requests?view=all')).status).toBe(200)
    expect((await post(reads.secret, '/eligibility-policies', {})).status).toBe(403)
  })

  test('manages policies with that scope and role, and the trail says which token it was', async () => {
    const { id, secret } = await service(['admin'], ['policies:write'], { name: 'terraform' })
    const made = await post(secret, '/approver-policies', {
      targets: { accounts: [scene.account('payments-prod')], organizationalUnits: [], root: false },
      approverGroups: [scene.group('TEAM approvers')],
    })
    expect(made.status).toBe(201)
    const [event] = await lastEvents(1)
    expect(event).toMatchObject({
      action: 'approver-policy.create',
      actor: { type: 'token', id, name: 'test-admin: terraform' },
    })
    await scene.dropPolicy(admin, 'approver-policies', JSON.parse(made.text).id)
  })

  test('is worth nothing once its maker is no administrator', async () => {
    await scene.join('sam.carter', 'TEAM admins')
    await scene.world.leap(61)
    await approver.me()
    const { id, secret } = await make(approver, {
      kind: 'service',
      roles: ['admin'],
      scopes: ['settings:read'],
    })
    expect((await use(secret, '/settings')).status).toBe(200)
    await scene.leave('sam.carter', 'TEAM admins')
    await scene.world.leap(61)
    expect((await use(secret, '/settings')).status).toBe(401)
    await approver.me()
    expect((await revoke(approver, id)).status).toBe(404)
    expect((await revoke(admin, id)).status).toBe(204)
  })
})

describe('made wrongly', () => {
  const rows: [string, () => Person, object, string][] = [
    ['without an expiry', () => user, { expiresAt: undefined }, 'malformed'],
    ['for longer than 90 days', () => user, { expiresAt: '+91' }, 'expiry_out_of_range'],
    ['over before it begins', () => user, { expiresAt: '-1' }, 'expiry_out_of_range'],
    ['without scopes', () => user, { scopes: [] }, 'malformed'],
    ['with a scope nobody knows', () => user, { scopes: ['*'] }, 'malformed'],
    ['with a scope named like a method', () => user, { scopes: ['constructor'] }, 'malformed'],
    ['with a service’s scope', () => admin, { scopes: ['policies:write'] }, 'scope_not_allowed'],
    ['with roles of its own', () => user, { roles: ['admin'] }, 'out_of_range'],
    ['for a service, by no administrator', () => user, serviceBody(['auditor']), 'not_allowed'],
    ['for a service, by an approver', () => approver, serviceBody(['auditor']), 'not_allowed'],
    ['for a service without a role', () => admin, serviceBody([]), 'required'],
    ['for a service that approves', () => admin, serviceBody(['approver']), 'malformed'],
    [
      'for a service with a person’s scope',
      () => admin,
      { ...serviceBody(['admin']), scopes: ['requests:approve'] },
      'scope_not_allowed',
    ],
    ['for a network that is none', () => user, { addresses: ['10.0.0.0/33'] }, 'network_malformed'],
    ['for a name', () => user, { addresses: ['localhost'] }, 'network_malformed'],
    ['for a mapped address', () => user, { addresses: ['::ffff:10.0.0.1'] }, 'network_malformed'],
    ['with a name of two lines', () => user, { name: 'a\nb' }, 'text_malformed'],
    ['with a name that reads otherwise', () => user, { name: 'a\u202Eb' }, 'text_malformed'],
    ['for somebody else', () => admin, { ownerId: 'somebody' }, 'malformed'],
    ['with a secret of one’s own', () => user, { secret: 'team_0' }, 'malformed'],
  ]
  for (const [what, who, change, code] of rows) {
    test(`${what}: ${code}`, async () => {
      const { expiresAt } = change as { expiresAt?: string }
      const days = expiresAt === undefined ? {} : { expiresAt: inDays(Number(expiresAt)) }
      const { body: problem } = await who().post<ProblemBody>(
        '/tokens',
        body({ ...change, ...days }),
      )
      expect(problem.code).toBe(code)
    })
  }
  function serviceBody(roles: string[]) {
    return { kind: 'service', roles, scopes: ['audit:read'] }
  }

  test('the twenty-first of one person: too_many_tokens, also when they come at once', async () => {
    const hoarder = await scene.world.person('test-auditor')
    const answers = await Promise.all(
      Array.from({ length: 24 }, () => hoarder.post<ProblemBody>('/tokens', body())),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(20)
    expect(answers.filter(({ body: { code } }) => code === 'too_many_tokens')).toHaveLength(4)
  })
})

describe('attempts', () => {
  let all: Token & { secret: string }
  let powerful: Token & { secret: string }
  beforeAll(async () => {
    all = await make(user, {
      scopes: [
        'me:read',
        'requests:read',
        'requests:submit',
        'requests:cancel',
        'directory:refresh',
      ],
    })
    powerful = await service(
      ['admin', 'auditor'],
      ['settings:write', 'policies:write', 'audit:read'],
    )
  })

  const never: [string, () => Promise<{ status: number }>][] = [
    ['a token makes a token', () => post(all.secret, '/tokens', body())],
    ['a service token makes a token', () => post(powerful.secret, '/tokens', body())],
    ['a token lists tokens', () => use(all.secret, '/tokens')],
    [
      'a token revokes itself',
      () =>
        use(all.secret, `/tokens/${all.id}`, { method: 'DELETE', headers: { 'if-match': '"1"' } }),
    ],
    [
      'a token changes its owner’s preferences',
      () => use(all.secret, '/me/preferences', { method: 'PATCH', json: { theme: 'dark' } }),
    ],
    ['a token refreshes roles', () => post(all.secret, '/me/refresh')],
    ['a token opens the stream', () => use(all.secret, '/stream')],
    ['a requester’s token refreshes the directory', () => post(all.secret, '/directory/refresh')],
    ['a service token asks for access', () => post(powerful.secret, '/requests', asking())],
    ['a service token hands over a key', () => post(powerful.secret, '/reconciler/keys/1/release')],
  ]
  for (const [what, attempt] of never) {
    test(`${what}: 403`, async () => {
      expect((await attempt()).status).toBe(403)
    })
  }

  test('a wrong bearer beside a good cookie: 401, the cookie is not looked at', async () => {
    const answer = await use(`team_${'0'.repeat(16)}_${'0'.repeat(64)}`, '/me', {
      headers: { cookie: cookieOf(scene, admin) },
    })
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toContain('Bearer')
  })

  test('a good bearer beside an administrator’s cookie: only the rights of the bearer', async () => {
    const headers = { cookie: cookieOf(scene, admin) }
    expect((await use(all.secret, '/settings', { headers })).status).toBe(403)
  })

  test('an empty bearer beside a good cookie: 401', async () => {
    const headers = { cookie: cookieOf(scene, admin), authorization: 'Bearer' }
    expect((await raw(scene.world.team.url, '/api/v1/me', { headers })).status).toBe(401)
  })

  test('the token in a query, a cookie or another header: 401', async () => {
    const { url } = scene.world.team
    const { port } = new URL(url)
    const ways: RawRequest[] = [
      { headers: { cookie: `team_session_${port}=${all.secret}` } },
      { headers: { 'x-api-key': all.secret } },
      { headers: { authorization: all.secret } },
      { headers: { authorization: `Basic ${Buffer.from(all.secret).toString('base64')}` } },
    ]
    for (const way of ways) expect((await raw(url, '/api/v1/me', way)).status).toBe(401)
    const inQuery = `/api/v1/me?access_token=${all.secret}`
    expect((await raw(url, inQuery)).status).toBe(401)
  })

  test('a token signs nobody out, and no session begins by it', async () => {
    const answer = await use(all.secret, '/me')
    expect(answer.headers['set-cookie']).toBeUndefined()
  })

  test('from another network: 401; from a range that holds it, mapped or not: 200', async () => {
    const elsewhere = await make(user, { addresses: ['203.0.113.0/24', '2001:db8::/32'] })
    const here = await make(user, { addresses: ['2001:db8::/32', '127.0.0.0/8'] })
    expect((await use(elsewhere.secret, '/me')).status).toBe(401)
    const headers = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' }
    expect((await use(elsewhere.secret, '/me', { headers })).status).toBe(401)
    expect((await use(here.secret, '/me')).status).toBe(200)
  })

  test('the same Idempotency-Key again: the token is not made twice and its secret not told twice', async () => {
    const key = { 'idempotency-key': 'once' }
    const first = await user.call<CreatedToken>(
      'POST',
      '/tokens',
      body({ expiresAt: inDays(1) }),
      key,
    )
    expect(first.body.secret).toContain('team_')
    const sent = { ...body(), expiresAt: first.body.expiresAt }
    const again = await user.call<CreatedToken>('POST', '/tokens', sent, key)
    expect(again.body).toEqual({ ...first.body, secret: null })
  })

  test('an Idempotency-Key of the owner’s browser is another one than the token’s', async () => {
    const key = { 'idempotency-key': 'shared' }
    const json = asking('payments-prod', 'AdministratorAccess')
    const byToken = await use(all.secret, '/requests', { method: 'POST', json, headers: key })
    expect(byToken.status).toBe(201)
    const byBrowser = await user.call<ProblemBody>('POST', '/requests', json, key)
    expect(byBrowser.body.code).toBe('duplicate_pending')
  })

  test('its secret is in no log, no event, no answer but the first, and in no column', async () => {
    const { id, secret } = await make(user)
    await use(secret, '/me')
    await use(`${secret}0`, '/me')
    await use(secret, '/nowhere')
    await post(secret, '/requests', { targets: 'malformed' })
    const random = secret.slice(-64)
    expect(lines.join('\n')).not.toContain(random)
    expect(JSON.stringify(await lastEvents(200))).not.toContain(random)
    const tables = await scene.world.database.owner.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public'`,
    )
    for (const { name } of tables.rows) {
      const found = await scene.world.database.owner.query(
        `select 1 from ${name} as row where row::text like $1`,
        [`%${random}%`],
      )
      expect(found.rowCount, name).toBe(0)
    }
    expect(id).toHaveLength(16)
  })

  test('its use is written once in five minutes, not once a request', async () => {
    const { id, secret } = await make(user)
    const used = async () => {
      const { body: page } = await user.get<{ items: Token[] }>('/tokens')
      return page.items.find((one) => one.id === id)?.lastUsedAt
    }
    expect(await used()).toBeNull()
    await use(secret, '/me')
    const first = await used()
    await scene.world.leap(240)
    await use(secret, '/me')
    expect(await used()).toBe(first)
    await scene.world.leap(61)
    await use(secret, '/me')
    expect(await used()).not.toBe(first)
  })

  test('a row changed behind TEAM’s back: the database refuses a longer life, other scopes, a return', async () => {
    const { id } = await make(user)
    const change = (set: string) =>
      scene.world.database.owner.query(`update api_token set ${set} where token_id = $1`, [id])
    await expect(change(`scopes = '{settings:write}'`)).rejects.toThrow('cannot be changed')
    await expect(change(`expires_at = expires_at + interval '1 day'`)).rejects.toThrow()
    await change(`revoked_at = clock_timestamp(), revoked_by = 'operator', revoked_why = 'revoked'`)
    await expect(
      change('revoked_at = null, revoked_by = null, revoked_why = null'),
    ).rejects.toThrow('is revoked')
  })

  test('somebody else revokes it: 404, and an auditor 403', async () => {
    const auditor = await scene.world.person('test-auditor')
    expect((await revoke(approver, all.id)).status).toBe(404)
    expect((await revoke(auditor, all.id)).status).toBe(403)
    expect((await user.call('DELETE', `/tokens/${all.id}`)).status).toBe(428)
    const stale = { 'if-match': '"7"' }
    expect((await user.call('DELETE', `/tokens/${all.id}`, undefined, stale)).status).toBe(412)
  })

  test('more than 600 calls in a minute: 429 with Retry-After, and another token goes on', async () => {
    const { secret } = await make(user)
    const statuses: number[] = []
    for (let batch = 0; batch < 31; batch += 1) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => use(secret, '/me')))
      statuses.push(...answers.map(({ status }) => status))
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(600)
    const refused = await use(secret, '/me')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await use(all.secret, '/me')).status).toBe(200)
  })

  test('guessing: after twenty wrong ones the address waits, with Retry-After; then it is let in', async () => {
    const guess = (n: number) => `team_${all.id}_${n.toString(16).padStart(64, '0')}`
    // Into another hour: of refusals the trail holds twenty an hour from one address.
    for (let half = 0; half < 2; half += 1) {
      await scene.world.leap(1860)
      await Promise.all([user.me(), admin.me()])
    }
    const answers = []
    for (let n = 0; n < 25; n += 1) answers.push(await use(guess(n), '/me'))
    expect(answers.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 20 }, () => 401),
      ...Array.from({ length: 5 }, () => 429),
    ])
    expect(Number(answers.at(-1)?.headers['retry-after'])).toBeGreaterThan(0)
    expect((await use(all.secret, '/me')).status).toBe(429)
    expect((await user.get('/me')).status).toBe(200)
    await scene.world.leap(61)
    expect((await use(all.secret, '/me')).status).toBe(200)
    const { items } = (
      await admin.get<{ items: { action: string; result: string }[] }>(
        '/audit/events?action=sign-in.refuse&limit=5',
      )
    ).body
    expect(items.map(({ result }) => result)).toContain('token_unknown')
  })
})

test('by a token that reads and revokes, whatever lives is found and ended before TEAM is destroyed', async () => {
  const { world } = scene
  const { secret } = await service(['admin'], ['requests:read', 'requests:revoke'])
  const [asking, deciding] = [await world.person('test-user'), await world.person('sam.carter')]
  const target = scene.target('payments-prod', 'PowerUserAccess')
  const { id } = await scene.ask(asking, target)
  expect((await deciding.post(`/requests/${id}/approve`)).status).toBe(200)
  await world.pass(10)
  expect(scene.holders(target)).toEqual(['test-user'])

  const grants = grantsOverHttp({ TEAM_TOKEN: secret }, { publicUrl: world.team.url })
  const live = await grants.live()
  expect(live).toContainEqual(
    expect.objectContaining({
      id,
      userName: 'test-user',
      accountName: 'payments-prod',
      permissionSetName: 'PowerUserAccess',
      status: 'active',
    }),
  )
  const pause = async (ms: number) => world.pass(ms / 1000)
  const ended = await endGrants(grants, { mayEnd: true, pause, progress: () => undefined })
  expect(ended).toBe(live.length)
  expect(await grants.live()).toEqual([])
  expect(scene.holders(target)).toEqual([])

  const { secret: blind } = await service(['admin'], ['settings:read'])
  const unable = grantsOverHttp({ TEAM_TOKEN: blind }, { publicUrl: world.team.url })
  await expect(unable.live()).rejects.toThrow(/^TEAM did not tell which grants live/)
})
