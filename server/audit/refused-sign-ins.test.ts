import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { closeRefusedSignInHours, recordRefusedSignIn } from './refused-sign-ins.ts'
import { verifyChain } from './verify.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  await database.owner.query('delete from audit_event; delete from refused_sign_in')
  await database.owner.query(
    `update audit_head set seq = 0, hash = decode(repeat('00', 32), 'hex')`,
  )
})

const hour = (hours: number, minutes = 0) => new Date(Date.UTC(2026, 10, 24, hours, minutes))
const refused = (address: string) => ({
  reason: 'replayed',
  length: 4711,
  sha256: 'ab'.repeat(32),
  address,
})

async function refuse(address: string, times: number, at: Date): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    await recordRefusedSignIn(database.db, refused(address), at)
  }
}

interface Line {
  action: string
  object_id: string
  result: string
  payload: string
}

async function trail(): Promise<Line[]> {
  const { rows } = await database.owner.query<Line>(
    'select action, object_id, result, payload from audit_event order by seq',
  )
  return rows
}

const countOf = async (action: string) =>
  (await trail()).filter((line) => line.action === action).length
const counters = async () =>
  Number((await database.owner.query('select count(*) as n from refused_sign_in')).rows[0].n)

test('a refused sign-in leaves its reason, length and hash, and nothing else of the message', async () => {
  await refuse('192.0.2.7', 1, hour(9))
  expect(await trail()).toEqual([
    {
      action: 'sign-in.refuse',
      object_id: '192.0.2.7',
      result: 'replayed',
      payload: JSON.stringify({
        address: '192.0.2.7',
        length: 4711,
        reason: 'replayed',
        sha256: 'ab'.repeat(32),
      }),
    },
  ])
})

test('the 21st from one address within the hour is only counted; the next hour starts anew', async () => {
  await refuse('192.0.2.7', 25, hour(9, 10))
  expect(await countOf('sign-in.refuse')).toBe(20)
  await refuse('192.0.2.8', 1, hour(9, 59))
  expect(await countOf('sign-in.refuse')).toBe(21)
  await refuse('192.0.2.7', 1, hour(10))
  expect(await countOf('sign-in.refuse')).toBe(22)
})

test('an hour that is over gets one event with the count of what was only counted', async () => {
  await refuse('192.0.2.7', 25, hour(9))
  await refuse('192.0.2.8', 23, hour(9, 30))
  await closeRefusedSignInHours(database.db, hour(9, 59))
  expect(await countOf('sign-in.refuse-many')).toBe(0)
  await Promise.all([
    closeRefusedSignInHours(database.db, hour(10, 1)),
    closeRefusedSignInHours(database.db, hour(10, 1)),
  ])
  const [many, ...more] = (await trail()).filter((line) => line.action === 'sign-in.refuse-many')
  expect(more).toEqual([])
  expect(many).toEqual({
    action: 'sign-in.refuse-many',
    object_id: hour(9).toISOString(),
    result: 'counted',
    payload: JSON.stringify({ hour: hour(9).toISOString(), refusals: 8 }),
  })
  expect(await counters()).toBe(0)
})

test('an hour without a flood is closed without an event', async () => {
  await refuse('192.0.2.7', 20, hour(9))
  await closeRefusedSignInHours(database.db, hour(12))
  expect(await countOf('sign-in.refuse-many')).toBe(0)
  expect(await counters()).toBe(0)
})

test('a flood from ever new addresses writes 200 events, keeps few counters, and counts the rest', async () => {
  const addresses = Array.from({ length: 260 }, (_, index) => `2001:db8::${index.toString(16)}`)
  for (const address of addresses) await refuse(address, 1, hour(9))
  expect(await countOf('sign-in.refuse')).toBe(200)
  expect(await counters()).toBe(202)
  await closeRefusedSignInHours(database.db, hour(10))
  expect(JSON.parse((await trail()).at(-1)?.payload ?? '')).toMatchObject({ refusals: 60 })
})

test('one address that floods does not use up what others may write', async () => {
  await refuse('192.0.2.7', 250, hour(9))
  await refuse('192.0.2.8', 20, hour(9))
  expect(await countOf('sign-in.refuse')).toBe(40)
})

test('refusals at the same moment are neither lost nor counted twice, and the trail holds', async () => {
  await Promise.all(Array.from({ length: 40 }, () => refuse('192.0.2.7', 1, hour(9))))
  expect(await countOf('sign-in.refuse')).toBe(20)
  await closeRefusedSignInHours(database.db, hour(10))
  expect(JSON.parse((await trail()).at(-1)?.payload ?? '')).toMatchObject({ refusals: 20 })
  expect(await verifyChain(database.db)).toMatchObject({ ok: true, events: 21 })
})

test('whatever comes when, an hour’s events and counts add up to its refusals', async () => {
  const arrival = fc.record({
    address: fc.constantFrom('a', 'b', 'c', '*', '+'),
    hours: fc.integer({ min: 0, max: 2 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(arrival, { maxLength: 90 }), async (arrivals) => {
      await database.owner.query('delete from audit_event; delete from refused_sign_in')
      await database.owner.query(
        `update audit_head set seq = 0, hash = decode(repeat('00', 32), 'hex')`,
      )
      for (const { address, hours } of arrivals) await refuse(address, 1, hour(hours))
      await closeRefusedSignInHours(database.db, hour(3))
      const lines = await trail()
      for (const hours of [0, 1, 2]) {
        const own = Map.groupBy(
          arrivals.filter((one) => one.hours === hours),
          (one) => one.address,
        )
        const beyond = [...own.values()]
          .map((list) => Math.max(0, list.length - 20))
          .reduce((sum, more) => sum + more, 0)
        const many = lines.find((line) => line.object_id === hour(hours).toISOString())
        expect(many === undefined ? 0 : JSON.parse(many.payload).refusals).toBe(beyond)
      }
      const singles = lines.filter((line) => line.action === 'sign-in.refuse').length
      const counted = lines
        .filter((line) => line.action === 'sign-in.refuse-many')
        .reduce((sum, line) => sum + JSON.parse(line.payload).refusals, 0)
      expect(singles + counted).toBe(arrivals.length)
    }),
    { numRuns: 15 },
  )
})
