/** What is kept of people and how it goes: erasing, legal holds, retention. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { applyRetention, tablesOfRequests } from '#server/audit/retention.ts'
import { verifyChain } from '#server/audit/verify.ts'
import { verifyExport } from '#server/audit/verify-export.ts'
import { ownerOver } from '#server/store/database.ts'
import { type Api, type Client, createApi } from '#test/api.ts'
import { people, prodAdmin, prodReadOnly } from '#test/factory.ts'

let api: Api
let ada: Client
let alice: Client
let audrey: Client
const secret = 'my doctor’s appointment'

beforeEach(async () => {
  api = await createApi()
  await api.world.eligibility({ permissionSets: ['*'] })
  await api.world.approval()
  ada = await api.as('ada')
  alice = await api.as('alice')
  audrey = await api.as('audrey')
})
afterEach(() => api.close())

async function ask(target = prodReadOnly): Promise<string> {
  const asked = { targets: [target], durationMinutes: 60, justification: secret }
  const { body } = await alice.post('/requests', asked)
  return body.requests[0].id
}

/** Asked, approved with a word, and over. */
async function over(target = prodReadOnly): Promise<string> {
  const id = await ask(target)
  await (await api.as('bob')).post(`/requests/${id}/approve`, { comment: secret })
  const { status } = await alice.post(`/requests/${id}/cancel`, { comment: secret })
  expect(status).toBe(200)
  return id
}

const erase = (change: object = {}, by = ada) =>
  by.post('/audit/erasures', { userId: people.alice, reason: 'She asked for it', ...change })
const code = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code]
const exported = async () => (await audrey.get('/audit/export?format=jsonl')).body as string
const events = (of: string) =>
  exported().then((text) => text.split('\n').filter((line) => line.includes(`"action":"${of}"`)))

async function* bytes(text: string) {
  yield Buffer.from(text)
}

/** By the database, by an export, and by the script that knows only the format. */
async function expectIntact(): Promise<void> {
  expect(await verifyChain(api.world.db)).toMatchObject({ ok: true })
  const text = await exported()
  expect(await verifyExport(bytes(text))).toMatchObject({ ok: true })
  const script = join(import.meta.dirname, '../../docs/reference/verify_trail.py')
  expect(execFileSync('python3', [script, '-'], { input: text, encoding: 'utf8' })).toMatch(
    /^Intact/,
  )
}

