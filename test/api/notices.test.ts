/** Sending a notice again by hand: who may, what may, and that it is in the trail. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
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
