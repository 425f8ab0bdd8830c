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

/**
 * The same of a statement whose text is always one: it is put together once, and from then on only its
 * values are told, each of which it names once and in their order.
 */
export function preparedOnce<Values extends readonly unknown[], Row>(
  build: (db: Kysely<Schema>, ...values: Values) => Builder<Row> | RawBuilder<Row>,
): (db: Kysely<Schema>, ...values: Values) => Promise<Row[]> {
  let made: CompiledQuery<Row> | null = null

  function make(db: Kysely<Schema>, values: Values): CompiledQuery<Row> {
    const compiled = build(db, ...values).compile(db)
    const { parameters, sql } = compiled
    const isInOrder = parameters.every((parameter, at) => Object.is(parameter, values[at]))
    if (parameters.length !== values.length || !isInOrder) {
      throw new Error(`A statement that is put together once names each value once: ${sql}`)
    }
    remember(sql)
    return compiled
  }

  return async (db, ...values) => {
    made ??= make(db, values)
    const { rows } = await db.executeQuery<Row>({ ...made, parameters: values })
    return rows
  }
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