describe('erasing a person’s words', () => {
  test('takes every copy, leaves who did what when, and the chain verifies everywhere', async () => {
    const id = await over()
    const before = await audrey.get(`/audit/events?objectId=${id}`)
    expect(JSON.stringify(before.body)).toContain(secret)
    const { status, body } = await erase()
    expect([status, body]).toEqual([200, { events: expect.any(Number), requests: 1 }])
    expect(body.events).toBeGreaterThanOrEqual(3)

    await expectIntact()
    expect(await exported()).not.toContain(secret)
    expect(JSON.stringify((await audrey.get(`/requests/${id}`)).body)).not.toContain(secret)
    const { rows } = await api.world.database.owner.query(
      `select * from notice where request_id = $1`,
      [id],
    )
    expect(rows).toEqual([])
    const after = await audrey.get(`/audit/events?objectId=${id}`)
    const headers = (items: { payload: unknown }[]) =>
      items.map(({ payload: _, ...header }) => header)
    expect(headers(after.body.items)).toEqual(headers(before.body.items))
    const [told] = await events('person.erase')
    expect(JSON.parse(told ?? '')).toMatchObject({
      actor: { name: 'ada@example.com' },
      object: { type: 'user', id: people.alice },
      payload: { reason: 'She asked for it' },
    })
    expect(await events('audit.erase')).toHaveLength(body.events)
  })

  test('leaves the words of others, and what she did in office', async () => {
    await over()
    const bob = await api.as('bob')
    const asked = { targets: [prodReadOnly], durationMinutes: 60, justification: 'of Bob' }
    const { body } = await bob.post('/requests', asked)
    await bob.post(`/requests/${body.requests[0].id}/cancel`, { comment: 'of Bob, too' })
    const changes = await events('eligibility-policy.create')
    await erase()
    expect(await exported()).toContain('of Bob, too')
    expect(await events('eligibility-policy.create')).toEqual(changes)
  })

  test('again erases nothing, and again says who wanted it', async () => {
    await over()
    await erase()
    expect((await erase()).body).toEqual({ events: 0, requests: 0 })
    expect(await events('person.erase')).toHaveLength(2)
    await expectIntact()
  })

  test('tells the auditors', async () => {
    await over()
    await erase()
    expect(api.world.bulletins).toMatchObject([
      {
        event: 'records_loosened',
        facts: { what: 'person_erased', who: 'alice@example.com', by: 'ada@example.com' },
      },
    ])
  })

  test('is not how a live grant is hidden', async () => {
    const id = await ask()
    expect(code(await erase())).toEqual([409, 'record_in_use'])
    await (await api.as('bob')).post(`/requests/${id}/approve`)
    expect(code(await erase())).toEqual([409, 'record_in_use'])
    await alice.post(`/requests/${id}/cancel`)
    await api.world.database.owner.query('update ledger_key set held = true where user_id = $1', [
      people.alice,
    ])
    expect(code(await erase())).toEqual([409, 'record_in_use'])
    expect(await exported()).toContain(secret)
  })

  test('is for another administrator, of somebody who is known, with a reason', async () => {
    await over()
    expect(code(await erase({ userId: people.ada }))).toEqual([403, 'own_record'])
    expect(code(await erase({ userId: 'nobody' }))).toEqual([404, 'not_found'])
    expect(code(await erase({ reason: ' ' }))).toEqual([422, 'comment_required'])
    expect(code(await erase({}, audrey))).toEqual([403, 'not_allowed'])
    expect(code(await erase({}, alice))).toEqual([403, 'not_allowed'])
    const url = '/api/v1/audit/erasures'
    expect((await api.app.inject({ method: 'POST', url, payload: {} })).statusCode).toBe(401)
    expect(await events('person.erase')).toEqual([])
  })

  test('cannot be done by the application’s own role', async () => {
    await over()
    const attempt = api.world.db
      .updateTable('audit_event')
      .set({ payload: null, salt: null })
      .execute()
    await expect(attempt).rejects.toThrow(/permission denied/)
  })
})

describe('a legal hold', () => {
  const place = (userId: string | null) => ada.post('/audit/holds', { userId, reason: 'A lawsuit' })

  test.each([
    ['on the person', () => people.alice],
    ['on everybody', () => null],
  ])('%s stops erasing until it is released', async (_, of) => {
    await over()
    const { status, body: hold } = await place(of())
    expect([status, hold.released]).toEqual([201, null])
    expect(code(await erase())).toEqual([409, 'under_legal_hold'])
    const release = () => ada.post(`/audit/holds/${hold.id}/release`, { reason: 'Settled' })
    expect((await release()).body).toMatchObject({ released: { reason: 'Settled' } })
    expect(code(await release())).toEqual([409, 'already_released'])
    expect((await erase()).status).toBe(200)
    expect((await audrey.get('/audit/holds')).body.items).toMatchObject([{ id: hold.id }])
  })

  test('on somebody else does not', async () => {
    await over()
    await place(people.bob)
    expect((await erase()).status).toBe(200)
  })

  test('is read by auditors and placed and released by administrators', async () => {
    const { body: hold } = await place(people.alice)
    const reason = { reason: 'Settled' }
    const body = { userId: people.bob, ...reason }
    expect((await audrey.get('/audit/holds')).status).toBe(200)
    expect(code(await audrey.post('/audit/holds', body))).toEqual([403, 'not_allowed'])
    const release = `/audit/holds/${hold.id}/release`
    expect(code(await audrey.post(release, reason))).toEqual([403, 'not_allowed'])
    expect(code(await alice.get('/audit/holds'))).toEqual([403, 'not_allowed'])
    expect(
      code(await ada.post('/audit/holds/00000000-0000-4000-8000-000000000000/release', reason)),
    ).toEqual([404, 'not_found'])
    expect((await api.app.inject({ url: '/api/v1/audit/holds' })).statusCode).toBe(401)
  })
})

