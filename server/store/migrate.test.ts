import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { CODE_LEVEL, isCodeRecentEnough, MigrationError, migrate, SchemaTooNew } from './migrate.ts'

const module = fileURLToPath(new URL('./migrate.ts', import.meta.url))

let database: TestDatabase
let dir: string
const children: ChildProcess[] = []

beforeEach(async () => {
  database = await createTestDatabase({ empty: true })
  dir = await mkdtemp(join(tmpdir(), 'team-migrations-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await database.drop()
  await rm(dir, { recursive: true, force: true })
})

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text)
}

const run = () => migrate({ connection: database.url, dir })

async function failure(): Promise<Error> {
  return run().then(
    () => {
      throw new Error('it did not fail')
    },
    (error: Error) => error,
  )
}

async function ask(text: string): Promise<unknown[]> {
  const { rows } = await database.owner.query({ text, rowMode: 'array' })
  return rows.flat()
}

const names = () => ask('select name from schema_migration order by name')
const tables = () => ask(`select relname from pg_class where relname in ('a', 'b') order by 1`)

/** Another copy of the program: says what it applied, or why not. */
function migrateElsewhere(): { child: ChildProcess; said: Promise<string> } {
  const program = `
    import { migrate } from ${JSON.stringify(module)}
    const [, connection, dir] = process.argv
    await migrate({ connection, dir }).then(
      ({ applied }) => console.log('applied ' + applied.join(' ')),
      (error) => console.log('failed ' + error.message))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, database.url, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const said = once(createInterface(child.stdout), 'line').then(([line]) => String(line))
  return { child, said }
}

async function sessions(condition: string): Promise<number> {
  const [count] = await ask(
    `select count(*)::int from pg_stat_activity where datname = current_database()
     and application_name = 'team migrate' and ${condition}`,
  )
  return Number(count)
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition()));
}

describe('applying', () => {
  test('files run in the order of their numbers, once', async () => {
    await write({
      '0002-second.sql': 'insert into a values (2)',
      '0001-first.sql': 'create table a (n integer); insert into a values (1);',
      'README.md': 'not a migration',
    })
    expect(await run()).toEqual({ applied: ['0001-first.sql', '0002-second.sql'] })
    expect(await run()).toEqual({ applied: [] })
    await write({ '0003-third.sql': 'insert into a values (3)' })
    expect(await run()).toEqual({ applied: ['0003-third.sql'] })
    expect(await ask('select n from a order by n')).toEqual([1, 2, 3])
  })

  test('a folder without migrations works, and the job queue is there all the same', async () => {
    expect(await run()).toEqual({ applied: [] })
    const found = await ask(`select to_regproc('graphile_worker.add_job') is not null`)
    expect(found).toEqual([true])
  })

  test('a migration may build on the job queue', async () => {
    await write({
      '0001-jobs.sql': `create function enqueue(task text) returns void language sql
        as $$ select graphile_worker.add_job(task) $$`,
    })
    expect(await run()).toEqual({ applied: ['0001-jobs.sql'] })
  })

  test('what one file sets for its session does not reach the next', async () => {
    await write({
      '0001-set.sql': 'create schema elsewhere; set search_path = elsewhere; create table a ();',
      '0002-next.sql': 'create table b ()',
    })
    await run()
    const found = await ask(
      `select relnamespace::regnamespace::text from pg_class
       where relname in ('a', 'b') order by relname`,
    )
    expect(found).toEqual(['elsewhere', 'public'])
  })

  test('a database that sets time limits for everybody does not stop a long migration', async () => {
    await ask(`alter database ${database.name} set statement_timeout = '20ms'`)
    await ask(`alter database ${database.name} set transaction_timeout = '20ms'`)
    await write({ '0001-slow.sql': 'select pg_sleep(0.1); create table a ();' })
    expect(await run()).toEqual({ applied: ['0001-slow.sql'] })
  })
})

describe('the application', () => {
  test('exists as a role that the owner may become, and whose rights it has not by itself', async () => {
    await run()
    const found = await ask(
      `select pg_has_role('team_owner', 'team_app', 'set'),
         pg_has_role('team_owner', 'team_app', 'usage'), rolcanlogin
       from pg_roles where rolname = 'team_app'`,
    )
    expect(found).toEqual([true, false, false])
  })

  test('reads which migrations there are, and cannot write them, whatever they granted', async () => {
    await write({
      '0001-grant.sql': 'grant all on all tables in schema public to team_app',
    })
    await run()
    const client = new pg.Client({ connectionString: database.url, options: '-c role=team_app' })
    await client.connect()
    expect((await client.query('select name from schema_migration')).rowCount).toBe(1)
    for (const change of [
      'delete from schema_migration',
      'update schema_minimum set code_level = 0',
    ]) {
      await expect(client.query(change)).rejects.toMatchObject({ code: '42501' })
    }
    await client.end()
  })
})

describe('refusals', () => {
  test('a changed file', async () => {
    await write({ '0001-first.sql': 'create table a ()' })
    await run()
    await write({ '0001-first.sql': 'create table a (n integer)' })
    expect((await failure()).message).toContain('0001-first.sql was changed after it had been')
  })

  test('but not one whose line ends a checkout turned', async () => {
    await write({ '0001-first.sql': 'create table a (\n)' })
    await run()
    await write({ '0001-first.sql': 'create table a (\r\n)' })
    expect(await run()).toEqual({ applied: [] })
  })

  test('a file with a number lower than one that was applied', async () => {
    await write({ '0002-second.sql': 'create table a ()' })
    await run()
    await write({ '0001-late.sql': 'create table b ()' })
    expect((await failure()).message).toContain('0001-late.sql comes before 0002-second.sql')
    expect(await tables()).toEqual(['a'])
  })

  test('two files of one number, and a name without one', async () => {
    await write({ '0001-a.sql': '', '0001-b.sql': '' })
    expect((await failure()).message).toContain('have the number 0001')
    await rm(join(dir, '0001-b.sql'))
    await write({ 'later.sql': '' })
    expect((await failure()).message).toContain('is not named like')
  })

  test('a file that fails leaves nothing of itself, keeps what came before, and names its line', async () => {
    await write({
      '0001-first.sql': 'create table a ()',
      '0002-broken.sql': 'create table b ();\n\nselect no_such_function();',
    })
    const error = await failure()
    expect(error).toBeInstanceOf(MigrationError)
    expect(error.message).toMatch(/^The migration 0002-broken.sql failed, line 3: function no_such/)
    expect(await tables()).toEqual(['a'])
    expect(await names()).toEqual(['0001-first.sql'])
    await write({ '0002-broken.sql': 'create table b ()' })
    expect(await run()).toEqual({ applied: ['0002-broken.sql'] })
  })

  test('a file that ends its own transaction', async () => {
    await write({ '0001-commit.sql': 'create table a (); commit; begin;' })
    expect((await failure()).message).toContain('ends its own transaction')
  })
})

describe('a newer schema', () => {
  async function upgradeTo(level: number): Promise<void> {
    await write({
      '0001-first.sql': 'create table a ()',
      '0002-newer.sql': `update schema_minimum set code_level = ${level}`,
    })
    await database.owner.query('select 1')
    await run()
    await rm(join(dir, '0002-newer.sql'))
  }

  test('that asks for no newer code is worked with', async () => {
    await upgradeTo(CODE_LEVEL)
    expect(await run()).toEqual({ applied: [] })
    expect(await isCodeRecentEnough(database.db)).toBe(true)
  })

  test('that asks for newer code stops the start, and a running copy learns not to lead', async () => {
    await upgradeTo(CODE_LEVEL + 1)
    const error = await failure()
    expect(error).toBeInstanceOf(SchemaTooNew)
    expect(error.message).toContain('0002-newer.sql')
    expect(error.message).toContain('start the newer TEAM')
    expect(await isCodeRecentEnough(database.db)).toBe(false)
  })

  test('is not mixed with files of our own that it never had', async () => {
    await upgradeTo(CODE_LEVEL)
    await write({ '0002-mine.sql': 'create table b ()' })
    expect((await failure()).message).toContain('0002-mine.sql comes before 0002-newer.sql')
    expect(await tables()).toEqual(['a'])
  })
})

describe('several copies at once', () => {
  test('one applies, the others wait and find it done', async () => {
    await write({
      '0001-first.sql': 'create table a (n integer)',
      '0002-second.sql': 'insert into a values (1)',
    })
    const copies = [run(), run(), migrateElsewhere().said, migrateElsewhere().said]
    const outcomes = await Promise.all(copies)
    const said = outcomes.map((one) =>
      typeof one === 'string' ? one : `applied ${one.applied.join(' ')}`,
    )
    expect(said.sort()).toEqual([
      'applied ',
      'applied ',
      'applied ',
      'applied 0001-first.sql 0002-second.sql',
    ])
    expect(await ask('select n from a')).toEqual([1])
  })
})

describe('killed half way through a file', () => {
  const files = {
    '0001-gate.sql': 'create table gate ()',
    '0002-half.sql':
      'create table a (); lock table gate in access exclusive mode; create table b ();',
  }

  test('nothing of it is there, and the next start does it again', async () => {
    await write({ '0001-gate.sql': files['0001-gate.sql'] })
    await run()
    await write(files)
    const gatekeeper = await database.owner.connect()
    await gatekeeper.query('begin; lock table gate in access share mode')
    const { child } = migrateElsewhere()
    await until(async () => (await sessions(`wait_event_type = 'Lock'`)) === 1)
    child.kill('SIGKILL')
    // It still waits for the gate: its session must end without that.
    await until(async () => (await sessions('true')) === 0)
    await gatekeeper.query('rollback')
    gatekeeper.release()
    expect(await tables()).toEqual([])
    expect(await names()).toEqual(['0001-gate.sql'])
    expect(await run()).toEqual({ applied: ['0002-half.sql'] })
    expect(await tables()).toEqual(['a', 'b'])
  })
})
