import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { createLeader, type Leader, type LeaderDeps, leaseMs } from './leader.ts'

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.drop())

const log = { info: () => undefined, warn: () => undefined }

function copy(holder: string, more: Partial<LeaderDeps> = {}): Leader {
  return createLeader({ db: database.db, holder, log, ...more })
}

async function row() {
  const found = await sql<{ epoch: number; holder: string | null; over: boolean }>`
    select epoch, holder, expires_at <= clock_timestamp() as over from leader`.execute(database.db)
  return found.rows[0]
}

/** As if nobody had renewed it for so long. */
async function letTheLeaseRunOut() {
  await sql`update leader set expires_at = clock_timestamp()`.execute(database.db)
}

test('of two copies that ask, one leads', async () => {
  const copies = [copy('one'), copy('two')]
  await Promise.all(copies.map((one) => one.tick()))
  expect(copies.filter((one) => one.mayAct())).toHaveLength(1)
})

test('a lease that ran out is taken over under the next epoch, and its holder renews in vain', async () => {
  const [one, two] = [copy('one'), copy('two')]
  await one.tick()
  const first = one.epoch()
  await letTheLeaseRunOut()
  await two.tick()
  expect(two.epoch()).toBe((first ?? 0) + 1)
  await one.tick()
  expect(one.epoch()).toBeNull()
  expect(await row()).toMatchObject({ holder: 'two', over: false })
})

test('a copy that has not renewed for as long as the lease lasts may not act, whatever the row says', async () => {
  let nowMs = 0
  const one = copy('one', { monotonicMs: () => nowMs })
  await one.tick()
  nowMs = leaseMs - 1
  expect(one.mayAct()).toBe(true)
  nowMs = leaseMs
  expect([one.mayAct(), one.epoch()]).toEqual([false, null])
  expect(await row()).toMatchObject({ holder: 'one', over: false })
})

test('a machine that slept does not wake up as the leader it was, though its monotonic clock stood still', async () => {
  let wallMs = 1_000_000
  const one = copy('one', { monotonicMs: () => 5, wallMs: () => wallMs })
  await one.tick()
  expect(one.mayAct()).toBe(true)
  wallMs += leaseMs
  expect([one.mayAct(), one.epoch()]).toEqual([false, null])
})

test('the lead that is given away waits for nobody, and the one who gave it does not take it back', async () => {
  const [one, two] = [copy('one'), copy('two')]
  await one.tick()
  await one.release()
  await one.tick()
  expect(one.epoch()).toBeNull()
  expect(await row()).toMatchObject({ holder: null, over: true })
  await two.tick()
  expect(two.mayAct()).toBe(true)
})

test('code that has become too old for the schema gives the lead away and never takes it', async () => {
  let isRecent = true
  const old = copy('old', { mayLead: async () => isRecent })
  await old.tick()
  expect(old.mayAct()).toBe(true)
  isRecent = false
  await old.tick()
  expect(old.epoch()).toBeNull()
  expect(await row()).toMatchObject({ holder: null, over: true })
  await old.tick()
  expect(old.epoch()).toBeNull()
})