describe('retention', () => {
  const yearsLater = (years: number) => {
    const at = new Date(api.world.clock.now())
    at.setUTCFullYear(at.getUTCFullYear() + years)
    return at
  }
  const apply = (years: number) =>
    applyRetention(ownerOver(api.world.database.owner), yearsLater(years))
  const requestIds = async () =>
    (await api.world.db.selectFrom('request').select('request_id').execute()).map(
      (row) => row.request_id,
    )

  test('takes nothing that is younger than seven years', async () => {
    await over()
    expect(await apply(6)).toEqual({ requests: 0, events: 0 })
    await expectIntact()
  })

  test('takes what is over, and the beginning of the chain; the rest verifies', async () => {
    await over()
    const open = await ask(prodAdmin)
    const { events: count } = await verifyChain(api.world.db)
    const removed = await apply(8)
    expect(removed).toEqual({ requests: 1, events: count })
    expect(await requestIds()).toEqual([open])
    expect(await verifyChain(api.world.db)).toMatchObject({ ok: true, firstKept: count + 1 })
    await expectIntact()
    expect(await exported()).not.toContain(secret)
  })

  test('knows every table that points at a request', async () => {
    const { rows } = await api.world.database.owner.query<{ name: string }>(
      `select conrelid::regclass::text as name from pg_constraint
       where contype = 'f' and confrelid = 'request'::regclass
         and conrelid <> 'request'::regclass`,
    )
    const known = new Set<string>(tablesOfRequests)
    expect(rows.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([])
    expect(rows).toHaveLength(known.size)
  })

  test('takes nothing of a person under a legal hold, nor what follows in the chain', async () => {
    const id = await over()
    const placed = await ada.post('/audit/holds', { userId: people.alice, reason: 'A lawsuit' })
    const { requests } = await apply(8)
    expect(requests).toBe(0)
    expect(await requestIds()).toEqual([id])
    expect(await exported()).toContain(secret)
    await expectIntact()
    await ada.post(`/audit/holds/${placed.body.id}/release`, { reason: 'Settled' })
    expect((await apply(8)).requests).toBe(1)
    await expectIntact()
  })

  test('takes nothing while everything is held', async () => {
    await over()
    await ada.post('/audit/holds', { userId: null, reason: 'A lawsuit' })
    expect(await apply(8)).toEqual({ requests: 0, events: 0 })
  })
})

describe('usage', () => {
  test('sums what was granted, and says what is not recorded', async () => {
    await over()
    const { status, body } = await audrey.get('/audit/usage?by=person')
    expect(status).toBe(200)
    expect(body.items).toEqual([
      {
        id: people.alice,
        name: 'alice@example.com',
        grants: 1,
        grantedMinutes: 60,
        activeMinutes: 0,
        recorded: 0,
        servicesUsed: null,
        neverUsed: null,
      },
    ])
    const summary = (services: object[]) => JSON.stringify({ services, reads: 1, writes: 0 })
    const set = 'update access_grant set use_summary = $1'
    const { owner } = api.world.database
    await owner.query(set, [summary([{ service: 's3', reads: 1, writes: 0 }])])
    const recorded = await audrey.get('/audit/usage?by=set')
    expect(recorded.body.items).toMatchObject([{ recorded: 1, servicesUsed: ['s3'], neverUsed: 0 }])
    await owner.query(set, [summary([])])
    const unused = await audrey.get('/audit/usage?by=account')
    expect(unused.body.items).toMatchObject([{ servicesUsed: [], neverUsed: 1 }])
  })

  test('comes by pages, most granted first, and of a year at most', async () => {
    await over()
    await over(prodAdmin)
    const first = await audrey.get('/audit/usage?by=set&limit=1')
    const next = `/audit/usage?by=set&limit=1&cursor=${first.body.nextCursor}`
    const second = await audrey.get(next)
    const ids = [first, second].map(({ body }) => body.items[0].id)
    expect(new Set(ids).size).toBe(2)
    expect(second.body.nextCursor).toBe(null)
    const tooLong = await audrey.get('/audit/usage?from=2020-01-01T00:00:00.000Z')
    expect(code(tooLong)).toEqual([422, 'out_of_range'])
    expect(code(await alice.get('/audit/usage'))).toEqual([403, 'not_allowed'])
  })
})
