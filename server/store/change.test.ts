import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
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

test('the keys of everybody who holds a permission set are nudged together, not one by one', async () => {
  const at = world.clock.now()
  const keys = Array.from({ length: 500 }, () => ({
    user_id: randomUUID(),
    account_id: '111122223333',
    permission_set_arn: 'arn',
    updated_at: at,
  }))
  const rows = await world.db.insertInto('ledger_key').values(keys).returning('key_id').execute()
  const queries = vi.spyOn(pg.Client.prototype, 'query')
  await change(world.db, at, (c) => c.nudge(rows.map((row) => row.key_id)))
  const updates = queries.mock.calls.filter(([query]) => JSON.stringify(query).includes('update '))
  queries.mockRestore()
  expect(updates).toHaveLength(1)
  const nudged = world.db.selectFrom('ledger_key').select('nudges').where('next_at', '=', at)
  expect(await nudged.execute()).toEqual(rows.map(() => ({ nudges: 1 })))
})
