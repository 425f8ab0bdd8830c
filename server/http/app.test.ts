import { Counter, Registry } from 'prom-client'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Action } from '#core/access.ts'
import { Refused } from '#server/operations/refused.ts'
import { Browser, buildTestHouse, endedBecause, type House } from '#test/http-house.ts'
import type { App } from './app.ts'
import { buildMetricsApp } from './health.ts'

const Thing = z.strictObject({ name: z.string().min(1), tags: z.array(z.string()).optional() })

/** Routes as a resource file would register them. */
function registerThings(app: App): void {
  app.get(
    '/api/v1/me',
    {
      config: { permission: 'me.read', confirmsPerson: true },
      schema: { response: { 200: z.object({ userId: z.string(), roles: z.array(z.string()) }) } },
    },
    async (request) => ({
      userId: request.actor.person.userId,
      roles: [...request.actor.roles],
      csrfToken: 'unlisted',
    }),
  )
  app.post(
    '/api/v1/things',
    {
      config: { permission: 'request.submit' },
      schema: { body: Thing, response: { 201: Thing } },
    },
    async (request, reply) => reply.code(201).send(request.body),
  )
  const nothing = { schema: { response: { 204: z.undefined() } } }
  const writes: [string, Action][] = [
    ['/api/v1/settings', 'settings.write'],
    ['/api/v1/requests/:id/return', 'request.return'],
    ['/api/v1/requests/preview', 'request.preview'],
  ]
  for (const [url, permission] of writes) {
    app.post(url, { ...nothing, config: { permission } }, (_request, reply) =>
      reply.code(204).send(),
    )
  }
  app.get('/api/v1/refused', { config: { permission: 'me.read' } }, async () => {
    throw new Refused('duration_too_long', {
      detail: 'At most 60 minutes.',
      params: { maxDurationMinutes: 60 },
      errors: [{ field: 'durationMinutes', code: 'duration_too_long', message: 'At most 60.' }],
    })
  })
  app.get('/api/v1/broken', { config: { permission: 'me.read' } }, async () => {
    throw new Error('connection to postgres://team:hunter2@db failed')
  })
  app.post('/api/v1/cut-off', { config: { permission: 'me.read' } }, async () => {
    throw new Error('Connection terminated unexpectedly')
  })
  app.get(
    '/api/v1/wrong-answer',
    {
      config: { permission: 'me.read' },
      schema: { response: { 200: z.object({ count: z.number() }) } },
    },
    async () => ({ count: 'many' }) as unknown as { count: number },
  )
}

let house: House
let browser: Browser
let csrf: string

beforeAll(async () => {
  house = await buildTestHouse({ register: registerThings })
})
beforeEach(async () => {
  await house.reset()
  browser = new Browser(house)
  await browser.signIn('taro')
  csrf = await browser.csrfToken()
})
afterAll(() => house.close())

function post(url: string, payload?: object, headers: Record<string, string> = {}) {
  return browser.send({
    method: 'POST',
    url,
    headers: { 'x-team-csrf': csrf, ...headers },
    ...(payload === undefined ? {} : { payload }),
  })
}

const get = (url: string) => browser.send({ method: 'GET', url })

