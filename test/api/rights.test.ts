/** Every route for every kind of person, as the rules page has it and not as the code has it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Person } from '#test/person.ts'
import { cookieOf, createScene, raw, type Scene } from './scene.ts'

const kinds = ['nobody', 'stranger', 'owner', 'approver', 'auditor', 'admin'] as const
type Kind = (typeof kinds)[number]

/** `yes`: let through to the work itself, whatever that then says of an empty body. */
type Expected = 'yes' | 401 | 403 | 404

const everybody = line('yes', 'yes', 'yes', 'yes', 'yes')
const overseers = line(403, 403, 403, 'yes', 'yes')
const admins = line(403, 403, 403, 403, 'yes')
const concerned = line(404, 'yes', 'yes', 'yes', 'yes')
const deciders = line(404, 403, 'yes', 403, 403)
const itsOwner = line(404, 'yes', 403, 403, 403)
const revokers = line(404, 403, 'yes', 403, 'yes')

function line(...expected: [Expected, Expected, Expected, Expected, Expected]) {
  const [stranger, owner, approver, auditor, admin] = expected
  return { nobody: 401, stranger, owner, approver, auditor, admin } as Record<Kind, Expected>
}

const table: Record<string, Record<Kind, Expected>> = {
  'GET /me': everybody,
  'PATCH /me/preferences': everybody,
  'POST /me/refresh': everybody,
  'GET /me/counts': everybody,
  'GET /eligible-accounts': everybody,
  'GET /eligible-accounts/{accountId}/permission-sets': everybody,
  'POST /requests/preview': everybody,
  'POST /requests': everybody,
  'GET /requests': everybody,
  'GET /requests?view=all': overseers,
  'GET /requests?view=active&scope=all': overseers,
  'GET /requests?view=ended&scope=all': overseers,
  'GET /requests/export': everybody,
  'GET /requests/export?view=all': overseers,
  'GET /requests/export?view=active&scope=all': overseers,
  'GET /requests/export?view=ended&scope=all': overseers,
  'GET /requests/export?view=review&scope=all': overseers,
  'GET /requests/{id}': concerned,
  'GET /requests/{id}/events': concerned,
  'GET /requests/{id}/approvers': concerned,
  'POST /requests/{id}/approve': deciders,
  'POST /requests/{id}/reject': deciders,
  'POST /requests/{id}/cancel': itsOwner,
  'POST /requests/{id}/return': itsOwner,
  'POST /requests/{id}/revoke': revokers,
  'POST /requests/{id}/extend': itsOwner,
  'POST /requests/{id}/review': deciders,
  'GET /requests?view=review&scope=all': overseers,
  'GET /requests/{id}/earlier': concerned,
  'GET /requests/{id}/session-log': concerned,
  // Of a log that nobody asked for; who asked for one reads it in session-log.test.ts.
  'GET /requests/{id}/session-log/{logId}': line(404, 404, 404, 404, 404),
  'GET /requests/{id}/session-log/{logId}/export': line(404, 404, 404, 404, 404),
  'GET /submissions/{id}': concerned,
  'POST /submissions/{id}/approve': deciders,
  'POST /submissions/{id}/reject': deciders,
  'GET /saved-requests': everybody,
  'POST /saved-requests': everybody,
  'DELETE /saved-requests/{id}': line(404, 'yes', 404, 404, 404),
  'GET /eligibility-policies': overseers,
  'POST /eligibility-policies': admins,
  'GET /eligibility-policies/{id}': overseers,
  'PUT /eligibility-policies/{id}': admins,
  'DELETE /eligibility-policies/{id}': admins,
  'GET /eligibility-policies/{id}/history': overseers,
  'POST /eligibility-policies/preview': overseers,
  'GET /approver-policies': overseers,
  'POST /approver-policies': admins,
  'GET /approver-policies/{id}': overseers,
  'PUT /approver-policies/{id}': admins,
  'DELETE /approver-policies/{id}': admins,
  'GET /approver-policies/{id}/history': overseers,
  'POST /approver-policies/preview': overseers,
  'GET /proposals': overseers,
  // There is none of that id; its own tests have one.
  'GET /proposals/{id}': line(403, 403, 403, 404, 404),
  'POST /proposals/{id}/accept': line(403, 403, 403, 403, 404),
  'POST /proposals/{id}/refuse': line(403, 403, 403, 403, 404),
  'POST /proposals/{id}/withdraw': line(403, 403, 403, 403, 404),
  'GET /settings': overseers,
  'POST /settings/test': admins,
  'PATCH /settings': admins,
  'GET /directory/users': overseers,
  'GET /directory/groups': overseers,
  'GET /directory/accounts': overseers,
  'GET /directory/organizational-units': overseers,
  'GET /directory/permission-sets': overseers,
  'GET /directory/status': overseers,
  'POST /directory/refresh': admins,
  'POST /directory/refresh/{refreshId}/accept': line(403, 403, 403, 403, 'yes'),
  'POST /directory/refresh/{refreshId}/discard': line(403, 403, 403, 403, 'yes'),
  'GET /access': overseers,
  'GET /access/export': overseers,
  'GET /access/explain': overseers,
  'POST /access/look': overseers,
  'GET /access/looks/{id}': line(403, 403, 403, 404, 404),
  'GET /audit/events': overseers,
  'GET /audit/verify': overseers,
  'GET /audit/export': overseers,
  'GET /audit/usage': overseers,
  'GET /audit/holds': overseers,
  'POST /audit/holds': admins,
  'POST /audit/holds/{id}/release': admins,
  'POST /audit/erasures': admins,
  'GET /reconciler/status': overseers,
  'GET /reconciler/keys': overseers,
  'POST /reconciler/keys/{id}/release': admins,
  'POST /reconciler/keys/{id}/acknowledge': admins,
  'GET /notices': overseers,
  // Of a notice that was never sent; sending one again is in notices.test.ts.
  'POST /notices/{id}/resend': line(403, 403, 403, 403, 404),
  'GET /tokens': everybody,
  'GET /tokens?view=all': overseers,
  'GET /tokens?view=service': overseers,
  'POST /tokens': everybody,
  'DELETE /tokens/{id}': line(404, 'yes', 404, 403, 'yes'),
}

