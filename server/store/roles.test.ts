import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { MigrationError, migrate } from './migrate.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from './postgres/embedded.ts'

// Roles belong to a whole server, and the one that other tests share has the role already.
let server: EmbeddedPostgres
let folder: string
let emptyDir: string

beforeAll(async () => {
  folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'team-roles-'))
  await chmod(folder, 0o755)
  emptyDir = await mkdtemp(join(folder, 'migrations-'))
  const log = { info: () => undefined, warn: () => undefined }
  server = await startEmbeddedPostgres({ dataDir: folder, log, durable: false })
  for (const name of ['one', 'two', 'three', 'four']) {
    await asSuperuser(`create database ${name} owner team_owner`)
  }
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  const found = await asSuperuser(`select 1 from pg_roles where rolname = 'team_app'`)
  if (found.rowCount === 0) return
  for (const name of ['one', 'two', 'three', 'four'])
    await asSuperuser('drop owned by team_app', name)
  await asSuperuser('drop role team_app')
})

async function asSuperuser(text: string, database = 'postgres'): Promise<pg.QueryResult> {
  const client = new pg.Client(server.connectionStringFor(database, 'postgres'))
  await client.connect()
  try {
    return await client.query(text)
  } finally {
    await client.end()
  }
}

async function start(database: string, user?: string): Promise<unknown> {
  const connection = server.connectionStringFor(database, user)
  return migrate({ connection, dir: emptyDir })
}

test('copies that start in four databases of one server at once make the role once', async () => {
  const all = await Promise.all(['one', 'two', 'three', 'four'].map((name) => start(name)))
  expect(all).toEqual(all.map(() => ({ applied: [] })))
  const { rows } = await asSuperuser(
    `select rolcanlogin, pg_has_role('team_owner', oid, 'set') as may_become,
       pg_has_role('team_owner', oid, 'usage') as inherits
     from pg_roles where rolname = 'team_app'`,
  )
  expect(rows).toEqual([{ rolcanlogin: false, may_become: true, inherits: false }])
})

test('a copy that finds the role in the making by another waits, and takes it as it is', async () => {
  const other = new pg.Client(server.connectionStringFor('two'))
  await other.connect()
  await other.query('begin; create role team_app nologin')
  await other.query('grant team_app to session_user with inherit false, set true')
  const waiting = start('one')
  const blocked = `select 1 from pg_stat_activity
    where application_name = 'team migrate' and wait_event_type = 'Lock'`
  while ((await asSuperuser(blocked)).rowCount === 0);
  await other.query('commit')
  await other.end()
  expect(await waiting).toEqual({ applied: [] })
})

test('an owner who may not make it is told the words for the administrator, and they work', async () => {
  await asSuperuser('create role "Small-Owner" login')
  await asSuperuser('create database small owner "Small-Owner"')
  const refusal = await start('small', 'Small-Owner').catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(MigrationError)
  const words = /run "(.*)" once$/.exec(String(refusal))?.[1]
  expect(words).toMatch(/^create role team_app nologin; grant team_app to "Small-Owner"/)
  await asSuperuser(words ?? '')
  expect(await start('small', 'Small-Owner')).toEqual({ applied: [] })
  await asSuperuser('drop owned by team_app', 'small')
})
