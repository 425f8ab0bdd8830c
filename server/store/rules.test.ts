import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createWorld, devReadOnly, type World } from '#test/factory.ts'
import { change } from './change.ts'
import { createRulesStore } from './rules.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

async function readingsOf(work: () => Promise<unknown>): Promise<number> {
  const queries = vi.spyOn(pg.Client.prototype, 'query')
  try {
    await work()
    const said = queries.mock.calls.map(([query]) => JSON.stringify(query))
    return said.filter((text) => text.includes('from \\"eligibility_policy\\"')).length
  } finally {
    queries.mockRestore()
  }
}

const many = <Result>(work: () => Promise<Result>) => Promise.all(Array.from({ length: 20 }, work))

test('however many ask after a change, policies are read once, and everybody has what was changed', async () => {
  const store = createRulesStore()
  await store.load(world.db)
  const before = await world.rules.load(world.db)
  await world.eligibility({ note: 'a new one' })
  const loaded: Awaited<ReturnType<typeof many<typeof before>>> = []
  const readings = await readingsOf(async () => {
    loaded.push(...(await many(() => store.load(world.db))))
  })
  expect(readings).toBe(1)
  for (const { eligibilityPolicies } of loaded) {
    expect(eligibilityPolicies).toHaveLength(before.eligibilityPolicies.length + 1)
  }
  expect(await readingsOf(() => many(() => store.load(world.db)))).toBe(0)
})

test('a reading that failed is not shared with who asks afterwards', async () => {
  const store = createRulesStore()
  const broken = world.db.withSchema('nowhere')
  await expect(store.load(broken)).rejects.toThrow()
  expect((await store.load(world.db)).evaluator.asked(devReadOnly)).toBeDefined()
})

test('transactions that fill every connection do not wait for one that has none', async () => {
  const store = createRulesStore()
  await store.load(world.db)
  await world.eligibility({ note: 'another one' })
  const inTransaction = () =>
    change(world.db, world.clock.now(), async (c) => (await store.load(c.tx)).version)
  const versions = await Promise.all([store.load(world.db), many(inTransaction)])
  expect(new Set(versions[1])).toEqual(new Set([versions[0].version]))
})