describe('who may call', () => {
  test('a signed-in person is known to the route, with the roles they have now', async () => {
    expect((await get('/api/v1/me')).json()).toEqual({ userId: 'u-taro', roles: ['requester'] })
    house.people.get('u-taro')!.roles.push('admin')
    expect((await get('/api/v1/me')).json().roles).toEqual(['requester', 'admin'])
  })

  test('without a session there is nothing but 401', async () => {
    const response = await new Browser(house).send({ method: 'GET', url: '/api/v1/me' })
    expect(response.statusCode).toBe(401)
    expect(response.json()).toMatchObject({ code: 'unauthenticated' })
  })

  const cookies = ['', 'x', 'A'.repeat(43), `${'A'.repeat(42)}'`, 'A'.repeat(4000)]
  for (const cookie of cookies) {
    test(`the session cookie ${JSON.stringify(cookie.slice(0, 50))} is no session`, async () => {
      browser.cookies.set('__Host-team_session', cookie)
      expect((await get('/api/v1/me')).statusCode).toBe(401)
    })
  }

  test('who lacks the role is refused, and who has just got it is not', async () => {
    expect((await post('/api/v1/settings')).json()).toMatchObject({
      status: 403,
      code: 'not_allowed',
      params: { permission: 'settings.write' },
    })
    house.people.get('u-taro')!.roles.push('admin')
    expect((await post('/api/v1/settings')).statusCode).toBe(204)
  })

  test('who is disabled is out at the next request, in every browser', async () => {
    const other = new Browser(house)
    await other.signIn('taro')
    house.people.get('u-taro')!.enabled = false
    expect((await get('/api/v1/me')).json()).toMatchObject({ status: 401, code: 'person_disabled' })
    expect(await endedBecause(house)).toEqual(['disabled', 'disabled'])
    house.people.get('u-taro')!.enabled = true
    expect((await other.send({ method: 'GET', url: '/api/v1/me' })).statusCode).toBe(401)
  })

  test('who is gone from the replica is out too', async () => {
    house.people.delete('u-taro')
    expect((await get('/api/v1/refused')).statusCode).toBe(401)
  })
})

describe('while AWS is silent', () => {
  beforeEach(() => {
    house.world.awsAnswers = false
  })

  test('reading goes on, and so do questions that change nothing', async () => {
    expect((await get('/api/v1/me')).statusCode).toBe(200)
    expect((await post('/api/v1/requests/preview')).statusCode).toBe(204)
  })

  test('access can be given back', async () => {
    expect((await post('/api/v1/requests/7/return')).statusCode).toBe(204)
  })

  test('every other write is refused with that reason', async () => {
    const response = await post('/api/v1/things', { name: 'a' })
    expect(response.json()).toMatchObject({ status: 503, code: 'unconfirmed_with_aws' })
  })
})

