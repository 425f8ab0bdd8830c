import { chmod, chown, lchown, mkdir, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { type Binaries, findBinaries } from './binaries.ts'
import {
  createCluster,
  type Postmaster,
  quoteLog,
  removeDrafts,
  spawnPostmaster,
  stopPostmaster,
  superuser,
} from './cluster.ts'
import { EmbeddedPostgresError, errorCode } from './error.ts'
import { clearLeftovers, readPidFile } from './leftover.ts'
import { type FolderLock, lockFolder } from './lock.ts'
import { chooseLauncher, type Launcher } from './os-user.ts'
import { prepareSocketFolder, type SocketFolder, socketPort } from './socket-folder.ts'

export { EmbeddedPostgresError } from './error.ts'

/**
 * PostgreSQL as a child of this process, for an installation that brings none of its own.
 *
 *     <data folder>/postgres/     ours: lock, holder, server.log
 *     <data folder>/postgres/data PostgreSQL's data, owned by the user it runs as
 *     <data folder>/postgres/run  the private folder of its socket, the only way in
 *
 * Order of a start, each step resting on the one before: take the folder's lock (one TEAM only) →
 * choose the user → clear what a killed run left → make the cluster if there is none → start the
 * server → make the owner and the database if they are missing. Every step may be the last one
 * before a kill: the next start goes through all of them again.
 *
 * Rejected: adopting the server of a killed run. It would keep yesterday's settings, and its end
 * could not be waited for as a child's can.
 */
export interface EmbeddedPostgres {
  /** The owner's: may migrate, makes roles and databases, is no superuser. */
  connectionString: string
  connectionStringFor(database: string, user?: string): string
  postmasterPid: number
  socketFolder: string
  dataDirectory: string
  /** Settles with the reason when the server ends without having been asked to; else never. */
  died: Promise<string>
  stop(): Promise<void>
}

export interface EmbeddedPostgresOptions {
  dataDir: string
  log: { info(message: string): void; warn(message: string): void }
  /** For data that nobody wants back: nothing is forced to disk. */
  durable?: boolean
  /** What PostgreSQL keeps of its pages, as it would be said in its configuration. */
  sharedBuffers?: string
}

export const ownerUser = 'team_owner'
export const databaseName = 'team'

const startAttemptsMax = 3
const readyWaitMs = 5 * 60_000
const readyPollMs = 10
const slowStartMs = 5_000

const settings = {
  listen_addresses: '',
  port: String(socketPort),
  unix_socket_permissions: '0700',
  max_connections: '100',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  jit: 'off',
  log_checkpoints: 'off',
  // Refused constraints are ordinary business, and their details name people: not for this log.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}
const durableSettings = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' }
const scratchSettings = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  autovacuum: 'off',
  max_wal_size: '512MB',
  // Several simulated copies each, in several processes.
  max_connections: '300',
}
const sharedMegabytesMin = 64
const sharedMegabytesMax = 1024

/** A quarter of the memory, as PostgreSQL's manual advises; pages that hold nothing take none. */
export function usualSharedBuffers(memoryBytes = usableMemoryBytes()): string {
  const megabytes = Math.round(memoryBytes / 4 / 1024 ** 2)
  return `${Math.min(Math.max(megabytes, sharedMegabytesMin), sharedMegabytesMax)}MB`
}

/** Of the machine, or of the container where that has less. */
function usableMemoryBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
}

export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const shownAs = resolve(options.dataDir)
  const folder = await prepareFolder(shownAs)
  const lock = await lockFolder(folder, shownAs)
  try {
    return await startLocked(folder, lock, options)
  } catch (error) {
    lock.release()
    if (error instanceof EmbeddedPostgresError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new EmbeddedPostgresError(
      `PostgreSQL could not be started in ${folder} (${reason}): check the disk and the rights of ` +
        'that folder, or set TEAM_DATA_DIR to another one.',
      { cause: error },
    )
  }
}