/** Of routes that know nothing of the object before the body is in order. */
const bodies: Record<string, object> = {
  'POST /requests/{id}/extend': { durationMinutes: 5, justification: 'More' },
  'POST /requests/{id}/review': { outcome: 'justified', comment: 'Seen' },
}

let scene: Scene
let people: Record<Exclude<Kind, 'nobody'>, Person>
const ids: Record<string, string> = {}

beforeAll(async () => {
  scene = await createScene()
  const { world } = scene
  people = {
    stranger: await world.person('priya.raman'),
    owner: await world.person('test-user'),
    approver: await world.person('sam.carter'),
    auditor: await world.person('test-auditor'),
    admin: await world.person('test-admin'),
  }
  ids.eligibility = await scene.eligibility(people.admin)
  ids.approver = await scene.approval(people.admin)
  const request = await scene.ask(people.owner, scene.target('payments-prod', 'ReadOnlyAccess'))
  // Over, so that an action that is let through is refused by the state and leaves it as it is.
  await people.owner.post(`/requests/${request.id}/cancel`)
  ids.request = request.id
  ids.submission = request.submissionId
  const { body: token } = await people.owner.post<{ id: string }>('/tokens', {
    name: 'Mine',
    scopes: ['me:read'],
    expiresAt: new Date(scene.world.now().getTime() + 3_600_000).toISOString(),
  })
  ids.token = token.id
  const { body: saved } = await people.owner.post<{ id: string }>('/saved-requests', {
    name: 'Mine',
    targets: [scene.target('payments-prod', 'ReadOnlyAccess')],
    durationMinutes: 60,
  })
  ids.saved = saved.id
})
afterAll(() => scene.close())

