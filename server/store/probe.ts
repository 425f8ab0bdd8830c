/** Looks at a database as the server would meet it, and changes nothing. */
import pg from 'pg'
import { type Connection, clientConfig } from './database.ts'

export interface DatabaseFacts {
  readonly versionNumber: number
  readonly version: string
  readonly now: Date
  readonly isEncrypted: boolean
  readonly isLocal: boolean
  /** May make what the migrations make. */
  readonly mayMigrate: boolean
  /** In the schema `public`, too, where TEAM's tables are. */
  readonly mayMakeTables: boolean
  /** Null: nothing of TEAM is in it yet. */
  readonly migrations: number | null
  readonly logSource: { readonly source: string; readonly location: string | null } | null
}

const connectWaitMs = 5_000

export async function probeDatabase(connection: Connection): Promise<DatabaseFacts> {
  const config = clientConfig(connection, 'team doctor', { statement_timeout: '5000' })
  const client = new pg.Client({ ...config, connectionTimeoutMillis: connectWaitMs })
  await client.connect()
  try {
    const { rows } = await client.query<{
      number: string
      version: string
      now: Date
      encrypted: boolean | null
      local: boolean
      may_migrate: boolean
      may_make_tables: boolean
      has_migrations: boolean
    }>(`
      select current_setting('server_version_num') as number,
        current_setting('server_version') as version,
        clock_timestamp() as now,
        (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as encrypted,
        coalesce(inet_server_addr() = inet_client_addr(), true) as local,
        has_database_privilege(current_database(), 'create') as may_migrate,
        coalesce(has_schema_privilege(to_regnamespace('public'), 'create'), false) as may_make_tables,
        to_regclass('public.schema_migration') is not null as has_migrations`)
    const [row] = rows
    if (row === undefined) throw new Error('PostgreSQL answered nothing')
    return {
      versionNumber: Number(row.number),
      version: row.version,
      now: row.now,
      isEncrypted: row.encrypted === true,
      isLocal: row.local,
      mayMigrate: row.may_migrate,
      mayMakeTables: row.may_make_tables,
      migrations: row.has_migrations ? await countMigrations(client) : null,
      logSource: row.has_migrations ? await logSource(client) : null,
    }
  } finally {
    await client.end()
  }
}

async function countMigrations(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'select count(*)::int as count from public.schema_migration',
  )
  return rows[0]?.count ?? 0
}

/** The setting of administrators, where somebody has made it. */
async function logSource(client: pg.Client): Promise<DatabaseFacts['logSource']> {
  const { rows } = await client.query<{ source: string | null; location: string | null }>(
    `select body->>'sessionLogSource' as source, body->>'sessionLogLocation' as location
      from public.setting`,
  )
  const [row] = rows
  if (!row?.source || row.source === 'none') return null
  return { source: row.source, location: row.location }
}
