import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { type Bucket, type Budget, createBudget, rateOf, reserve } from './budget.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(() => database.db.deleteFrom('aws_budget').execute())

const engine: Bucket = 'sso-admin'
const { perSecond, burst } = rateOf(engine)

/** A copy of the program; its waits are told, not waited. */
function copy(): Budget & { readonly waits: number[] } {
  const waits: number[] = []
  const wait = () => Promise.resolve()
  const onWait = (_bucket: Bucket, milliseconds: number) => void waits.push(milliseconds)
  return { ...createBudget({ db: database.db, wait, onWait }), waits }
}

const takeMany = (budget: Budget, count: number, bucket = engine) =>
  Promise.all(Array.from({ length: count }, () => budget.take(bucket)))

describe('a budget', () => {
  test('lets a burst through at once and then goes at the rate', async () => {
    const one = copy()
    await takeMany(one, burst + 30)
    expect(one.waits.slice(0, burst)).toEqual(Array.from({ length: burst }, () => 0))
    for (const [place, waitMs] of one.waits.slice(burst).entries()) {
      expect(waitMs).toBe(Math.ceil(((place + 1) * 1000) / perSecond))
    }
  })

  test('is one for all copies', async () => {
    const copies = [copy(), copy(), copy()]
    const startedMs = performance.now()
    await Promise.all(copies.map((one) => takeMany(one, 20)))
    const tookSeconds = (performance.now() - startedMs) / 1000
    const waits = copies.flatMap((one) => one.waits).toSorted((a, b) => a - b)
    // What the rate let in while the copies asked is the only slack.
    const free = burst + perSecond * tookSeconds
    expect(waits.filter((waitMs) => waitMs === 0).length).toBeLessThanOrEqual(free + 1)
    expect(waits.at(-1)).toBeGreaterThan(((60 - free - 1) * 1000) / perSecond)
  })

  test('asks the database once for what comes together', async () => {
    const one = copy()
    await takeMany(one, 50)
    const row = await database.db.selectFrom('aws_budget').selectAll().executeTakeFirstOrThrow()
    expect(row.tokens).toBe(burst - 50)
  })

  test('of one quota does not slow another', async () => {
    const one = copy()
    await takeMany(one, 100)
    await one.take('sso-admin/other')
    await one.take('identitystore/DescribeUser')
    expect(one.waits.slice(-2)).toEqual([0, 0])
  })

  test('pauses everybody, and several pauses are not added up', async () => {
    const [one, other] = [copy(), copy()]
    await Promise.all([one.pause(engine, 2_000), one.pause(engine, 2_000)])
    await other.take(engine)
    expect(other.waits[0]).toBeGreaterThan(1_500)
    expect(other.waits[0]).toBeLessThan(2_200)
  })

  test('never holds more than its burst, however long it rested', async () => {
    await reserve(database.db, engine, 1)
    await database.db
      .updateTable('aws_budget')
      .set({ at: new Date(0) })
      .execute()
    const waits = await reserve(database.db, engine, burst + 1)
    expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(burst)
  })

  test('is not emptied by a clock that jumps back', async () => {
    await reserve(database.db, engine, 1)
    const ahead = new Date(Date.now() + 3_600_000)
    await database.db.updateTable('aws_budget').set({ at: ahead }).execute()
    expect(await reserve(database.db, engine, burst - 1)).toEqual(
      Array.from({ length: burst - 1 }, () => 0),
    )
  })

  test('that cannot be asked lets nobody through at once', async () => {
    const broken = await createTestDatabase()
    await broken.drop()
    const waits: number[] = []
    const onWait = (_bucket: Bucket, milliseconds: number) => void waits.push(milliseconds)
    const budget = createBudget({ db: broken.db, wait: () => Promise.resolve(), onWait })
    await takeMany(budget, 3)
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(1_000)
  })

  test('of sso-admin is what AWS allows, of which others than the engine get a quarter', () => {
    expect(rateOf('sso-admin').perSecond).toBe(20)
    expect(rateOf('sso-admin').burst).toBeLessThan(20)
    expect(rateOf('sso-admin/other').perSecond).toBeLessThanOrEqual(5)
  })
})