function pathOf(route: string): { method: string; path: string } {
  const [method = '', path = ''] = route.split(' ')
  const id = path.startsWith('/submissions')
    ? ids.submission
    : path.startsWith('/eligibility')
      ? ids.eligibility
      : path.startsWith('/approver')
        ? ids.approver
        : path.startsWith('/tokens')
          ? ids.token
          : path.startsWith('/saved-requests')
            ? ids.saved
            : ids.request
  const filled = path
    .replace('{id}', path.startsWith('/reconciler') ? '424242' : (id ?? ''))
    .replace('{accountId}', scene.account('payments-prod'))
    .replace('{logId}', '00000000-0000-4000-8000-000000000000')
  return { method, path: filled }
}

async function statusFor(kind: Kind, route: string): Promise<number> {
  const { method, path } = pathOf(route)
  const person = kind === 'nobody' ? scene.world.stranger() : people[kind]
  const body = method === 'GET' || method === 'DELETE' ? undefined : (bodies[route] ?? {})
  const { status } = await person.call(method, path, body)
  return status
}

test('the table below has every route that the API describes', async () => {
  const described = (await (await fetch(`${scene.world.team.url}/api/openapi.json`)).json()) as {
    paths: Record<string, Record<string, unknown>>
  }
  const routes = Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
  )
  // The stream does not answer and end; it has tests of its own.
  const unlisted = routes.filter((route) => table[route] === undefined)
  expect(unlisted).toEqual(['GET /stream'])
})

describe('who may call', () => {
  for (const [route, expected] of Object.entries(table)) {
    const rights = kinds.map((kind) => `${kind} ${expected[kind]}`).join(', ')
    test(`${route}: ${rights}`, async () => {
      for (const kind of kinds) {
        const status = await statusFor(kind, route)
        const wanted = expected[kind]
        if (wanted !== 'yes') expect({ kind, status }).toEqual({ kind, status: wanted })
        else expect([401, 403, 404], `${kind} was answered ${status}`).not.toContain(status)
      }
    })
  }

  test('the live stream, without a session: nobody', async () => {
    expect((await raw(scene.world.team.url, '/api/v1/stream')).status).toBe(401)
  })

  test('no write left a trace: the request is as it was', async () => {
    const { status, version, approvals } = await people.owner.request(ids.request ?? '')
    expect({ status, version, approvals }).toEqual({
      status: 'cancelled',
      version: 2,
      approvals: [],
    })
  })
})

describe('a route called by another name', () => {
  const disguises = [
    ['POST', '/api/v1/settings', { 'x-http-method-override': 'PATCH' }],
    ['GET', '/api/v1/audit/events?_method=PATCH', {}],
    ['GET', '/api/v1/requests/../settings', {}],
    ['GET', '/api/v1/requests/%2e%2e/settings', {}],
    ['GET', '/api/v1//settings', {}],
    ['GET', '/api/v1/settings/', {}],
    ['GET', '/API/v1/settings', {}],
    ['GET', '/api/v1/settings;x', {}],
    ['GET', '/api/v1/settings%00', {}],
    ['GET', '/api/v1/%73ettings', {}],
    ['HEAD', '/api/v1/settings', {}],
    ['HEAD', '/api/v1/stream', {}],
    ['PROPFIND', '/api/v1/settings', {}],
  ] as const
  for (const [method, path, headers] of disguises) {
    test(`opens nothing: ${method} ${path} ${JSON.stringify(headers)}`, async () => {
      const { csrfToken } = await people.owner.me()
      const answer = await raw(scene.world.team.url, path, {
        method,
        headers: {
          cookie: cookieOf(scene, people.owner),
          'x-team-csrf': csrfToken,
          'content-type': 'application/json',
          ...headers,
        },
        ...(method === 'POST' && { body: '{"maxDurationMinutes":1}' }),
      })
      expect([400, 403, 404, 405]).toContain(answer.status)
    })
  }
})
