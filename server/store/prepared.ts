/**
 * Statements that are asked again and again are prepared: PostgreSQL parses and plans such a one
 * once a connection, which for a request's rows is three quarters of its cost (decision 0026).
 *
 * Such a statement names its columns. With `select *` a migration, run by a newer copy while this
 * one still serves, would make it fail on every connection that knows it.
 */
import type { CompiledQuery, Kysely, PostgresPool, PostgresPoolClient, RawBuilder } from 'kysely'
import type pg from 'pg'
import type { Schema } from './schema.ts'

const names = new Map<string, string>()
const everyColumn = /[\s.]\*\s*(?:,|from\b)/

interface Builder<Row> {
  compile(): CompiledQuery<Row>
}

export async function rowsOfPrepared<Row>(
  db: Kysely<Schema>,
  query: Builder<Row> | RawBuilder<Row>,
): Promise<Row[]> {
  const compiled = query.compile(db)
  remember(compiled.sql)
  const { rows } = await db.executeQuery<Row>(compiled)
  return rows
}

function remember(text: string): void {
  if (names.has(text)) return
  if (everyColumn.test(text)) throw new Error(`A prepared statement names its columns: ${text}`)
  names.set(text, `team_${names.size + 1}`)
}

/** What Kysely needs of a pool, with such statements said by their names. */
export function preparing(pool: pg.Pool): PostgresPool {
  // Kysely remembers its connections by their identity.
  const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>()
  return {
    options: pool.options,
    async connect() {
      const client = await pool.connect()
      const known = wrapped.get(client) ?? preparingClient(client)
      wrapped.set(client, known)
      return known
    },
    end: () => pool.end(),
  }
}

function preparingClient(client: pg.PoolClient): PostgresPoolClient {
  const preparing = {
    query(text: string, values: unknown[]) {
      const name = names.get(text)
      return name === undefined ? client.query(text, values) : client.query({ name, text, values })
    },
    release: (destroy?: boolean) => client.release(destroy),
  }
  // Kysely asks by cursor as well where it was given one, which it is not.
  return preparing as unknown as PostgresPoolClient
}
