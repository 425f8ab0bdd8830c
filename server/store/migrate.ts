import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Logger, runMigrations } from 'graphile-worker'
import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import { applicationRole, type Connection, clientConfig } from './database.ts'
import { MigrationError, SchemaTooNew } from './migration-errors.ts'
import { ensureApplicationRole } from './roles.ts'
import type { Schema } from './schema.ts'

export { MigrationError, SchemaTooNew } from './migration-errors.ts'

/**
 * Brings the schema to what this code knows, at every start of every copy.
 *
 * Numbered files, append-only: an applied file is never changed, a new one has the highest number.
 * Each runs in one transaction together with its row in `schema_migration`, so it is there whole or
 * not at all, whenever the process is killed. Copies that start together wait for each other on an
 * advisory lock, which PostgreSQL lets go when its holder's connection ends.
 *
 * A copy may meet a schema newer than itself (a rolling upgrade, or a step back). It may work with
 * it unless `schema_minimum` asks for a higher code level: a migration that older code cannot live
 * with raises that number, and `CODE_LEVEL` is raised with it.
 *
 * Not kysely's Migrator: it runs everything that is due in one transaction, knows no checksums, and
 * takes rows it does not know for damage, where a rolling upgrade makes them ordinary.
 */
export const CODE_LEVEL = 1

export const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url))
export const jobSchema = 'graphile_worker'

export const serverVersionMin = 170_000
// One number for all versions of this program: "TEAM" in ASCII.
const lockNumber = 0x5445414d
const fileName = /^\d{4}-[a-z0-9-]+\.sql$/
const unlimited = {
  statement_timeout: '0',
  lock_timeout: '0',
  transaction_timeout: '0',
  idle_in_transaction_session_timeout: '0',
}

export interface MigrateOptions {
  /** The owner's. */
  connection: Connection
  dir?: string
  log?: { info(message: string): void }
}

interface MigrationFile {
  name: string
  checksum: string
  text: string
}

export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  const files = await readMigrations(options.dir ?? migrationsFolder)
  const client = new pg.Client(clientConfig(options.connection, 'team migrate', unlimited))
  client.on('error', () => undefined)
  await client.connect()
  try {
    await checkServerVersion(client)
    await noticeKilledClients(client)
    await client.query('select pg_advisory_lock($1)', [lockNumber])
    await ensureApplicationRole(client)
    await ensureBookkeeping(client)
    const due = chooseDue(files, await readApplied(client), await readMinimum(client))
    // First, because our own migrations build on its functions.
    await migrateJobQueue(options.connection)
    for (const file of due) {
      await apply(client, file)
      options.log?.info(`Migration ${file.name} applied`)
    }
    if (due.length > 0) await protectBookkeeping(client)
    return { applied: due.map(({ name }) => name) }
  } finally {
    // Ends the session, and the lock with it.
    await client.end().catch(() => undefined)
  }
}

/** Asked by a copy that wants to lead: code older than the schema's minimum never does. */
export async function isCodeRecentEnough(db: Kysely<Schema>): Promise<boolean> {
  const { rows } = await sql<{ code_level: number }>`select code_level from schema_minimum`.execute(
    db,
  )
  return rows.every((row) => row.code_level <= CODE_LEVEL)
}

async function readMigrations(dir: string): Promise<MigrationFile[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort()
  const numbers = new Set<string>()
  for (const name of names) {
    const number = name.slice(0, 4)
    if (!fileName.test(name)) {
      throw new MigrationError(`${join(dir, name)} is not named like 0001-what-it-does.sql`)
    }
    if (numbers.has(number)) {
      throw new MigrationError(`Two migrations in ${dir} have the number ${number}`)
    }
    numbers.add(number)
  }
  return Promise.all(names.map((name) => readMigration(dir, name)))
}

async function readMigration(dir: string, name: string): Promise<MigrationFile> {
  // A checkout may have turned the line ends.
  const text = (await readFile(join(dir, name), 'utf8')).replaceAll('\r\n', '\n')
  return { name, text, checksum: createHash('sha256').update(text).digest('hex') }
}

async function checkServerVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ number: number; version: string }>(
    `select current_setting('server_version_num')::int as number,
       current_setting('server_version') as version`,
  )
  const [server] = rows
  if (server !== undefined && server.number >= serverVersionMin) return
  throw new MigrationError(
    `DATABASE_URL is PostgreSQL ${server?.version}; TEAM needs 17 or newer (transaction_timeout)`,
  )
}

