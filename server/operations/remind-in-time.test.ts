import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { RequestId } from '#core/ids.ts'
import { createAnnounce } from '#server/notify/announce.ts'
import { createApproversOf } from '#server/notify/approvers.ts'
import { createWorld, people, type World } from '#test/factory.ts'
import { approveRequest } from './approve-request.ts'
import { remindInTime } from './remind-in-time.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
  await world.eligibility({ maxDurationMinutes: 480 })
  await world.approval()
})
afterAll(() => world.close())
beforeEach(async () => {
  await world.database.owner.query('delete from notice')
  await world.database.owner.query(`update request set status = 'expired' where status = 'pending'`)
  await world.settings({ endSoonMinutes: 15, reminderMinutes: 0 })
})

const remind = () => {
  const announce = createAnnounce({ approversOf: createApproversOf(world.rules) })
  return remindInTime({ db: world.db, announce }, world.clock.now())
}
async function told(): Promise<string[]> {
  const { rows } = await world.database.owner.query(
    'select event, receiver_id from notice order by event, address',
  )
  const nameOf = (id: string) => Object.entries(people).find(([, one]) => one === id)?.[0]
  return rows.map((row) => `${row.event} ${nameOf(row.receiver_id)}`)
}
async function active(durationMinutes: number): Promise<RequestId> {
  const id = await world.submit('alice', { durationMinutes })
  await approveRequest(world.ports, {
    actor: await world.actor('bob'),
    requestId: id,
    comment: null,
  })
  await world.activate(id)
  return id
}
/** As the engine leaves it; the next test asks for the same. */
const over = (id: RequestId) =>
  world.database.owner.query(
    `update access_grant set over_at = ends_at, stopped_at = ends_at where request_id = $1`,
    [id],
  )

test('whoever has access is told once, 15 minutes before its end and not earlier', async () => {
  const id = await active(60)
  world.pass(44 * 60)
  expect(await remind()).toBe(0)
  world.pass(60)
  expect(await remind()).toBe(1)
  expect(await told()).toEqual(['ending_soon alice'])
  expect(await remind()).toBe(0)
  await over(id)
})

test('nobody is told of the end of access that lasts twice that time or less', async () => {
  const id = await active(30)
  world.pass(20 * 60)
  expect(await remind()).toBe(0)
  await over(id)
})

test('approvers who have not voted are reminded once, if the setting asks for it', async () => {
  await world.settings({ requestExpiryMinutes: 180 })
  const id = await world.submit('erin')
  await world.database.owner.query(
    `insert into decision (request_id, user_id, user_name, decision, comment, at, counted_for)
     values ($1, $2, 'bob', 'approved', null, $3, '{}')`,
    [id, people.bob, world.clock.now()],
  )
  world.pass(151 * 60)
  expect(await remind()).toBe(0)
  await world.settings({ reminderMinutes: 30 })
  expect(await remind()).toBe(1)
  expect(await told()).toEqual(['reminder carol'])
  expect(await remind()).toBe(0)
})
