import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { socketOf, TcpProxy, urlThrough } from '#test/tcp-proxy.ts'
import {
  clientConfig,
  databaseNow,
  isConnectionError,
  isSerializationFailure,
  isUniqueViolation,
  openDatabase,
  violatedConstraint,
  whyUnreachable,
  withTransaction,
} from './database.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  await database.owner.query(`
    create table note (
      id integer constraint a_note_has_its_own_number primary key,
      size integer constraint a_note_is_not_empty check (size > 0)
    );
    grant select, insert, update on note to team_app;
  `)
})
afterAll(() => database.drop())

async function ask(text: string, from = database.db): Promise<unknown[]> {
  const { rows } = await sql.raw<Record<string, unknown>>(text).execute(from)
  return rows.flatMap((row) => Object.values(row))
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => {
      throw new Error('it did not fail')
    },
    (error: unknown) => error,
  )
}

describe('roles', () => {
  test('the application works as team_app, and resetting its role does not make it the owner', async () => {
    const found = await database.db.connection().execute(async (one) => {
      await sql`reset role`.execute(one)
      await sql`reset all`.execute(one)
      return ask('select current_user::text, session_user::text', one)
    })
    expect(found).toEqual(['team_app', 'team_owner'])
  })

  test('the application may do what it was granted and nothing else', async () => {
    await ask('insert into note values (1, 1)')
    const failure = await failureOf(ask('delete from note'))
    expect(failure).toMatchObject({ code: '42501' })
    await expect(failureOf(ask('create table mine (id integer)'))).resolves.toMatchObject({
      code: '42501',
    })
  })

  test('the long pool has the same role', async () => {
    expect(await ask('select current_user::text', database.database.long)).toEqual(['team_app'])
  })
})

describe('time limits', () => {
  const shown = `select current_setting('idle_in_transaction_session_timeout'),
    current_setting('statement_timeout') as s, current_setting('transaction_timeout') as t`

  test('of the application are shorter than the lease; the long pool and the owner have none', async () => {
    expect(await ask(shown)).toEqual(['1s', '2s', '2s'])
    expect(await ask(shown, database.database.long)).toEqual(['0', '0', '0'])
    expect(Object.values((await database.owner.query(shown)).rows[0])).toEqual(['0', '0', '0'])
  })

  test('a transaction left idle loses its session and its work; the pool goes on', async () => {
    const limits = { idleInTransactionMs: 50 }
    const impatient = openDatabase({ connection: database.url, log: quiet, limits })
    const failure = await failureOf(
      withTransaction(impatient.db, async (tx) => {
        const [pid] = await ask('select pg_backend_pid()', tx)
        await ask('insert into note values (50, 1)', tx)
        await untilGone(Number(pid))
        await ask('select 1', tx)
      }),
    )
    expect(isConnectionError(failure)).toBe(true)
    expect(await ask('select count(*) from note where id = 50', impatient.db)).toEqual([0])
    await impatient.close()
  })

  test('a transaction that takes too long, though it is never idle, loses its session', async () => {
    const limits = { transactionMs: 50, statementMs: 0 }
    const impatient = openDatabase({ connection: database.url, log: quiet, limits })
    const failure = await failureOf(
      withTransaction(impatient.db, (tx) => ask('select pg_sleep(60)', tx)),
    )
    expect(isConnectionError(failure)).toBe(true)
    expect(await ask('select 1', impatient.db)).toEqual([1])
    await impatient.close()
  })

  test('a connection on which no answer comes is given up, and the pool goes on by another', async () => {
    const way = await TcpProxy.open(socketOf(database.url))
    const connection = urlThrough(way, database.url)
    const limits = { transactionMs: 500 }
    const cut = openDatabase({ connection, log: quiet, limits, connectionsMax: { app: 1 } })
    try {
      expect(await ask('select 1', cut.db)).toEqual([1])
      way.silence()
      const failure = await failureOf(ask('select 2', cut.db))
      expect(isConnectionError(failure)).toBe(true)
      way.heal()
      expect(await ask('select 3', cut.db)).toEqual([3])
    } finally {
      way.heal()
      await cut.close()
      await way.close()
    }
  })

  test('a statement that takes too long fails by itself', async () => {
    const impatient = openDatabase({
      connection: database.url,
      log: quiet,
      limits: { statementMs: 50 },
    })
    const failure = await failureOf(ask('select pg_sleep(60)', impatient.db))
    expect(failure).toMatchObject({ code: '57014' })
    await impatient.close()
  })
})

describe('values', () => {
  const cases: [string, unknown][] = [
    ['9007199254740991::int8', Number.MAX_SAFE_INTEGER],
    ['(-5)::int8', -5],
    ['null::int8', null],
    ["'{1,NULL,3}'::int8[]", [1, null, 3]],
    ["'{}'::int8[]", []],
    ["'2026-02-28'::date", '2026-02-28'],
    ["'2026-11-23 12:00:00.123+09'::timestamptz", new Date('2026-11-23T03:00:00.123Z')],
    ["'0.10'::numeric", '0.10'],
    ['7::int4', 7],
    ["'[1]'::jsonb", [1]],
  ]
  for (const [expression, value] of cases) {
    test(`${expression} is ${JSON.stringify(value)}`, async () => {
      expect(await ask(`select ${expression} as it`)).toEqual([value])
    })
  }

  test('an int8 that a number cannot hold is an error, not a rounded number', async () => {
    const failure = await failureOf(ask('select 9007199254740993::int8'))
    expect(failure).toBeInstanceOf(RangeError)
    expect(await ask('select 1')).toEqual([1])
  })

  test("pg's parsers for other programs in this process are left alone", () => {
    expect(pg.types.getTypeParser(20, 'text')('1')).toBe('1')
  })

  test('the clock moves within a transaction', async () => {
    const [before, after] = await withTransaction(database.db, async (tx) => {
      const first = await databaseNow(tx)
      await ask('select pg_sleep(0.005)', tx)
      return [first, await databaseNow(tx)]
    })
    expect(after.getTime()).toBeGreaterThan(before.getTime())
  })
})

describe('errors', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })

  test('a refused constraint is known by its name', async () => {
    await ask('insert into note values (10, 1)')
    const twice = await failureOf(ask('insert into note values (10, 1)'))
    expect(isUniqueViolation(twice)).toBe(true)
    expect(isUniqueViolation(twice, 'a_note_has_its_own_number')).toBe(true)
    expect(isUniqueViolation(twice, 'another')).toBe(false)
    const empty = await failureOf(ask('insert into note values (11, 0)'))
    expect(isUniqueViolation(empty)).toBe(false)
    expect(violatedConstraint(empty)).toBe('a_note_is_not_empty')
    expect(violatedConstraint(new Error('a_note_is_not_empty'))).toBeNull()
  })

  test('of two serializable transactions that cross, one is told to try again', async () => {
    await ask('insert into note values (20, 1), (21, 1)')
    const cross = (read: number, write: number, meet: () => Promise<void>) =>
      withTransaction(
        database.db,
        async (tx) => {
          await ask(`select size from note where id = ${read}`, tx)
          await meet()
          await ask(`update note set size = size + 1 where id = ${write}`, tx)
        },
        { isolation: 'serializable' },
      )
    const meet = barrier(2)
    const outcomes = await Promise.allSettled([cross(20, 21, meet), cross(21, 20, meet)])
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(failures).toHaveLength(1)
    expect(isSerializationFailure(failures[0]?.reason)).toBe(true)
    expect(isConnectionError(failures[0]?.reason)).toBe(false)
  })

  test('work that throws leaves nothing behind', async () => {
    const failure = await failureOf(
      withTransaction(database.db, async (tx) => {
        await ask('insert into note values (30, 1)', tx)
        throw new Error('changed my mind')
      }),
    )
    expect(failure).toMatchObject({ message: 'changed my mind' })
    expect(await ask('select id from note where id = 30')).toEqual([])
  })

  const endings: [string, unknown, boolean][] = [
    ['idle in a transaction for too long', databaseError('25P03'), true],
    ['a transaction that took too long', databaseError('25P04'), true],
    ['shut down by an administrator', databaseError('57P01'), true],
    ['still starting', databaseError('57P03'), true],
    ['too long for a statement', databaseError('57014'), false],
    ['a failed transaction', databaseError('25P02'), false],
    ['several addresses, none of which answers', new AggregateError([refused, refused]), true],
    ['something else that is no error of ours', new Error('Connection details are odd'), false],
  ]
  for (const [what, error, is] of endings) {
    test(`${what}: ${is ? 'the connection is gone' : 'the connection is well'}`, () => {
      expect(isConnectionError(error)).toBe(is)
    })
  }

  const unreachable: [string, pg.ClientConfig][] = [
    ['no socket', { host: '/nonexistent', user: 'nobody' }],
    ['no server', { host: '127.0.0.1', port: 1, user: 'nobody' }],
  ]
  for (const [what, connection] of unreachable) {
    test(`${what} is a connection error, and said so on the health page`, async () => {
      const nowhere = openDatabase({ connection, log: quiet })
      expect(isConnectionError(await failureOf(databaseNow(nowhere.db)))).toBe(true)
      expect(await whyUnreachable(nowhere.db)).toMatch(/ENOENT|ECONNREFUSED/)
      await nowhere.close()
    })
  }

  test('a session ended by an administrator while it is lent out is no crash', async () => {
    const failure = await failureOf(
      withTransaction(database.db, async (tx) => {
        const [pid] = await ask('select pg_backend_pid()', tx)
        await database.owner.query('select pg_terminate_backend($1)', [pid])
        await untilGone(Number(pid))
        await ask('select 1', tx)
      }),
    )
    expect(isConnectionError(failure)).toBe(true)
    expect(await whyUnreachable(database.db)).toBeNull()
  })
})

describe('what a connection is made from', () => {
  const settings = { role: 'team_app', statement_timeout: '2000' }
  const ours = '-c role=team_app -c statement_timeout=2000'
  const urls: [string, string, string, string][] = [
    [
      'a URL is passed on as it is',
      'postgresql://u:p%40@db.example:5433/team?sslmode=verify-full',
      'postgresql://u:p%40@db.example:5433/team?sslmode=verify-full',
      ours,
    ],
    [
      'options of a URL are kept, and do not replace ours',
      'postgresql://u@h/team?sslmode=disable&options=-c%20geqo%3Doff&connect_timeout=3',
      'postgresql://u@h/team?sslmode=disable&connect_timeout=3',
      `-c geqo=off ${ours}`,
    ],
    [
      'ours come last, so that a URL cannot change the role',
      'postgresql://u@h/team?options=-c+role%3Dteam_owner',
      'postgresql://u@h/team',
      `-c role=team_owner ${ours}`,
    ],
  ]
  for (const [rule, url, connectionString, options] of urls) {
    test(rule, () => {
      const made = clientConfig(url, 'team app', settings)
      expect(made).toMatchObject({ connectionString, options, application_name: 'team app' })
    })
  }

  test('the server obeys: a role in the URL does not win', async () => {
    const separator = database.url.includes('?') ? '&' : '?'
    const url = `${database.url}${separator}options=-c%20role%3Dteam_owner%20-c%20geqo%3Doff`
    const opened = openDatabase({ connection: url, log: quiet })
    const shown = `select current_user::text, current_setting('geqo')`
    expect(await ask(shown, opened.db)).toEqual(['team_app', 'off'])
    await opened.close()
  })
})

const quiet = { warn: () => undefined }

function databaseError(code: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError('as PostgreSQL says it', 0, 'error'), { code })
}

async function untilGone(pid: number): Promise<void> {
  for (;;) {
    const text = 'select 1 from pg_stat_activity where pid = $1'
    if ((await database.owner.query(text, [pid])).rowCount === 0) return
  }
}

function barrier(parties: number): () => Promise<void> {
  let waiting = parties
  let open: () => void
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return () => {
    waiting -= 1
    if (waiting === 0) open()
    return opened
  }
}
