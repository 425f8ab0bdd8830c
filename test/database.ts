import type { Kysely } from 'kysely'
import type pg from 'pg'
import { inject } from 'vitest'
import { type Database, openDatabase, type SessionLimits } from '#server/store/database.ts'
import type { Schema } from '#server/store/schema.ts'
import { newDatabaseName, runAsAdmin, type TestClusterAddress } from './postgres-cluster.ts'

export interface TestDatabase {
  name: string
  /** The owner's, as DATABASE_URL would be. */
  url: string
  /** The application's role. */
  db: Kysely<Schema>
  owner: pg.Pool
  database: Database
  drop(): Promise<void>
}

export interface TestDatabaseOptions {
  /** Outside vitest: the cluster that `startTestCluster` gave. */
  cluster?: TestClusterAddress
  /** Nothing in it, not even migrations. */
  empty?: boolean
  /** A copy of this database, to which nobody is connected. */
  copyOf?: string
  limits?: Partial<SessionLimits>
}

/** A database of its own, as the migrations leave it; a copy of a template, in milliseconds. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const cluster = options.cluster ?? inject('testCluster')
  const name = newDatabaseName()
  const template = options.copyOf ?? (options.empty === true ? 'template0' : cluster.templateName)
  await runAsAdmin(
    cluster.adminUrl,
    `create database ${name} template ${template} strategy ${cluster.strategy}`,
  )
  const url = cluster.adminUrl.replace(/^postgresql:\/\/\/[^?]*/, `postgresql:///${name}`)
  const database = openDatabase({
    connection: url,
    log: { warn: () => undefined },
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  })
  return {
    name,
    url,
    db: database.db,
    owner: database.owner,
    database,
    async drop() {
      await database.close()
      await runAsAdmin(cluster.adminUrl, `drop database ${name} with (force)`)
    },
  }
}
