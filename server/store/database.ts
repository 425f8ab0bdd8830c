import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'
import { isConnectionError } from './database-errors.ts'
import { preparing } from './prepared.ts'
import type { Schema } from './schema.ts'

export * from './database-errors.ts'
export { type Listener, type ListenOptions, listen } from './listen.ts'

/**
 * Two roles. The *owner* logs in, migrates and runs the job queue. Everything else is done as
 * `team_app`, which may do only what migrations grant it: the session is opened in that role, and
 * a RESET returns to it. That guards against our own mistakes; it is no wall against SQL of an
 * attacker's choosing, who could say SET ROLE NONE (docs/decisions/0012).
 *
 * Time limits of the application's sessions are shorter than the leader's lease: a process that
 * is stopped while it holds rows loses its session before somebody else takes over. Exports and
 * reports hold no such rows and get the `long` pool, without them.
 */
export interface Database {
  /** The application's role, with the short time limits. */
  db: Kysely<Schema>
  /** The application's role, without them. */
  long: Kysely<Schema>
  /** The owner, without them. */
  owner: pg.Pool
  /** What every connection is made from. */
  connection: Connection
  close(): Promise<void>
}

/** A libpq URL, or pg's own settings (a password that is made anew for each connection). */
export type Connection = string | pg.ClientConfig

export interface DatabaseConfig {
  connection: Connection
  log: { warn(message: string): void }
  connectionsMax?: { app?: number; long?: number; owner?: number }
  limits?: Partial<SessionLimits>
}

export interface SessionLimits {
  idleInTransactionMs: number
  statementMs: number
  transactionMs: number
}

export const applicationRole = 'team_app'

export const applicationLimits: SessionLimits = {
  idleInTransactionMs: 1_000,
  statementMs: 2_000,
  transactionMs: 2_000,
}
const noLimits: SessionLimits = { idleInTransactionMs: 0, statementMs: 0, transactionMs: 0 }

const connectWaitMs = 5_000
const latencyMsMax = 1_000
const idleConnectionMs = 30_000
const connectionsMax = { app: 20, long: 4, owner: 10 }

export function openDatabase(config: DatabaseConfig): Database {
  const { connection, log } = config
  const sizes = { ...connectionsMax, ...config.connectionsMax }
  const limits = { ...applicationLimits, ...config.limits }
  const app = openPool(connection, log, {
    name: 'team app',
    max: sizes.app,
    settings: { role: applicationRole, ...settingsOf(limits), ...planning },
  })
  if (limits.transactionMs > 0) endSilentConnections(app, 2 * limits.transactionMs + latencyMsMax)
  const long = openPool(connection, log, {
    name: 'team long',
    max: sizes.long,
    settings: { role: applicationRole, ...settingsOf(noLimits), ...planning },
  })
  const owner = openPool(connection, log, {
    name: 'team owner',
    max: sizes.owner,
    settings: { ...settingsOf(noLimits), ...planning },
  })
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: preparing(app) }) })
  const longDb = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: preparing(long) }) })
  return {
    db,
    long: longDb,
    owner,
    connection,
    async close() {
      // Kysely ends only a pool that it has used.
      await Promise.all([app, long, owner].map((pool) => pool.end()))
    },
  }
}

/** The owner's connections, for the little that the application's role may not do. */
export function ownerOver(pool: pg.Pool): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) })
}

function openPool(
  connection: Connection,
  log: { warn(message: string): void },
  pool: { name: string; max: number; settings: Settings },
): pg.Pool {
  const opened = new pg.Pool({
    ...clientConfig(connection, pool.name, pool.settings),
    max: pool.max,
    connectionTimeoutMillis: connectWaitMs,
    idleTimeoutMillis: idleConnectionMs,
  })
  // A connection may break while it is lent out and idle, between two statements; without a
  // listener that would end the process. Whoever holds it hears of it by the next statement.
  opened.on('connect', (client) => client.on('error', () => undefined))
  opened.on('error', (error) => log.warn(`A database connection broke: ${error.message}`))
  return opened
}

/**
 * Nobody has a connection of the application for longer than its time limits, so whoever does waits
 * for an answer that does not come: the way to the database is cut without a word (a lost route, a
 * machine that is gone). TCP would notice after a quarter of an hour.
 */
