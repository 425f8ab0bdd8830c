import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Api, createApi } from '#test/api.ts'
import { prodAdmin, prodReadOnly } from '#test/factory.ts'

let api: Api
beforeEach(async () => {
  api = await createApi()
})
afterEach(() => api.close())

const submission = (change: object = {}) => ({
  targets: [prodReadOnly],
  durationMinutes: 60,
  justification: '「障害対応」',
  ...change,
})

async function policies() {
  await api.world.eligibility()
  await api.world.approval()
}

describe('an idempotency key', () => {
  const key = { 'idempotency-key': 'a1b2' }

  test('sent twice is answered twice and done once', async () => {
    await policies()
    const alice = await api.as('alice')
    const first = await alice.post('/requests', submission(), key)
    const again = await alice.post('/requests', submission(), key)
    expect([first.status, again.status]).toEqual([201, 201])
    expect(again.body).toEqual(first.body)
    const rows = await api.world.db.selectFrom('request').select('request_id').execute()
    expect(rows).toHaveLength(1)
  })

  test('of what changes nothing is not kept', async () => {
    await policies()
    const alice = await api.as('alice')
    expect((await alice.post('/requests/preview', submission(), key)).status).toBe(200)
    const other = submission({ durationMinutes: 30 })
    expect((await alice.post('/requests/preview', other, key)).status).toBe(200)
    expect(await api.world.db.selectFrom('idempotency_key').selectAll().execute()).toEqual([])
  })

  test('sent twice in one moment is done once', async () => {
    await policies()
    const alice = await api.as('alice')
    const statuses = await Promise.all(
      [1, 2, 3].map(async () => (await alice.post('/requests', submission(), key)).status),
    )
    expect(statuses).toContain(201)
    for (const status of statuses) expect([201, 409]).toContain(status)
    const rows = await api.world.db.selectFrom('request').select('request_id').execute()
    expect(rows).toHaveLength(1)
  })

  test('with half of a character in the body is refused, not stumbled over', async () => {
    const alice = await api.as('alice')
    for (const change of [{ justification: 'a\ud800' }, { ticket: '\udfff' }]) {
      expect((await alice.post('/requests', submission(change), key)).status).toBe(400)
    }
  })

  test('with another body is refused', async () => {
    await policies()
    const alice = await api.as('alice')
    await alice.post('/requests', submission(), key)
    const other = await alice.post('/requests', submission({ durationMinutes: 30 }), key)
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
  })

  test('belongs to its person and its route, and is forgotten after a day', async () => {
    await policies()
    await (await api.as('alice')).post('/requests', submission(), key)
    expect((await (await api.as('erin')).post('/requests', submission(), key)).status).toBe(201)
    api.world.pass(24 * 3600 + 1)
    const alice = await api.as('alice')
    const fresh = await alice.post('/requests', submission({ targets: [prodReadOnly] }), key)
    expect(fresh.status).toBe(201)
    const rows = await api.world.db.selectFrom('request').select('request_id').execute()
    expect(rows).toHaveLength(3)
  })

  test('of a refusal may be used again, with what was put right', async () => {
    await policies()
    const alice = await api.as('alice')
    const refused = await alice.post('/requests', submission({ targets: [prodAdmin] }), key)
    expect(refused.status).toBe(403)
    expect((await alice.post('/requests', submission(), key)).status).toBe(201)
  })

  test('whose first holder died after the commit finds what was made', async () => {
    await policies()
    const alice = await api.as('alice')
    const first = await alice.post('/requests', submission(), key)
    // As if the answer had never been written down.
    await api.world.db
      .updateTable('idempotency_key')
      .set({ status: null, response: null })
      .execute()
    expect((await alice.post('/requests', submission(), key)).body.code).toBe('in_progress')
    api.world.pass(61)
    const taken = await alice.post('/requests', submission(), key)
    expect(taken.status).toBe(201)
    expect(taken.body.submissionId).toBe(first.body.submissionId)
  })
})
