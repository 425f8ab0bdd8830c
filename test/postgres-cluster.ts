import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migrate } from '#server/store/migrate.ts'
import { startEmbeddedPostgres } from '#server/store/postgres/embedded.ts'

/** What a test needs to make a database of its own; plain data, so that it reaches the workers. */
export interface TestClusterAddress {
  /** The owner's, in a database of no other use: CREATE DATABASE is said there. */
  adminUrl: string
  templateName: string
  socketFolder: string
  /** How a copy is made fastest where this cluster lies. */
  strategy: 'file_copy' | 'wal_log'
}

export interface TestCluster extends TestClusterAddress {
  stop(): Promise<void>
}

declare module 'vitest' {
  export interface ProvidedContext {
    testCluster: TestClusterAddress
  }
}

const templateName = 'team_template'
const folderPrefix = 'team-test-postgres-'
const memoryFolder = '/dev/shm'
const memoryBytesMin = 1024 ** 3
const quiet = { info: () => undefined, warn: (message: string) => console.warn(message) }

/** vitest's global set-up: one PostgreSQL for the run, migrated once. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...address } = await startTestCluster()
  project.provide('testCluster', address)
  return stop
}

/** The same for a script: end-to-end tests, the simulation, benchmarks, the schema's dump. */
export async function startTestCluster(
  options: { migrationsDir?: string; sharedBuffers?: string } = {},
): Promise<TestCluster> {
  const { sharedBuffers = '128MB' } = options
  const base = hasMemoryFolder() ? memoryFolder : tmpdir()
  const strategy = base === memoryFolder ? 'file_copy' : 'wal_log'
  sweepKilledRuns(base)
  const dataDir = mkdtempSync(join(base, `${folderPrefix}${process.pid}-`))
  const server = await startEmbeddedPostgres({
    dataDir,
    log: quiet,
    durable: false,
    sharedBuffers,
  })
  const stop = async () => {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
  try {
    const adminUrl = server.connectionString
    await runAsAdmin(adminUrl, `create database ${templateName}`)
    await migrate({
      connection: server.connectionStringFor(templateName),
      ...(options.migrationsDir === undefined ? {} : { dir: options.migrationsDir }),
    })
    return { adminUrl, templateName, socketFolder: server.socketFolder, strategy, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

export function newDatabaseName(): string {
  return `test_${randomBytes(6).toString('hex')}`
}

export async function runAsAdmin(adminUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, application_name: 'team test' })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/**
 * A database is some 300 small files. Measured: a copy takes 20 ms in memory by file_copy, 35 ms by
 * wal_log; on a slow disk about 200 ms by either, wal_log being a little faster.
 */
function hasMemoryFolder(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memoryFolder)
    return bavail * bsize >= memoryBytesMin
  } catch {
    return false
  }
}

/** A run that was killed could not take its folder away. */
function sweepKilledRuns(base: string): void {
  for (const name of readdirSync(base)) {
    if (!name.startsWith(folderPrefix)) continue
    const pid = Number.parseInt(name.slice(folderPrefix.length), 10)
    if (isAlive(pid)) continue
    try {
      rmSync(join(base, name), { recursive: true, force: true })
    } catch {
      // Somebody else's.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
