import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEngineWorld, type EngineWorld } from '#test/engine-world.ts'

let world: EngineWorld
beforeEach(async () => {
  world = await createEngineWorld()
})
afterEach(() => world.close())

test('after the clock was set back an hour, a lost due time is still found within a minute', async () => {
  const id = await world.approved({ minutes: 60 })
  await world.pass(4)
  expect(await world.status(id)).toBe('active')
  world.sleep(-3_600)
  await world.database.owner.query('update ledger_key set next_at = null')
  await world.pass(61)
  const { rows } = await world.database.owner.query('select next_at from ledger_key')
  expect(rows[0].next_at).not.toBeNull()
})

test('after the clock was set back an hour, work that had just failed is tried again within seconds', async () => {
  world.fault({ operation: 'DescribePermissionSet', error: 'InternalServerException' })
  const id = await world.approved({ minutes: 60 })
  await world.pass(1)
  expect(await world.status(id)).toBe('scheduled')
  world.sleep(-3_600)
  world.clearFaults()
  // Due by the new clock too: what keeps it waiting is only that it has just failed.
  await world.database.owner.query(`
    update access_grant set due_at = due_at - interval '1 hour',
      activation_deadline = activation_deadline - interval '1 hour';
    update ledger_key set next_at = next_at - interval '1 hour'`)
  await world.pass(10)
  expect(await world.status(id)).toBe('active')
})
