import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { timedJobs, timetable } from './jobs.ts'

let database: TestDatabase
const now = new Date('2026-11-24T12:00:00Z')
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000)
const id = (tail: number) => `00000000-0000-4000-8000-${String(tail).padStart(12, '0')}`

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

async function run(name: string): Promise<void> {
  const job = timedJobs.find((one) => one.name === name)
  if (job === undefined) throw new Error(`There is no job ${name}`)
  await job.run(database.db, now)
}

async function left(table: string, column: string): Promise<unknown[]> {
  const { rows } = await database.owner.query(`select ${column} as x from ${table} order by 1`)
  return rows.map((row) => row.x)
}

test('every timed job is in the timetable under its own name, once', () => {
  const names = timetable().map((item) => item.task)
  expect(names).toEqual(timedJobs.map((job) => job.name))
  expect(new Set(names).size).toBe(names.length)
  for (const job of timedJobs) expect(`${job.what} ${job.why}`).toMatch(/^[A-Z].*\. .*\.$/)
})

describe('housekeeping keeps what is still needed', () => {
  test('idempotency keys for a day', async () => {
    for (const [key, hours] of [
      ['new', 23],
      ['old', 25],
    ] as const) {
      await database.owner.query(
        `insert into idempotency_key (actor_id, route, key, body_hash, created_at, claimed_at)
         values ('a', 'r', $1, '\\x00', $2, $2)`,
        [key, ago(hours)],
      )
    }
    await run('purge-idempotency-keys')
    expect(await left('idempotency_key', 'key')).toEqual(['new'])
  })

  test('the change feed for a day, however long it has become', async () => {
    await database.owner.query(
      `insert into change_feed (object_type, object_id, version, at)
       select 'request', 'old', 1, $1 from generate_series(1, 2500)`,
      [ago(25)],
    )
    await database.owner.query(
      `insert into change_feed (object_type, object_id, version, at) values ('request', 'new', 1, $1)`,
      [ago(1)],
    )
    await run('purge-change-feed')
    expect(await left('change_feed', 'object_id')).toEqual(['new'])
  })

  test('looks for an hour', async () => {
    for (const [account, minutes] of [
      ['new', 30],
      ['old', 90],
    ] as const) {
      await database.owner.query(`insert into target_look values ($1, 'arn', $2, '{}', '{}')`, [
        account,
        ago(minutes / 60),
      ])
    }
    await run('purge-looks')
    expect(await left('target_look', 'account_id')).toEqual(['new'])
  })

  test('notices for 90 days, and longer while they are to be sent', async () => {
    const rows = [
      [1, 89 * 24, 'sent'],
      [2, 91 * 24, 'sent'],
      [3, 91 * 24, 'queued'],
      [4, 91 * 24, 'failed'],
    ] as const
    for (const [number, hours, state] of rows) {
      await database.owner.query(
        `insert into notice (notice_id, event, channel, receiver_id, state, facts, created_at)
         values ($1, 'active', 'email', 'u', $2, '{}', $3)`,
        [id(number), state, ago(hours)],
      )
    }
    await run('purge-notices')
    expect(await left('notice', 'notice_id')).toEqual([id(1), id(3)])
  })

  test('sessions for a day after their end, assertion ids until they expire', async () => {
    for (const [hash, hours] of [
      ['01', 23],
      ['02', 25],
    ] as const) {
      await database.owner.query(
        `insert into sign_in_session values (decode($1, 'hex'), 'u', 't', $2, $2, $2)`,
        [hash, ago(hours)],
      )
    }
    for (const [assertion, hours] of [
      ['new', -1],
      ['old', 1],
    ] as const) {
      await database.owner.query('insert into saml_assertion_once values ($1, $2)', [
        assertion,
        ago(hours),
      ])
    }
    await run('purge-sign-ins')
    expect(await left('sign_in_session', `encode(id_hash, 'hex')`)).toEqual(['01'])
    expect(await left('saml_assertion_once', 'assertion_id')).toEqual(['new'])
  })

  test('refused sign-ins until their hour is over, then as one event', async () => {
    await database.owner.query(`insert into refused_sign_in values ('+', $1, 7), ('+', $2, 5)`, [
      new Date('2026-11-24T11:00:00Z'),
      new Date('2026-11-24T12:00:00Z'),
    ])
    await run('close-refused-sign-ins')
    expect(await left('refused_sign_in', 'refusals')).toEqual([5])
    expect(await left('audit_event', 'action')).toEqual(['sign-in.refuse-many'])
  })
})
