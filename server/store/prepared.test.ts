import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { openDatabase } from './database.ts'
import { preparedOnce, rowsOfPrepared } from './prepared.ts'

let database: TestDatabase
let one: ReturnType<typeof openDatabase>
beforeEach(async () => {
  database = await createTestDatabase()
  // One connection, so that it is known which one has prepared what.
  const log = { warn: () => undefined }
  one = openDatabase({ connection: database.url, log, connectionsMax: { app: 1 } })
})
afterEach(async () => {
  await one.close()
  await database.drop()
})

const preparedTexts = async () => {
  const { rows } = await sql<{
    statement: string
  }>`select statement from pg_prepared_statements`.execute(one.db)
  return rows.map(({ statement }) => statement)
}
const versions = (atLeast: number) =>
  rowsOfPrepared(
    one.db,
    sql<{ version: number }>`select version from rules_version where version >= ${atLeast}`,
  )

test('a statement is prepared once a connection and answers by what it is given', async () => {
  expect(await versions(0)).toHaveLength(1)
  expect(await versions(1_000)).toEqual([])
  expect(await versions(0)).toHaveLength(1)
  const own = (await preparedTexts()).filter((text) => text.includes('rules_version'))
  expect(own).toHaveLength(1)
})

test('other statements are not', async () => {
  await sql`select version from directory_version where version >= ${0}`.execute(one.db)
  expect(await preparedTexts()).toEqual([])
})

test('a statement that fails can be sent again', async () => {
  const divided = (by: number) =>
    rowsOfPrepared(one.db, sql<{ left: number }>`select 10 / ${by}::int as "left"`)
  await expect(divided(0)).rejects.toThrow('division by zero')
  expect(await divided(5)).toEqual([{ left: 2 }])
})

test('a column that a newer copy adds disturbs no statement', async () => {
  expect(await versions(0)).toHaveLength(1)
  await database.owner.query('alter table rules_version add column why text')
  expect(await versions(0)).toHaveLength(1)
})

test.each([
  'select * from rules_version',
  'select r.* from rules_version r',
  'select r.version, r.* from rules_version r',
])('%s would not survive that, and is refused', async (text) => {
  await expect(rowsOfPrepared(one.db, sql.raw(text))).rejects.toThrow('names its columns')
})

test('a count is no such star', async () => {
  const counted = await rowsOfPrepared(
    one.db,
    sql<{ rows: number }>`select count(*)::int as rows from rules_version`,
  )
  expect(counted).toEqual([{ rows: 1 }])
})

test('a statement that is put together once answers by the values of each time', async () => {
  let built = 0
  const sum = preparedOnce((_db, one: number, other: number) => {
    built += 1
    return sql<{ sum: number }>`select ${one}::int + ${other}::int as sum`
  })
  expect(await sum(one.db, 1, 2)).toEqual([{ sum: 3 }])
  expect(await sum(one.db, 20, 3)).toEqual([{ sum: 23 }])
  expect(built).toBe(1)
})

test.each([
  ['in another order', (a: number, b: number) => sql`select ${b}::int - ${a}::int as left`],
  ['one of them twice', (a: number, b: number) => sql`select ${a}::int + ${b}::int + ${b}::int`],
  ['not all of them', (a: number) => sql`select ${a}::int as one`],
])('naming its values %s, it would answer wrongly, and is refused', async (_how, text) => {
  const wrong = preparedOnce((_db, a: number, b: number) => text(a, b))
  await expect(wrong(one.db, 1, 2)).rejects.toThrow('names each value once')
})