/**
 * A killed copy's session would keep the lock as long as its statement runs, or waits. Not every
 * platform can notice a closed connection meanwhile; then it is kept that long.
 */
async function noticeKilledClients(client: pg.Client): Promise<void> {
  await client.query('set client_connection_check_interval = 500').catch(() => undefined)
}

async function ensureBookkeeping(client: pg.Client): Promise<void> {
  const found = await client.query<{ done: boolean }>(
    `select to_regclass('public.schema_minimum') is not null as done`,
  )
  if (found.rows[0]?.done === true) return
  // One simple query with several statements is one transaction.
  await client.query(`
    create table public.schema_migration (
      name       text primary key,
      checksum   text not null,
      applied_at timestamptz not null
    );
    create table public.schema_minimum (
      only_row   boolean primary key default true check (only_row),
      code_level integer not null
    );
    insert into public.schema_minimum (code_level) values (1);
  `)
  await protectBookkeeping(client)
}

/** Migrations grant the application rights on all tables; these are not its business. */
async function protectBookkeeping(client: pg.Client): Promise<void> {
  await client.query(`
    revoke all on public.schema_migration, public.schema_minimum from ${applicationRole};
    grant select on public.schema_migration, public.schema_minimum to ${applicationRole};
  `)
}

type Applied = ReadonlyMap<string, string>

async function readApplied(client: pg.Client): Promise<Applied> {
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from public.schema_migration order by name',
  )
  return new Map(rows.map(({ name, checksum }) => [name, checksum]))
}

async function readMinimum(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ level: number }>(
    'select max(code_level) as level from public.schema_minimum',
  )
  return rows[0]?.level ?? Number.POSITIVE_INFINITY
}

function chooseDue(
  files: readonly MigrationFile[],
  applied: Applied,
  minimum: number,
): MigrationFile[] {
  const known = new Set(files.map(({ name }) => name))
  const unknown = [...applied.keys()].filter((name) => !known.has(name))
  if (minimum > CODE_LEVEL) throw new SchemaTooNew({ minimum, codeLevel: CODE_LEVEL, unknown })
  for (const { name, checksum } of files) {
    if (applied.has(name) && applied.get(name) !== checksum) {
      throw new MigrationError(
        `The migration ${name} was changed after it had been applied to this database: ` +
          'put it back as it was, and write the change as a new migration',
      )
    }
  }
  const due = files.filter(({ name }) => !applied.has(name))
  const last = [...applied.keys()].sort().at(-1) ?? ''
  const late = due.find(({ name }) => name < last)
  if (late !== undefined) {
    throw new MigrationError(
      `The migration ${late.name} comes before ${last}, which this database has already: ` +
        'give it the next free number; or this code and this database do not belong together',
    )
  }
  return due
}

async function apply(client: pg.Client, { name, text, checksum }: MigrationFile): Promise<void> {
  await client.query('begin')
  try {
    const before = await currentTransaction(client)
    await client.query(text)
    if ((await currentTransaction(client)) !== before) {
      throw new MigrationError(`The migration ${name} ends its own transaction: it must not`)
    }
    await client.query(
      `insert into public.schema_migration (name, checksum, applied_at)
       values ($1, $2, clock_timestamp())`,
      [name, checksum],
    )
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw describeFailure(name, text, error)
  }
  // What one file set for its session is not for the next one.
  await client.query('reset all')
  await noticeKilledClients(client)
}

async function currentTransaction(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ id: string }>('select pg_current_xact_id()::text as id')
  return rows[0]?.id ?? ''
}

function describeFailure(name: string, text: string, error: unknown): MigrationError {
  if (error instanceof MigrationError) return error
  const position = error instanceof pg.DatabaseError ? Number(error.position) : Number.NaN
  const line = text.slice(0, position).split('\n').length
  const where = Number.isNaN(position) ? '' : `, line ${line}`
  const reason = error instanceof Error ? error.message : String(error)
  return new MigrationError(`The migration ${name} failed${where}: ${reason}`, { cause: error })
}

async function migrateJobQueue(connection: Connection): Promise<void> {
  const pool = new pg.Pool({ ...clientConfig(connection, 'team migrate', unlimited), max: 1 })
  pool.on('connect', (client) => client.on('error', () => undefined))
  pool.on('error', () => undefined)
  try {
    await runMigrations({ pgPool: pool, schema: jobSchema, logger: new Logger(() => () => {}) })
  } finally {
    await pool.end()
  }
}
