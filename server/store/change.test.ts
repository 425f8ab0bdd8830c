import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RequestId } from '#core/ids.ts'
import { createWorld, type World } from '#test/factory.ts'
import { change } from './change.ts'

let world: World
let requestId: RequestId
beforeAll(async () => {
  world = await createWorld()
  await world.eligibility()
  await world.approval()
  requestId = await world.submit('alice')
})
afterAll(() => world.close())

function tell(receivers: number, address: string | null, facts: object = {}) {
  return change(world.db, world.clock.now(), async (c) => {
    for (let told = 0; told < receivers; told += 1) {
      const notice = { event: 'expired', channel: 'email', receiverId: randomUUID() } as const
      c.notice({ requestId, ...notice, address, facts })
    }
  })
}

const written = () =>
  world.db.selectFrom('notice').select(['state', 'address', 'facts', 'created_at']).execute()

async function jobs(): Promise<number> {
  const { owner } = world.database
  const { rows } = await owner.query(
    'select count(*) from graphile_worker.jobs where key is not null and max_attempts = 12',
  )
  return rows[0].count
}

test('one change tells a whole company, six thousand people, in the time that it has', async () => {
  const before = await jobs()
  await tell(6_000, 'a@example.com')
  expect(await written()).toHaveLength(6_000)
  expect(await jobs()).toBe(before + 6_000)
}, 60_000)

test('what is told is written as it was said, and whoever has no address gets no job', async () => {
  const facts = { standing: 'requester', said: '「"夜間" \\ {a,NULL}」' }
  const before = await jobs()
  await tell(1, null, facts)
  const unaddressed = (await written()).filter(({ address }) => address === null)
  expect(unaddressed).toEqual([
    { state: 'no_address', address: null, facts, created_at: world.clock.now() },
  ])
  expect(await jobs()).toBe(before)
})
