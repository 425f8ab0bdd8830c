/** What did not arrive, and sending it again by hand: who may, what may, what the trail says. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { UndeliveredNotice } from '#contract/notice.ts'
import { createAnnounce } from '#server/notify/announce.ts'
import { createApproversOf } from '#server/notify/approvers.ts'
import { change } from '#server/store/change.ts'
import { type Api, createApi } from '#test/api.ts'

let api: Api
let noticeId: string
beforeAll(async () => {
  api = await createApi()
  await api.world.eligibility()
  await api.world.approval()
  const request = await api.world.submit('alice')
  const announce = createAnnounce({ approversOf: createApproversOf(api.world.rules) })
  await change(api.world.db, api.world.clock.now(), (c) => announce(c, 'requested', request))
})
afterAll(() => api.close())

const owner = () => api.world.database.owner
beforeEach(async () => {
  const { rows } = await owner().query(
    `update notice set state = 'failed', attempts = 12, last_error = 'down' returning notice_id`,
  )
  noticeId = rows[0].notice_id
  await owner().query('delete from graphile_worker._private_jobs')
})
const resend = async (name: Parameters<Api['as']>[0], id = noticeId) =>
  (await api.as(name)).post(`/notices/${id}/resend`)
const stateOf = async () =>
  (await owner().query('select state, attempts from notice where notice_id = $1', [noticeId]))
    .rows[0]
const jobs = async () =>
  (await owner().query('select key from graphile_worker.jobs')).rows.map(({ key }) => key)

test('an administrator sends one again: it is queued with all its attempts, and in the trail', async () => {
  expect(await resend('ada')).toMatchObject({ status: 202, body: { noticeId, state: 'queued' } })
  expect(await stateOf()).toEqual({ state: 'queued', attempts: 0 })
  expect(await jobs()).toEqual([noticeId])
  const events = await api.world.events(noticeId)
  expect(events).toMatchObject([
    { action: 'notice.resend', payload: { channel: 'email', event: 'requested', from: 'failed' } },
  ])
})

test.each(['alice', 'bob', 'audrey'] as const)('%s may not', async (name) => {
  expect(await resend(name)).toMatchObject({ status: 403, body: { code: 'not_allowed' } })
  expect(await jobs()).toEqual([])
})

test('nobody may without a session, and one that is not there is not found', async () => {
  const url = `/api/v1/notices/${noticeId}/resend`
  expect((await api.app.inject({ method: 'POST', url })).statusCode).toBe(401)
  expect((await resend('ada', '00000000-0000-4000-8000-00000000dead')).status).toBe(404)
})

const listed = async (name: Parameters<Api['as']>[0], query = '') =>
  (await api.as(name)).get(`/notices${query}`)

/** A page of one after the other. */
async function allListed(name: Parameters<Api['as']>[0]): Promise<UndeliveredNotice[]> {
  const items: UndeliveredNotice[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body } = await listed(name, `?limit=1${cursor && `&cursor=${cursor}`}`)
    items.push(...body.items)
    cursor = body.nextCursor
  }
  return items
}

test('administrators and auditors are shown what did not arrive, and about what; a page at a time', async () => {
  await owner().query(
    `insert into notice (notice_id, event, channel, receiver_id, state, facts, created_at, last_error)
     select gen_random_uuid(), 'key_released', 'slack', 'nobody', state, '{}', $1, 'no such member'
       from unnest(array['failed', 'sent', 'queued', 'dropped', 'no_address', 'off']) state`,
    [new Date(api.world.clock.now().getTime() - 60_000)],
  )
  const { rows } = await owner().query(`select notice_id from notice where state = 'failed'`)
  for (const name of ['ada', 'audrey'] as const) {
    const items = await allListed(name)
    expect(items.map((one) => one.noticeId).toSorted()).toEqual(
      rows.map((one) => one.notice_id).toSorted(),
    )
    expect(items.at(0)).toMatchObject({
      event: 'requested',
      channel: 'email',
      attempts: 12,
      lastError: 'down',
      request: { accountName: 'Prod payments', requester: expect.stringMatching(/alice/i) },
    })
    expect(items.at(-1)).toMatchObject({
      event: 'key_released',
      to: 'nobody',
      request: null,
      lastError: 'no such member',
    })
  }
  await owner().query(`delete from notice where event = 'key_released'`)
})

test.each(['alice', 'bob'] as const)('%s is shown none of them', async (name) => {
  expect(await listed(name)).toMatchObject({ status: 403, body: { code: 'not_allowed' } })
})

test('nobody is without a session, and what is asked for nonsense is refused by its field', async () => {
  const answer = await api.app.inject({ method: 'GET', url: '/api/v1/notices' })
  expect(answer.statusCode).toBe(401)
  for (const [query, field] of [
    ['?state=sent', 'state'],
    ['?cursor=bm9uc2Vuc2U', 'cursor'],
  ] as const) {
    expect(await listed('ada', query)).toMatchObject({ status: 400, body: { errors: [{ field }] } })
  }
})

test.each(['queued', 'dropped'])('one that is %s is refused, and says why', async (state) => {
  await owner().query('update notice set state = $1', [state])
  expect(await resend('ada')).toMatchObject({
    status: 409,
    body: { code: 'notice_not_resendable', params: { state } },
  })
})

test('a test by a channel answers the provider’s own words, and is in the trail', async () => {
  const ada = await api.as('ada')
  expect(await ada.post('/settings/test', { channel: 'sns' })).toMatchObject({
    status: 200,
    body: { channel: 'sns', outcome: 'refused', answer: 'sns says no' },
  })
  expect(await ada.post('/settings/test', { channel: 'pigeon' })).toMatchObject({ status: 400 })
  for (const name of ['alice', 'audrey'] as const) {
    const answer = await (await api.as(name)).post('/settings/test', { channel: 'email' })
    expect(answer).toMatchObject({ status: 403 })
  }
  const url = '/api/v1/settings/test'
  expect((await api.app.inject({ method: 'POST', url })).statusCode).toBe(401)
  const events = await api.world.events('settings')
  expect(events.filter(({ action }) => action === 'setting.test')).toMatchObject([
    { payload: { channel: 'sns', outcome: 'refused' } },
  ])
})
