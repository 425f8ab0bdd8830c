import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemActor } from '#server/store/change.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { makeChange } from './making-changes.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const ports = () => ({ db: database.db, clock: { now: () => new Date('2026-11-24T00:00:00Z') } })

const events = async (action: string) =>
  (await database.db.selectFrom('audit_event').where('action', '=', action).selectAll().execute())
    .length

/** A change with one event, in whose first attempts the session is ended under way. */
function lostTimes(times: number, action: string) {
  let attempts = 0
  return makeChange(ports(), async (c) => {
    attempts += 1
    c.event({ actor: systemActor, action, object: { type: 'test', id: '1' }, payload: {} })
    if (attempts > times) return attempts
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(c.tx)
    await database.owner.query('select pg_terminate_backend($1)', [rows[0]?.pid])
    await sql`select 1`.execute(c.tx)
    return attempts
  })
}

test('a change whose session was ended under way is done again, and done once', async () => {
  expect(await lostTimes(2, 'lost.twice')).toBe(3)
  expect(await events('lost.twice')).toBe(1)
})

test('after four attempts it says that nothing was changed, and nothing was', async () => {
  await expect(lostTimes(99, 'lost.always')).rejects.toMatchObject({
    code: 'unavailable',
    status: 503,
  })
  expect(await events('lost.always')).toBe(0)
})

test('a mistake of ours is not tried again', async () => {
  let attempts = 0
  const broken = makeChange(ports(), async () => {
    attempts += 1
    throw new Error('a mistake')
  })
  await expect(broken).rejects.toThrow('a mistake')
  expect(attempts).toBe(1)
})
