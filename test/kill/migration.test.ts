import { readdir, readFile, rm } from 'node:fs/promises'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dumpSchema, schemaFile } from '#scripts/dump-schema.ts'
import { startEmbeddedPostgres } from '#server/store/postgres/embedded.ts'
import { sendSignal } from '#server/store/postgres/process-table.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import {
  freePort,
  newFolder,
  postgresPids,
  readyLine,
  serverEnvironment,
  startSandbox,
  stopPostgres,
} from './installation.ts'
import { Program } from './program.ts'
import { until } from './until.ts'

const migrations = new URL('../../server/store/migrations/', import.meta.url)

let folder: string
let sandboxPort: number
let programs: Program[] = []
const clients: pg.Client[] = []

beforeEach(async () => {
  folder = await newFolder()
  sandboxPort = await freePort()
  programs = [await startSandbox(folder, sandboxPort)]
})
afterEach(async () => {
  await killAll(programs)
  for (const client of clients.splice(0)) await client.end().catch(() => undefined)
  await stopPostgres(folder)
  await rm(folder, { recursive: true, force: true })
})

async function killAll(dying: Program[]): Promise<void> {
  for (const program of dying) program.kill()
  await Promise.all(dying.map(({ ended }) => ended))
}

async function startServer(databaseUrl: string | null): Promise<Program> {
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`
  const places = { folder, port: await freePort(), sandboxUrl, databaseUrl }
  const server = new Program('server/main.ts', serverEnvironment(places))
  programs.push(server)
  return server
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'kill test' })
  client.on('error', () => undefined)
  clients.push(client)
  await client.connect()
  return client
}

/** Whoever makes a table of this name waits until we have made up our mind about ours. */
async function standInTheMiddle(url: string): Promise<pg.Client> {
  const client = await connect(url)
  await client.query('begin; create table notice (in_the_way integer)')
  return client
}

async function untilTheMigrationWaits(url: string): Promise<void> {
  // In a transaction, as the obstacle is, every look would show what the first one did.
  const client = await connect(url)
  await until('the migration waits in its middle', async () => {
    const { rowCount } = await client.query(
      `select from pg_stat_activity where datname = current_database()
         and application_name = 'team migrate' and wait_event_type = 'Lock'`,
    )
    return rowCount === 1
  })
}

async function found(client: pg.Client): Promise<unknown> {
  const { rows } = await client.query(
    `select count(*)::int as tables, (select count(*)::int from schema_migration) as applied
     from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
       and relname not like 'schema_%'`,
  )
  return rows[0]
}

describe('a migration is half done', () => {
  test('when the server is killed: the next start does it again, whole', async () => {
    const database = await createTestDatabase({ empty: true })
    try {
      const obstacle = await standInTheMiddle(database.url)
      const server = await startServer(database.url)
      await untilTheMigrationWaits(database.url)
      await killAll([server])
      await obstacle.query('rollback')
      // It was in the way of one table; none of those made before it may have stayed.
      expect(await found(obstacle)).toEqual({ tables: 0, applied: 0 })

      await (await startServer(database.url)).says(readyLine)
      expect(await dumpSchema(database.url)).toBe(await readFile(schemaFile, 'utf8'))
    } finally {
      await killAll(programs)
      await dropped(database)
    }
  })

  test('when everything is killed: the next start does it again, whole', async () => {
    const log = { info: () => undefined, warn: () => undefined }
    const postgres = await startEmbeddedPostgres({ dataDir: folder, log })
    const url = postgres.connectionString
    await standInTheMiddle(url)
    const server = await startServer(url)
    await untilTheMigrationWaits(url)
    const gone = killAll([...programs, server])
    for (const pid of await postgresPids(folder)) sendSignal(pid, 'SIGKILL')
    await gone
    // The folder was locked by this process; what it started in it is dead.
    await postgres.stop()

    programs = [await startSandbox(folder, sandboxPort)]
    const again = await startServer(null)
    await again.says(readyLine)
    expect(await found(await connect(url))).toMatchObject({
      applied: (await readdir(migrations)).length,
    })
    expect(await dumpSchema(url)).toBe(await readFile(schemaFile, 'utf8'))
  })
})

async function dropped(database: TestDatabase): Promise<void> {
  for (const client of clients.splice(0)) await client.end()
  await database.drop()
}

test('two copies that start at once on one empty database are both ready', async () => {
  const database = await createTestDatabase({ empty: true })
  try {
    const copies = await Promise.all([startServer(database.url), startServer(database.url)])
    await Promise.all(copies.map((copy) => copy.says(readyLine)))
    expect(await dumpSchema(database.url)).toBe(await readFile(schemaFile, 'utf8'))
    const client = await connect(database.url)
    const { rows } = await client.query(
      `select count(*)::int as seeded from audit_event where action = 'setting.seed'`,
    )
    expect(rows).toEqual([{ seeded: 1 }])
  } finally {
    await killAll(programs)
    await dropped(database)
  }
})
