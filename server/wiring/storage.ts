/** The database: yours by DATABASE_URL, else the embedded one; migrated, then opened. */
import type { Config } from '#server/config.ts'
import type { Logger } from '#server/log.ts'
import { type Connection, type Database, openDatabase } from '#server/store/database.ts'
import { migrate } from '#server/store/migrate.ts'
import { startEmbeddedPostgres } from '#server/store/postgres/embedded.ts'
import { iamConnection, readNamedFile } from './iam-connection.ts'

export interface Storage {
  readonly database: Database
  readonly connection: Connection
  /** Settles with the reason when the embedded server ends unasked; else never. */
  readonly died: Promise<string>
  close(): Promise<void>
}

export async function openStorage(
  config: Pick<Config, 'databaseUrl' | 'databaseAuth' | 'awsRegion' | 'dataDir'>,
  log: Logger,
): Promise<Storage> {
  const lines = {
    info: (message: string) => log.info(message),
    warn: (message: string) => log.warn(message),
  }
  const embedded =
    config.databaseUrl === null
      ? await startEmbeddedPostgres({ dataDir: config.dataDir, log: lines })
      : null
  const connection = embedded?.connectionString ?? (await connectionOf(config))
  try {
    await migrate({ connection, log: lines })
  } catch (error) {
    await embedded?.stop()
    throw error
  }
  const database = openDatabase({ connection, log: lines })
  return {
    database,
    connection,
    died: embedded?.died ?? new Promise<string>(() => {}),
    async close() {
      await database.close()
      await embedded?.stop()
    },
  }
}

/** What each connection to a database of yours is made from. */
export async function connectionOf(
  config: Pick<Config, 'databaseUrl' | 'databaseAuth' | 'awsRegion'>,
): Promise<Connection> {
  const url = config.databaseUrl ?? ''
  if (config.databaseAuth === 'iam') return iamConnection(url, config.awsRegion)
  // pg reads them itself, and says less where it cannot.
  const { searchParams } = new URL(url)
  for (const name of ['sslrootcert', 'sslcert', 'sslkey'] as const) {
    const file = searchParams.get(name)
    if (file !== null) await readNamedFile(name, file)
  }
  return url
}
