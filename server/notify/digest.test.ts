/** Once a day, on each one's own clock, what waits for administrators; and silence otherwise. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { people } from '#test/factory.ts'
import { createMailRoom, type MailRoom } from '#test/mail-room.ts'
import { sendDigests } from './digest.ts'

let room: MailRoom
beforeAll(async () => {
  room = await createMailRoom()
})
afterAll(() => room.close())
beforeEach(async () => {
  await room.tidy()
  await room.owner.query('delete from digest_told; delete from review')
  await room.owner.query(
    `update request set updated_at = created_at - interval '2 days' where status = 'failed'`,
  )
  await room.world.settings({ dailyDigest: true, digestHour: 9 })
})

const hourMs = 3_600_000
/** World time is 2026-11-24 09:00 UTC at first. */
const now = () => room.world.clock.now()
const send = (at = now()) => sendDigests(room.world.db, at)
const inHours = (hours: number) => new Date(now().getTime() + hours * hourMs)
const mails = () => room.post.taken.map(({ to, subject, text }) => ({ to, subject, text }))
const fails = () =>
  room.becomes(
    'failed',
    `, failure = '{"code":"not_granted_in_time","message":"late"}', updated_at = created_at`,
  )

test('tells an administrator once a day, and nobody else', async () => {
  await fails()
  expect(await send()).toBe(1)
  expect(await send(inHours(1))).toBe(0)
  await room.drain()
  expect(mails()).toMatchObject([
    {
      to: 'ada@example.com',
      subject: expect.stringMatching(/^What waits for administrators, Tue 24 Nov 2026/),
      text: expect.stringMatching(
        /Requests that failed in the last 24 hours \(1\): Alice,\s+ReadOnlyAccess in Prod\s+payments/,
      ),
    },
  ])
  await room.owner.query(`update request set updated_at = $1 where request_id = $2`, [
    inHours(23),
    room.request,
  ])
  expect(await send(inHours(24))).toBe(1)
})

test('says nothing where nothing waits, and asks again only tomorrow', async () => {
  expect(await send()).toBe(0)
  await fails()
  expect(await send(inHours(1))).toBe(0)
  await room.owner.query(`update request set updated_at = $1 where request_id = $2`, [
    inHours(23),
    room.request,
  ])
  expect(await send(inHours(24))).toBe(1)
})

test('waits for the hour of whoever reads it', async () => {
  await fails()
  const zone = (name: string) =>
    room.owner.query(
      `insert into preference (user_id, body, updated_at)
       values ($1, jsonb_build_object('timeZone', $2::text, 'locale', 'ja'), $3)
       on conflict (user_id) do update set body = excluded.body`,
      [people.ada, name, now()],
    )
  await zone('America/Los_Angeles')
  expect(await send()).toBe(0)
  expect(await send(inHours(7.9))).toBe(0)
  expect(await send(inHours(8))).toBe(1)
  await room.drain()
  expect(mails()).toMatchObject([{ subject: expect.stringContaining('管理者の対応が必要な項目') }])
})

test('lists reviews that wait, and drops what is settled before it is sent', async () => {
  await room.owner.query('insert into review (request_id, due_at) values ($1, $2)', [
    room.request,
    now(),
  ])
  expect(await send()).toBe(1)
  await room.owner.query('delete from review')
  await room.drain()
  expect(mails()).toEqual([])
  expect(await room.notices()).toMatchObject([
    { state: 'dropped', last_error: 'Nothing is late, failing or waiting any more' },
  ])
})

test('is off where the setting is, and for whoever turned it off', async () => {
  await fails()
  await room.world.settings({ dailyDigest: false })
  expect(await send()).toBe(0)
  await room.world.settings({ dailyDigest: true })
  await room.owner.query(`insert into preference (user_id, body, updated_at) values ($1, $2, $3)`, [
    people.ada,
    { muted: { digest: ['email', 'slack'] } },
    now(),
  ])
  await send()
  expect(await room.notices()).toEqual([])
})

test('two copies at once tell once', async () => {
  await fails()
  const told = await Promise.all([send(), send(), send()])
  expect(told.toSorted()).toEqual([0, 0, 1])
  expect(await room.notices()).toHaveLength(1)
})
