import { sql, type Transaction } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWorld, type World } from '#test/factory.ts'
import { listRequestIds, type RequestConditions } from './request-list.ts'
import type { Schema } from './schema.ts'

/** More than a search sorts; tickets are numbered in time, the first is the oldest. */
const requests = 20_050
let world: World
const tickets = new Map<string, string>()

beforeAll(async () => {
  world = await createWorld()
  await world.eligibility()
  await world.approval()
  const id = await world.submit('alice')
  const { rows } = await world.database.owner.query<{ id: string; ticket: string }>(
    `insert into request select (jsonb_populate_record(r, jsonb_build_object(
       'request_id', gen_random_uuid(), 'submission_id', gen_random_uuid(), 'status', 'pending',
       'permission_set_arn', r.permission_set_arn || n, 'ticket', 'CHG-' || lpad(n::text, 5, '0'),
       'requester_user_name', 'person-' || lpad((n % 100)::text, 2, '0'),
       'requester_name', 'Person ' || n % 10,
       'created_at', r.created_at - make_interval(secs => $2 - n)))).*
     from request r, generate_series(1, $2::int) n where request_id = $1
     returning request_id as id, ticket`,
    [id, requests],
  )
  for (const row of rows) tickets.set(row.id, row.ticket)
  const owner = await world.database.owner.connect()
  // What is not on the disk yet counts as not seen by all.
  await owner.query('set synchronous_commit = on')
  for (const how of ['analyze', 'vacuum']) await owner.query(`${how} request`)
  owner.release(true)
}, 60_000)
afterAll(() => world.close())

const numbered = (from: number, to: number) =>
  Array.from({ length: from - to + 1 }, (_, at) => `CHG-${String(from - at).padStart(5, '0')}`)

const newest = { sort: 'createdAt', limit: 25, after: null } as const

async function found(conditions: RequestConditions, limit: number, pages: number) {
  const seen: string[] = []
  let after: { at: Date; id: string } | null = null
  for (let page = 1; page <= pages; page += 1) {
    const rows = await listRequestIds(world.db, conditions, { sort: 'createdAt', limit, after })
    const shown = rows.slice(0, limit)
    seen.push(...shown.map(({ id }) => tickets.get(id) ?? id))
    const last = shown.at(-1)
    if (rows.length <= limit || last === undefined) break
    after = { at: last.sortedAt, id: last.id }
  }
  return seen
}

describe('a search', () => {
  const searches: [string, RequestConditions, string[]][] = [
    ['that finds one', { ticket: 'chg-00007' }, numbered(7, 7)],
    ['that finds some, all of them old', { ticket: 'CHG-000' }, numbered(99, 1)],
    ['among all beginnings that finds some', { q: 'chg-000' }, numbered(99, 1)],
    ['that finds all', { ticket: 'CHG-' }, numbered(requests, requests - 124)],
    ['among all beginnings that finds all', { q: 'chg' }, numbered(requests, requests - 124)],
    ['that finds nothing', { ticket: 'INC-' }, []],
    ['for what two names begin with', { q: 'person' }, numbered(requests, requests - 124)],
    ['for one name', { q: 'Ｐerson-50' }, numbered(requests, 1).filter((one) => /50$/.test(one))],
    ['for a sign of LIKE', { q: 'CHG%' }, []],
  ]
  test.each(searches)(
    '%s is newest first and whole from page to page',
    async (_, asked, wanted) => {
      expect(await found(asked, 25, 5)).toEqual(wanted.slice(0, 125))
    },
  )

  test('of what is old does not look through what is new', async () => {
    const read = await world.db.transaction().execute(async (tx) => {
      const before = await rowsRead(tx)
      await listRequestIds(tx, { ticket: 'CHG-00' }, newest)
      return (await rowsRead(tx)) - before
    })
    expect(read).toBeLessThan(3_000)
  })

  test('for a name sorts what its index knows, and reads no row', async () => {
    const read = await world.db.transaction().execute(async (tx) => {
      const before = await rowsRead(tx)
      await listRequestIds(tx, { q: 'person-07' }, newest)
      return (await rowsRead(tx)) - before
    })
    expect(read).toBeLessThan(10)
  })
})

/** Of the table, by this connection. */
async function rowsRead(tx: Transaction<Schema>): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select coalesce(idx_tup_fetch, 0) + seq_tup_read as count
    from pg_stat_xact_user_tables where relname = 'request'`.execute(tx)
  return rows[0]?.count ?? 0
}