async function prepareFolder(dataDir: string): Promise<string> {
  const folder = join(dataDir, 'postgres')
  // Others may pass through (the server's user has to), and see nothing on the way.
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700
  try {
    await mkdir(folder, { recursive: true, mode })
    return await realpath(folder)
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The data folder ${dataDir} cannot be used (${errorCode(error)}): ` +
        'make it writable, or set TEAM_DATA_DIR to another folder.',
    )
  }
}

async function startLocked(
  folder: string,
  lock: FolderLock,
  { log, durable = true, sharedBuffers = usualSharedBuffers() }: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries()
  const dataPath = join(folder, 'data')
  const launcher = await chooseLauncher({
    dataOwnerUid: await ownerOf(dataPath),
    folder,
    program: binaries.postgres,
    sampleConfig: binaries.sampleConfig,
  })
  await removeDrafts(dataPath)
  if (await isCluster(dataPath, binaries)) await takeOver(dataPath, launcher)
  else await createCluster(dataPath, { binaries, launcher, durable })
  // The data may have been moved to another disk, with a link in its place.
  const dataDirectory = await realpath(dataPath)

  const server = await startServer({
    folder,
    dataDirectory,
    binaries,
    launcher,
    settings: {
      ...settings,
      shared_buffers: sharedBuffers,
      ...(durable ? durableSettings : scratchSettings),
    },
    log,
  })
  const { postmaster, socketFolder } = server
  try {
    await ensureOwnerAndDatabase(socketFolder.path)
  } catch (error) {
    await stopPostmaster(postmaster)
    throw error
  }
  let asked = false
  const died = new Promise<string>((settle) => {
    postmaster.ended.then((how) => {
      if (!asked) settle(`PostgreSQL ended by itself (${how}); see ${postmaster.logFile}`)
    })
  })
  return {
    connectionString: urlOf(socketFolder.path, databaseName, ownerUser),
    connectionStringFor: (database, user = ownerUser) => urlOf(socketFolder.path, database, user),
    postmasterPid: postmaster.pid,
    socketFolder: socketFolder.path,
    dataDirectory,
    died,
    async stop() {
      asked = true
      await stopPostmaster(postmaster)
      await socketFolder.discard()
      lock.release()
    },
  }
}

async function ownerOf(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null)
  return found === null ? null : found.uid
}

async function isCluster(dataDirectory: string, binaries: Binaries): Promise<boolean> {
  const self = process.getuid?.()
  const owner = await ownerOf(dataDirectory)
  if (owner === null) return false
  if (self !== undefined && self !== 0 && owner !== self) {
    throw new EmbeddedPostgresError(
      `The database in ${dataDirectory} belongs to user number ${owner}, not to you (${self}): ` +
        'start TEAM as that user or as root, or set TEAM_DATA_DIR to another folder.',
    )
  }
  const version = await readFile(join(dataDirectory, 'PG_VERSION'), 'utf8').catch(() => null)
  if (version === null) {
    if ((await readdir(dataDirectory)).length === 0) return false
    throw new EmbeddedPostgresError(
      `${dataDirectory} holds files and no database: move it away, or set TEAM_DATA_DIR.`,
    )
  }
  if (version.trim() !== String(binaries.majorVersion)) {
    throw new EmbeddedPostgresError(
      `The database in ${dataDirectory} was made by PostgreSQL ${version.trim()}, and this TEAM ` +
        `brings ${binaries.majorVersion}: dump it with the TEAM that made it, then load it here.`,
    )
  }
  return true
}

/** A copy made by root belongs to root, and is open to others: PostgreSQL accepts neither. */
async function takeOver(dataDirectory: string, { uid, gid }: Launcher): Promise<void> {
  await chmod(dataDirectory, 0o700)
  if (uid === null || gid === null || (await ownerOf(dataDirectory)) === uid) return
  const names = await readdir(dataDirectory, { recursive: true })
  for (const name of names) await lchown(join(dataDirectory, name), uid, gid)
  // Last, because it is what the next start looks at.
  await chown(dataDirectory, uid, gid)
}

interface ServerStart {
  folder: string
  dataDirectory: string
  binaries: Binaries
  launcher: Launcher
  settings: Readonly<Record<string, string>>
  log: EmbeddedPostgresOptions['log']
}

async function startServer(
  start: ServerStart,
): Promise<{ postmaster: Postmaster; socketFolder: SocketFolder }> {
  const logFile = join(start.folder, 'server.log')
  let quoted = ''
  // A server that a killed run had only just begun to start may come up in between, once.
  for (let attempt = 0; attempt < startAttemptsMax; attempt += 1) {
    await clearLeftovers(start.dataDirectory, start.log)
    const socketFolder = await prepareSocketFolder(start.folder, start.launcher)
    const offset = (await stat(logFile).catch(() => null))?.size ?? 0
    const postmaster = await spawnPostmaster({
      ...start,
      socketFolder: socketFolder.path,
      logFile,
    })
    if (await isReady(postmaster, start.dataDirectory, start.log)) {
      return { postmaster, socketFolder }
    }
    await stopPostmaster(postmaster)
    quoted = await quoteLog(logFile, offset)
    if (!/lock file|shared memory block/.test(quoted)) break
  }
  throw new EmbeddedPostgresError(`PostgreSQL did not start in ${start.dataDirectory}. ${quoted}`)
}

async function isReady(
  postmaster: Postmaster,
  dataDirectory: string,
  log: EmbeddedPostgresOptions['log'],
): Promise<boolean> {
  let ended = false
  postmaster.ended.then(() => {
    ended = true
  })
  for (let waited = 0; waited < readyWaitMs && !ended; waited += readyPollMs) {
    const named = await readPidFile(dataDirectory)
    // The file of the run before stays until the new server has written its own.
    if (named?.pid === postmaster.pid && named.ready) return true
    await pause(readyPollMs)
    if (waited === slowStartMs) log.info('PostgreSQL is still starting: it recovers from a crash')
  }
  return false
}

/** Roles and databases are made outside a transaction or by one statement: each may be missing. */
async function ensureOwnerAndDatabase(socketFolder: string): Promise<void> {
  const client = superuserClient(socketFolder)
  await client.connect()
  try {
    const roles = await client.query('select 1 from pg_roles where rolname = $1', [ownerUser])
    if (roles.rowCount === 0) {
      await client.query(`create role ${ownerUser} login createrole createdb`)
    }
    const found = await client.query('select 1 from pg_database where datname = $1', [databaseName])
    if (found.rowCount === 0) {
      await client.query(`create database ${databaseName} owner ${ownerUser}`)
    }
  } finally {
    await client.end()
  }
}

function superuserClient(socketFolder: string): pg.Client {
  const client = new pg.Client({
    host: socketFolder,
    port: socketPort,
    user: superuser,
    database: 'postgres',
    ssl: false,
    application_name: 'team start',
  })
  client.on('error', () => undefined)
  return client
}

function urlOf(socketFolder: string, database: string, user: string): string {
  const port = String(socketPort)
  const query = new URLSearchParams({ host: socketFolder, port, user, sslmode: 'disable' })
  return `postgresql:///${encodeURIComponent(database)}?${query}`
}