function endSilentConnections(pool: pg.Pool, silenceMsMax: number): void {
  const patience = new Map<pg.PoolClient, NodeJS.Timeout>()
  pool.on('acquire', (client) => {
    const giveUp = () =>
      client.connection.stream.destroy(
        new Error('Connection terminated: the database does not answer'),
      )
    // A process that was itself paused finds timer and answer at one time: the answer goes first.
    const onTime = () => setImmediate(() => patience.has(client) && giveUp())
    patience.set(client, setTimeout(onTime, silenceMsMax))
  })
  pool.on('release', (_error, client) => {
    clearTimeout(patience.get(client))
    patience.delete(client)
  })
}

export type Settings = Readonly<Record<string, string>>

/**
 * What the planner is told: pages lie in memory or on a solid-state disk, so that an index is worth
 * its while; and statements are short and many, so that neither compiling one nor spreading it over
 * processes pays.
 */
const planning: Settings = {
  random_page_cost: '1.1',
  jit: 'off',
  max_parallel_workers_per_gather: '0',
}

export function settingsOf(limits: SessionLimits): Settings {
  return {
    idle_in_transaction_session_timeout: String(limits.idleInTransactionMs),
    statement_timeout: String(limits.statementMs),
    transaction_timeout: String(limits.transactionMs),
  }
}

/**
 * Settings travel as start-up options: they hold from the first statement, and a RESET returns to
 * them. In pg an `options` in the URL would silently replace ours, so then the two are joined,
 * ours last; that is the only change made to a URL.
 */
export function clientConfig(
  connection: Connection,
  name: string,
  settings: Settings,
): pg.ClientConfig {
  const ours = Object.entries(settings).map(([setting, value]) => `-c ${setting}=${value}`)
  const shared = { application_name: name, types: { getTypeParser }, keepAlive: true }
  if (typeof connection !== 'string') {
    const options = [connection.options ?? '', ...ours].join(' ').trim()
    return { ...connection, ...shared, options }
  }
  const { url, options } = takeOptions(connection)
  return { ...shared, connectionString: url, options: [options, ...ours].join(' ').trim() }
}

function takeOptions(url: string): { url: string; options: string } {
  const [address = '', query] = url.split('?', 2)
  if (query === undefined) return { url, options: '' }
  const parameters = query.split('&')
  const isOptions = (parameter: string) => parameter.startsWith('options=')
  const found = parameters.filter(isOptions)
  if (found.length === 0) return { url, options: '' }
  const kept = parameters.filter((parameter) => !isOptions(parameter)).join('&')
  const options = found.map((parameter) => parameter.slice('options='.length).replaceAll('+', ' '))
  return {
    url: kept === '' ? address : `${address}?${kept}`,
    options: options.map(decodeURIComponent).join(' '),
  }
}

type Parser = (text: string) => unknown

/**
 * int8 as a number (larger than 2^53 is loud), a date as its text (it has no time zone to be
 * moved by), timestamptz as pg does: a Date. numeric stays text.
 */
function getTypeParser(oid: number, format?: 'text' | 'binary'): Parser {
  if (format !== 'binary') {
    const own = ownParsers.get(oid)
    if (own !== undefined) return own
  }
  return pg.types.getTypeParser(oid, format)
}

const { INT8, DATE } = pg.types.builtins
const int8Array = 1016

const ownParsers = new Map<number, Parser>([
  [INT8, parseInt8],
  // int8[] is written as {1,2,NULL}: numbers need no quotes.
  [int8Array, parseInt8Array],
  [DATE, (text) => text],
])

function parseInt8Array(text: string): (number | null)[] {
  const elements = text.slice(1, -1)
  if (elements === '') return []
  return elements.split(',').map((one) => (one === 'NULL' ? null : parseInt8(one)))
}

function parseInt8(text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number)) return number
  throw new RangeError(`${text} is beyond what a number holds exactly: select it as text`)
}

export async function withTransaction<T>(
  db: Kysely<Schema>,
  work: (tx: Transaction<Schema>) => Promise<T>,
  options: { isolation?: 'read committed' | 'repeatable read' | 'serializable' } = {},
): Promise<T> {
  const { isolation = 'read committed' } = options
  return db.transaction().setIsolationLevel(isolation).execute(work)
}

/** The one clock of production. Its fraction is cut to milliseconds, as a Date holds them. */
export async function databaseNow(db: Kysely<Schema>): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db)
  const [row] = rows
  if (row === undefined) throw new Error('PostgreSQL did not answer with its time')
  return row.now
}

/** For the health page: null while the database answers, else why it does not. */
export async function whyUnreachable(db: Kysely<Schema>): Promise<string | null> {
  try {
    await databaseNow(db)
    return null
  } catch (error) {
    if (isConnectionError(error)) return error instanceof Error ? error.message : String(error)
    throw error
  }
}