describe('a write comes from a page of TEAM', () => {
  const thing = { name: 'a' }

  test('with the token of the session it is done', async () => {
    const headers = { origin: 'https://team.example.com', 'sec-fetch-site': 'same-origin' }
    expect((await post('/api/v1/things', thing, headers)).statusCode).toBe(201)
  })

  test("another session's token is refused", async () => {
    const other = new Browser(house)
    house.world.now = new Date(house.world.now.getTime() + 1000)
    await other.signIn('hanako')
    const response = await post('/api/v1/things', thing, { 'x-team-csrf': await other.csrfToken() })
    expect(response.json()).toMatchObject({ status: 403, code: 'csrf' })
  })

  const foreign: [string, Record<string, string>][] = [
    ['without a token', { 'x-team-csrf': '' }],
    ['with the token and a letter', { 'x-team-csrf': 'longer' }],
    ['from another origin', { origin: 'https://evil.example' }],
    ['from the same host by another scheme', { origin: 'http://team.example.com' }],
    ['from nowhere', { origin: 'null' }],
    ['from another site', { 'sec-fetch-site': 'cross-site' }],
    ['from a sibling host', { 'sec-fetch-site': 'same-site' }],
  ]
  for (const [name, headers] of foreign) {
    test(`${name} it is refused`, async () => {
      const sent = headers['x-team-csrf'] === 'longer' ? { 'x-team-csrf': `${csrf}x` } : headers
      expect((await post('/api/v1/things', thing, sent)).json()).toMatchObject({ code: 'csrf' })
    })
  }

  test('a form of another site is not even read', async () => {
    const response = await browser.send({
      method: 'POST',
      url: '/api/v1/things',
      headers: { 'x-team-csrf': csrf, 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'name=a',
    })
    expect(response.json()).toMatchObject({ status: 415, code: 'unsupported_media_type' })
  })
})

describe('errors are problems', () => {
  const problem = (response: { headers: object; json: () => unknown }) => {
    expect(response.headers).toMatchObject({
      'content-type': 'application/problem+json; charset=utf-8',
    })
    return response.json()
  }

  test('a refusal tells its code, its status, its facts and its fields', async () => {
    expect(problem(await get('/api/v1/refused'))).toEqual({
      type: 'urn:team:problem:duration_too_long',
      title: 'The duration is longer than allowed',
      status: 422,
      detail: 'At most 60 minutes.',
      code: 'duration_too_long',
      params: { maxDurationMinutes: 60 },
      errors: [{ field: 'durationMinutes', code: 'duration_too_long', message: 'At most 60.' }],
      instance: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/),
    })
  })

  test('a fault of ours says nothing of its cause, but the log does', async () => {
    const response = await get('/api/v1/broken')
    expect(problem(response)).toMatchObject({ status: 500, code: 'internal' })
    expect(response.body).not.toContain('postgres')
    expect(house.logLines.join('')).toContain('a request failed')
  })

  test('a write whose way to the database broke does not claim to know whether it was done', async () => {
    const response = await browser.send({
      method: 'POST',
      url: '/api/v1/cut-off',
      headers: { 'x-team-csrf': csrf },
    })
    expect(problem(response)).toMatchObject({
      status: 503,
      code: 'unavailable',
      detail: expect.stringContaining('not known whether'),
    })
  })

  test('an answer that breaks its own schema is a fault, not an answer', async () => {
    const response = await get('/api/v1/wrong-answer')
    expect(problem(response)).toMatchObject({ status: 500, code: 'internal' })
    expect(response.body).not.toContain('many')
  })

  test('what the schema of the answer does not list does not leave the house', async () => {
    expect((await get('/api/v1/me')).body).not.toContain('unlisted')
  })

  test('wrong fields are named one by one', async () => {
    const response = await post('/api/v1/things', { name: 7, tags: ['a', 1], color: 'red' })
    expect(problem(response)).toMatchObject({
      status: 400,
      code: 'malformed',
      errors: [
        { field: 'name', code: 'invalid_type' },
        { field: 'tags.1', code: 'invalid_type' },
        { field: 'color', code: 'unknown_field' },
      ],
    })
  })

  const bodies: [name: string, payload: string, type: string, status: number, code: string][] = [
    ['JSON that ends too soon', '{"name":', 'application/json', 400, 'malformed'],
    ['no JSON', 'name=a', 'application/json', 400, 'malformed'],
    ['nothing', '', 'application/json', 400, 'malformed'],
    ['a list', '[]', 'application/json', 400, 'malformed'],
    ['null', 'null', 'application/json', 400, 'malformed'],
    ['__proto__', '{"name":"a","__proto__":{"admin":true}}', 'application/json', 400, 'malformed'],
    [
      'constructor.prototype',
      '{"name":"a","constructor":{"prototype":{"admin":true}}}',
      'application/json',
      400,
      'malformed',
    ],
    ['plain text', '{"name":"a"}', 'text/plain', 415, 'unsupported_media_type'],
    ['XML', '<name>a</name>', 'application/xml', 415, 'unsupported_media_type'],
    [
      'too much',
      JSON.stringify({ name: 'x'.repeat(300_000) }),
      'application/json',
      413,
      'too_large',
    ],
    ['deep nesting', `${'['.repeat(100_000)}`, 'application/json', 400, 'malformed'],
  ]
  for (const [name, payload, type, status, code] of bodies) {
    test(`a body of ${name} is ${status} ${code}`, async () => {
      const response = await browser.send({
        method: 'POST',
        url: '/api/v1/things',
        headers: { 'x-team-csrf': csrf, 'content-type': type },
        payload,
      })
      expect(problem(response)).toMatchObject({ status, code })
      expect(({} as { admin?: boolean }).admin).toBeUndefined()
    })
  }

  const paths: [method: 'GET' | 'DELETE' | 'POST', url: string, status: number, code: string][] = [
    ['GET', '/api/v1/nothing', 404, 'not_found'],
    ['GET', '/api', 404, 'not_found'],
    ['DELETE', '/api/v1/me', 405, 'method_not_allowed'],
    ['GET', '/api/v1/requests/7/return', 405, 'method_not_allowed'],
    ['GET', '/api/v1/%', 400, 'malformed'],
    ['POST', `/api/v1/requests/${'x'.repeat(600)}/return`, 400, 'malformed'],
  ]
  for (const [method, url, status, code] of paths) {
    test(`${method} ${url.slice(0, 40)} is ${status}`, async () => {
      const response = await browser.send({ method, url, headers: { 'x-team-csrf': csrf } })
      expect(problem(response)).toMatchObject({ status, code })
    })
  }

  test('a known path says which methods it has', async () => {
    const response = await browser.send({ method: 'DELETE', url: '/api/v1/me' })
    expect(response.headers.allow).toBe('GET, HEAD')
  })
})

