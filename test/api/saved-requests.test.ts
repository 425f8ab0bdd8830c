/** Favourites and templates: whose they are, who sees them, and what is never kept. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Api, createApi } from '#test/api.ts'
import { accounts, devReadOnly, type PersonName, prodAdmin, prodReadOnly } from '#test/factory.ts'

let api: Api
beforeEach(async () => {
  api = await createApi()
  await api.world.eligibility()
  await api.world.approval()
})
afterEach(() => api.close())

const body = (change: object = {}) => ({
  name: '本番ログの調査',
  targets: [prodReadOnly, devReadOnly],
  durationMinutes: 60,
  justification: 'ログを読むため',
  ...change,
})
const save = async (name: PersonName, change: object = {}) =>
  (await api.as(name)).post('/saved-requests', body(change))
const listed = async (name: PersonName, query = '') =>
  (await (await api.as(name)).get(`/saved-requests${query}`)).body
const names = async (name: PersonName) =>
  (await listed(name)).items.map((one: { name: string }) => one.name) as string[]
const drop = async (name: PersonName, id: string, headers: object = { 'if-match': '"1"' }) =>
  (await api.as(name)).send('DELETE', `/saved-requests/${id}`, undefined, { ...headers })

describe('favourites', () => {
  test('are kept, listed by name with the names of their targets, and deleted', async () => {
    const { status, body: saved } = await save('alice')
    expect(status).toBe(201)
    expect(saved).toMatchObject({
      kind: 'own',
      name: '本番ログの調査',
      durationMinutes: 60,
      justification: 'ログを読むため',
      mayDelete: true,
      targets: [
        { accountName: 'Prod payments', permissionSetName: 'ReadOnlyAccess', eligible: true },
        { accountName: 'Dev sandbox', eligible: true },
      ],
    })
    await save('alice', { name: 'A first', justification: null })
    expect(await names('alice')).toEqual(['A first', '本番ログの調査'])
    expect((await drop('alice', saved.id)).status).toBe(204)
    expect(await names('alice')).toEqual(['A first'])
    const actions = (await api.world.events(saved.id)).map(({ action }) => action)
    expect(actions).toEqual(['saved-request.create', 'saved-request.delete'])
  })

  test('are nobody else’s: not seen, not deleted, by no role', async () => {
    const { body: saved } = await save('alice')
    for (const name of ['erin', 'bob', 'audrey', 'ada', 'mallory'] as const) {
      expect(await names(name)).toEqual([])
      expect((await drop(name, saved.id)).status).toBe(404)
    }
    expect(await names('alice')).toHaveLength(1)
    for (const method of ['GET', 'POST'] as const) {
      expect((await api.app.inject({ method, url: '/api/v1/saved-requests' })).statusCode).toBe(401)
    }
  })

  test('never hold a ticket, and nothing that has no place there', async () => {
    for (const change of [{ ticket: 'OPS-1' }, { ownerId: 'x' }, { breakGlass: true }]) {
      expect((await save('alice', change)).status).toBe(400)
    }
  })

  const refusals: [string, object, number, string[]][] = [
    [
      'that one may not ask for',
      { targets: [devReadOnly, prodAdmin] },
      403,
      ['targets.1 not_eligible'],
    ],
    ['named twice', { targets: [devReadOnly, devReadOnly] }, 422, ['targets.1 duplicate_target']],
    ['without a name', { name: ' ' }, 422, ['name text_malformed']],
    ['with a name of two lines', { name: 'a\nb' }, 422, ['name text_malformed']],
    [
      'with an override in the reason',
      { justification: 'a\u202Eb' },
      422,
      ['justification text_malformed'],
    ],
    [
      'for longer than anything lasts',
      { durationMinutes: 600_000 },
      422,
      ['durationMinutes duration_malformed'],
    ],
    ['of 21 targets', { targets: Array(21).fill(devReadOnly) }, 400, ['targets too_big']],
    ['of none', { targets: [] }, 400, ['targets too_small']],
  ]
  test.each(refusals)('are refused: %s', async (_, change, status, fields) => {
    const answer = await save('alice', change)
    const named = answer.body.errors.map(
      ({ field, code }: { field: string; code: string }) => `${field} ${code}`,
    )
    expect([answer.status, named]).toEqual([status, fields])
    expect(await names('alice')).toEqual([])
  })

  test('are fifty at most, even when two come at once', async () => {
    for (let i = 0; i < 49; i += 1)
      await save('alice', { name: `Number ${i}`, targets: [devReadOnly] })
    const last = await Promise.all([save('alice'), save('alice')])
    expect(last.map(({ status }) => status).toSorted()).toEqual([201, 409])
    expect((await save('alice')).body).toMatchObject({
      code: 'too_many_saved_requests',
      params: { max: 50 },
    })
    expect((await save('erin')).status).toBe(201)
    const first = await listed('alice', '?limit=30')
    const second = await listed('alice', `?limit=30&cursor=${first.nextCursor}`)
    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([30, 20, null])
  })

  test('need the version that was read to be deleted', async () => {
    const { body: saved } = await save('alice')
    expect((await drop('alice', saved.id, {})).status).toBe(428)
    expect((await drop('alice', saved.id, { 'if-match': '"7"' })).status).toBe(412)
    expect((await drop('alice', crypto.randomUUID())).status).toBe(404)
    const both = await Promise.all([drop('alice', saved.id), drop('alice', saved.id)])
    expect(both.map(({ status }) => status).toSorted()).toEqual([204, 404])
  })

  test('say what of them one may not ask for any more', async () => {
    const id = await api.world.eligibility({ permissionSets: ['Admin*'] })
    await save('alice', { targets: [devReadOnly, prodAdmin] })
    await api.world.removePolicy(id)
    expect((await listed('alice')).items[0].targets).toMatchObject([
      { accountId: accounts.dev, eligible: true },
      { accountId: accounts.prod, permissionSetName: 'AdministratorAccess', eligible: false },
    ])
  })
})

describe('templates', () => {
  const template = (change: object = {}) => save('ada', { kind: 'template', ...change })

  test('are made and deleted by administrators alone', async () => {
    for (const name of ['alice', 'bob', 'audrey', 'mallory'] as const) {
      expect((await save(name, { kind: 'template' })).status).toBe(403)
    }
    const { status, body: made } = await template()
    expect(status).toBe(201)
    expect((await drop('alice', made.id)).status).toBe(403)
    expect((await drop('audrey', made.id)).status).toBe(404)
    expect((await drop('ada', made.id)).status).toBe(204)
    expect(await names('alice')).toEqual([])
  })

  test('are seen by whoever may ask for one of their targets, and show no other', async () => {
    await template({ targets: [devReadOnly, prodAdmin] })
    const { items } = await listed('alice')
    expect(items).toMatchObject([{ kind: 'template', mayDelete: false }])
    expect(items[0].targets).toMatchObject([{ accountId: accounts.dev }])
    expect(JSON.stringify(items)).not.toContain('AdministratorAccess')
    for (const name of ['carol', 'mallory', 'audrey'] as const)
      expect(await names(name)).toEqual([])
    expect((await listed('ada')).items[0].targets).toHaveLength(2)
  })

  test('name only what the directory knows', async () => {
    const answer = await template({ targets: [{ ...devReadOnly, accountId: '999999999999' }] })
    expect([answer.status, answer.body.code]).toEqual([422, 'unknown_id'])
  })
})

test('tokens need the scope, and manage no templates with any', async () => {
  const { body: made } = await save('ada', { kind: 'template' })
  const call = async (owner: PersonName, scopes: string[]) => {
    const { body: token } = await (await api.as(owner)).post('/tokens', {
      name: 'Saved',
      scopes,
      expiresAt: new Date(api.world.clock.now().getTime() + 86_400_000).toISOString(),
    })
    return async (method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object) => {
      const answer = await api.app.inject({
        method,
        url: `/api/v1${path}`,
        headers: { authorization: `Bearer ${token.secret}`, 'if-match': '"1"' },
        ...(payload && { payload }),
      })
      return answer.statusCode
    }
  }
  const reads = await call('alice', ['saved-requests:read'])
  expect(await reads('GET', '/saved-requests')).toBe(200)
  expect(await reads('POST', '/saved-requests', body())).toBe(403)
  const writes = await call('ada', ['saved-requests:write'])
  expect(await writes('GET', '/saved-requests')).toBe(403)
  expect(await writes('POST', '/saved-requests', body({ kind: 'template' }))).toBe(403)
  expect([403, 404]).toContain(await writes('DELETE', `/saved-requests/${made.id}`))
  expect(await names('alice')).toEqual(['本番ログの調査'])
})
