import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Binaries } from './binaries.ts'
import { EmbeddedPostgresError } from './error.ts'
import type { Launcher } from './os-user.ts'

export const superuser = 'postgres'

const logBytesMax = 10 * 1024 * 1024
const quotedLines = 5
const quotedBytes = 8 * 1024

/**
 * Makes a database cluster, whole or not at all: under another name first, so that a start killed
 * half way leaves nothing that looks like a database. The collation is PostgreSQL's own: the same
 * order on every machine, whatever its C library.
 */
export async function createCluster(
  dataDirectory: string,
  make: { binaries: Binaries; launcher: Launcher; durable: boolean },
): Promise<void> {
  const { launcher, binaries } = make
  const draft = await mkdtemp(`${dataDirectory}.new-`)
  await giveTo(launcher, draft)
  const args = [
    `--pgdata=${draft}`,
    `--username=${superuser}`,
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    // The socket's folder is closed to everybody else; there is no other way in.
    '--auth-local=trust',
    '--auth-host=reject',
    ...(make.durable ? [] : ['--no-sync']),
  ]
  const { file, args: words, options } = launcher.command(binaries.initdb, args, 'KILL')
  const child = spawn(file, words, {
    ...options,
    cwd: '/',
    env: serverEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = collect(child)
  const failure = await finish(child)
  if (failure !== null) {
    await rm(draft, { recursive: true, force: true })
    throw new EmbeddedPostgresError(
      `A database could not be made in ${dataDirectory} (${failure}). ${quote(output())}`,
    )
  }
  await rename(draft, dataDirectory)
  if (make.durable) await syncFolder(dirname(dataDirectory))
}

export async function removeDrafts(dataDirectory: string): Promise<void> {
  const folder = dirname(dataDirectory)
  const drafts = (await readdir(folder)).filter((name) =>
    name.startsWith(`${basename(dataDirectory)}.new-`),
  )
  for (const name of drafts) await rm(join(folder, name), { recursive: true, force: true })
}

/** Not ours: variables named PG… would set things behind our back. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }
}

async function giveTo(launcher: Launcher, path: string): Promise<void> {
  await chmod(path, 0o700)
  if (launcher.uid !== null && launcher.gid !== null) {
    await chown(path, launcher.uid, launcher.gid)
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await folder.sync()
  await folder.close()
}

function collect(child: ChildProcess): () => string {
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}

async function finish(child: ChildProcess): Promise<string | null> {
  try {
    const [code, signal] = await once(child, 'close')
    return code === 0 ? null : `exit ${code ?? signal}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export interface Postmaster {
  pid: number
  /** Settles when the process is gone, with how it ended; never rejects. */
  ended: Promise<string>
  logFile: string
}

/**
 * In a process group of its own: Ctrl-C in the terminal is for TEAM, which finishes what it does
 * and then stops the database.
 */
export async function spawnPostmaster(start: {
  dataDirectory: string
  socketFolder: string
  logFile: string
  settings: Readonly<Record<string, string>>
  binaries: Binaries
  launcher: Launcher
}): Promise<Postmaster> {
  const settings = { ...start.settings, unix_socket_directories: start.socketFolder }
  const args = ['-D', start.dataDirectory]
  for (const [name, value] of Object.entries(settings)) args.push('-c', `${name}=${value}`)
  const {
    file,
    args: words,
    options,
  } = start.launcher.command(start.binaries.postgres, args, 'INT')
  await rotate(start.logFile)
  const log = await open(start.logFile, 'a', 0o600)
  const child = spawn(file, words, {
    ...options,
    cwd: '/',
    env: serverEnvironment(),
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
  })
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`))
    child.once('error', (error) => resolve(error.message))
  })
  await log.close()
  if (child.pid === undefined) throw new EmbeddedPostgresError(`${file}: ${await ended}`)
  return { pid: child.pid, ended, logFile: start.logFile }
}

async function rotate(logFile: string): Promise<void> {
  const found = await stat(logFile).catch(() => null)
  if (found !== null && found.size > logBytesMax) await rename(logFile, `${logFile}.1`)
}

const stopSteps: readonly { signal: NodeJS.Signals; waitMs: number }[] = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
]

export async function stopPostmaster({ pid, ended }: Postmaster): Promise<void> {
  for (const { signal, waitMs } of stopSteps) {
    // The number is ours until the end has been reported: the process is our child.
    const gone = await Promise.race([ended, pause(0, null)])
    if (gone !== null) return
    process.kill(pid, signal)
    const waiting = new AbortController()
    const timeout = pause(waitMs, null, { signal: waiting.signal }).catch(() => null)
    const end = await Promise.race([ended, timeout])
    waiting.abort()
    if (end !== null) return
  }
}

/** What the server wrote since `offset`, cut to its last lines, on one line. */
export async function quoteLog(logFile: string, offset: number): Promise<string> {
  const text = await readFile(logFile).catch(() => Buffer.alloc(0))
  const from = Math.max(offset, text.length - quotedBytes)
  return quote(text.subarray(text.length < offset ? 0 : from).toString('utf8'))
}

function quote(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const last = lines.slice(-quotedLines).map((line) => line.trim())
  return last.length === 0 ? 'PostgreSQL wrote nothing.' : `PostgreSQL wrote: ${last.join(' | ')}`
}