describe('the start', () => {
  const wrong: [string, (app: App) => void, RegExp][] = [
    [
      'a route without a permission',
      (app) => app.get('/api/v1/open', async () => 'secret'),
      /GET \/api\/v1\/open declares no permission/,
    ],
    [
      'a permission that the rules do not know',
      (app) => app.get('/x', { config: { permission: 'no.such' as 'me.read' } }, async () => ''),
      /declares no permission that core\/access.ts knows/,
    ],
    [
      'a GET that changes something',
      (app) => app.get('/x', { config: { permission: 'settings.write' } }, async () => ''),
      /changes something \(settings.write\) by a method that must not/,
    ],
  ]
  for (const [name, register, message] of wrong) {
    test(`fails on ${name}`, async () => {
      await expect(buildTestHouse({ register })).rejects.toThrow(message)
    })
  }
})

test('the log has the route and the person, and neither cookie, token, query nor body', async () => {
  await post('/api/v1/things?q=secret-query', { name: 'secret-name' })
  const log = house.logLines.join('')
  expect(log).toContain('"route":"/api/v1/things"')
  expect(log).toContain('"userId":"u-taro"')
  const secrets = [csrf, browser.cookies.get('__Host-team_session')!, 'secret-query', 'secret-name']
  for (const secret of secrets) expect(log).not.toContain(secret)
})

test('the API describes itself by the schemas that validate, problems included', async () => {
  const response = await get('/api/openapi.json')
  const document = response.json()
  expect(document.openapi).toBe('3.1.0')
  const things = document.paths['/api/v1/things'].post
  expect(things.requestBody.content['application/json'].schema).toMatchObject({
    additionalProperties: false,
    required: ['name'],
  })
  expect(things.responses.default.content['application/problem+json'].schema).toEqual({
    $ref: '#/components/schemas/Problem',
  })
  expect(Object.keys(document.paths)).not.toContain('/auth/login')
})

test('the page of the API lists its operations, without a script', async () => {
  const response = await get('/api/docs')
  expect(response.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src/)
  expect(response.body).toContain('<code>POST</code></b><code>/api/v1/things</code>')
  expect(response.body).not.toMatch(/<script/i)
})

test('health is answered to anybody, and readiness says what is missing', async () => {
  const stranger = new Browser(house)
  const read = (url: string) => stranger.send({ method: 'GET', url })
  expect((await read('/healthz')).json()).toEqual({ ok: true })
  expect((await read('/readyz')).statusCode).toBe(200)
  house.world.ready = { ok: false, why: 'The database is not reachable.' }
  const response = await read('/readyz')
  expect(response.statusCode).toBe(503)
  expect(response.json()).toEqual({ ok: false, why: 'The database is not reachable.' })
})

test('metrics have a server of their own, and nothing else is on it', async () => {
  const registry = new Registry()
  new Counter({ name: 'team_things', help: 'Things', registers: [registry] }).inc()
  const metrics = buildMetricsApp(registry)
  expect((await metrics.inject('/metrics')).body).toContain('team_things 1')
  expect((await metrics.inject('/api/v1/me')).statusCode).toBe(404)
  expect((await get('/metrics')).statusCode).toBe(404)
})
