/** The database as one copy has it: production's pools and settings, each statement a touch. */
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { applicationRole, clientConfig, type Database, settingsOf } from '#server/store/database.ts'
import type { Schema } from '#server/store/schema.ts'
import type { Life, Touches } from './touches.ts'

export interface GatedDatabase extends Database {
  /** Ends every session at once, as a process that dies does. */
  cut(): void
}

/**
 * Production ends sessions that stand still for a second. Here a copy that is stopped loses them at
 * once, by hand; a machine that stands still, however long, must not end those of a copy that is not.
 */
const limits = { idleInTransactionMs: 0, statementMs: 0, transactionMs: 0 }

/** The lease is counted on the simulation's own monotonic clock: `clock_timestamp()` is found there. */
const drivenLease = '-c search_path=sim,public,pg_catalog -c plan_cache_mode=force_generic_plan'

export function gatedDatabase(url: string, life: Life, touches: Touches): GatedDatabase {
  const clients = new Set<pg.PoolClient>()
  const connection = `${url}&options=${encodeURIComponent(drivenLease)}`
  const settings = {
    app: { role: applicationRole, ...settingsOf(limits) },
    long: { role: applicationRole },
    owner: {},
  }
  const open = (name: keyof typeof settings) => {
    const pool = new pg.Pool({
      ...clientConfig(connection, `team ${name} ${life.name}`, settings[name]),
      max: 40,
      idleTimeoutMillis: 0,
    })
    pool.on('error', () => undefined)
    pool.on('connect', (client) => {
      clients.add(client)
      client.on('error', () => undefined)
    })
    pool.on('remove', (client) => clients.delete(client))
    return pool
  }
  const app = open('app')
  const long = open('long')
  const owner = open('owner')
  return {
    db: kyselyOver(app, life, touches),
    long: kyselyOver(long, life, touches),
    owner,
    connection,
    cut() {
      for (const client of clients) socketOf(client)?.destroy()
    },
    async close() {
      for (const client of clients) socketOf(client)?.destroy()
      await Promise.allSettled([app, long, owner].map((pool) => pool.end()))
    },
  }
}

function kyselyOver(pool: pg.Pool, life: Life, touches: Touches): Kysely<Schema> {
  const gated = {
    options: pool.options,
    Client: pg.Client,
    connect: async () => gateOf(pool, life, touches),
    end: () => pool.end(),
  }
  return new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: gated as unknown as PostgresPool }),
  })
}

/**
 * A session is taken when a statement is let through, and kept only for a transaction: what waits at
 * the gate needs none. So a few sessions do everybody's work, and each plans a statement once.
 */
function gateOf(pool: pg.Pool, life: Life, touches: Touches): PostgresPoolClient {
  let session: pg.PoolClient | null = null
  let isInTransaction = false

  async function carryOut(text: string, values: unknown[]) {
    const mine = session ?? (await pool.connect())
    session = mine
    if (opens(text)) isInTransaction = true
    try {
      return await mine.query(preparedOf(text, values))
    } finally {
      if (closes(text)) isInTransaction = false
      if (!isInTransaction) giveBack()
    }
  }

  function giveBack(error?: Error | boolean) {
    session?.release(error)
    session = null
  }

  const gate = {
    query: (text: string, values: unknown[]) =>
      touches.pass({
        life,
        kind: 'sql',
        label: text,
        pid: () => pidOf(session),
        run: () => carryOut(text, values),
      }),
    release: giveBack,
  }
  return gate as unknown as PostgresPoolClient
}

const opens = (text: string) => /^(begin|start transaction)/.test(text)
const closes = (text: string) => /^(commit|rollback)$/.test(text)

const preparedNames = new Map<string, string>()

/** Prepared once a session, because a seed says the same few statements thousands of times. */
function preparedOf(text: string, values: unknown[]): pg.QueryConfig {
  if (/^(begin|start|commit|rollback|savepoint|release)/.test(text)) return { text }
  const name = preparedNames.get(text) ?? `s${preparedNames.size}`
  preparedNames.set(text, name)
  return { name, text, values }
}

function pidOf(client: pg.PoolClient | null): number | null {
  const pid: unknown = client && Reflect.get(client, 'processID')
  return typeof pid === 'number' ? pid : null
}

function socketOf(client: pg.PoolClient): { destroy(): void } | undefined {
  const connection = Reflect.get(client, 'connection') as { stream?: { destroy(): void } }
  return connection.stream
}
