/**
 * Runs before TEAM in the same task: makes the user that TEAM logs in as by IAM, with the master
 * user's password. Where that user can log in and owns the database already, the master user is not
 * needed and not used.
 *
 *   DATABASE_URL, DATABASE_AUTH=iam          as TEAM has them
 *   DATABASE_MASTER_USER, DATABASE_MASTER_PASSWORD
 */
import pg from 'pg'
import { readConfig } from './config.ts'
import { linesFor } from './main.ts'
import { type Connection, clientConfig } from './store/database.ts'
import { type Prepared, prepareDatabase } from './store/prepare.ts'
import { iamConnection } from './wiring/iam-connection.ts'
import { StartError } from './wiring/start-error.ts'

async function connected<T>(connection: Connection, use: (client: pg.Client) => Promise<T>) {
  const client = new pg.Client(clientConfig(connection, 'team prepare', {}))
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await use(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** By what counts in the end: TEAM's user is let in, and it owns the database. */
async function isPrepared(connection: Connection, { user, database }: Prepared): Promise<boolean> {
  const question = 'select from pg_database where datname = $1 and pg_get_userbyid(datdba) = $2'
  const ask = (client: pg.Client) => client.query(question, [database, user])
  return connected(connection, ask).then(
    ({ rowCount }) => rowCount === 1,
    () => false,
  )
}

export async function prepare(env: NodeJS.ProcessEnv): Promise<string> {
  const config = readConfig(env)
  if (config.databaseUrl === null || config.databaseAuth !== 'iam') {
    throw new StartError('DATABASE_AUTH is not iam: there is no database user to prepare.')
  }
  const connection = await iamConnection(config.databaseUrl, config.awsRegion)
  if (typeof connection === 'string') throw new Error('A connection by IAM is no URL')
  const prepared = { user: connection.user ?? '', database: connection.database ?? '' }
  if (await isPrepared(connection, prepared)) return 'The database is prepared already.'
  const { DATABASE_MASTER_USER: user, DATABASE_MASTER_PASSWORD: password } = env
  if (!user || !password) {
    throw new StartError(
      'DATABASE_MASTER_USER or DATABASE_MASTER_PASSWORD is missing: a new database is prepared by its master user.',
    )
  }
  const done = await connected({ ...connection, user, password }, (master) =>
    prepareDatabase(master, prepared),
  )
  return [`The database is prepared for ${prepared.user}:`, ...done].join('\n  ')
}

if (import.meta.main) {
  try {
    console.log(await prepare(process.env))
  } catch (error) {
    console.error(linesFor(error))
    process.exitCode = 1
  }
}
