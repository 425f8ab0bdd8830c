import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { findBinaries } from './binaries.ts'
import { superuser } from './cluster.ts'
import { type EmbeddedPostgres, EmbeddedPostgresError, startEmbeddedPostgres } from './embedded.ts'
import { chooseLauncher, type Launcher } from './os-user.ts'
import { listProcesses, sendSignal } from './process-table.ts'
import { socketPort } from './socket-folder.ts'

const module = fileURLToPath(new URL('./embedded.ts', import.meta.url))

export const folders: string[] = []
export const servers: EmbeddedPostgres[] = []
const children: ChildProcess[] = []
export const warnings: string[] = []

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const server of servers.splice(0)) await server.stop()
  for (const folder of folders.splice(0)) {
    await emptyOut(folder)
    await rm(folder, { recursive: true, force: true })
  }
  warnings.length = 0
})

/** Servers whose TEAM was killed are on their way out; a failed test may leave one that is not. */
async function emptyOut(folder: string): Promise<void> {
  const patience = Date.now() + 5_000
  for (;;) {
    const all = await listProcesses()
    const left = all.filter((one) => one.workingDirectory?.startsWith(folder) === true)
    if (left.length === 0) return
    if (Date.now() > patience) for (const { pid } of left) sendSignal(pid, 'SIGKILL')
    await pause(5)
  }
}

// In memory where there is some: a database is a thousand files.
const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

let pristine: string

beforeAll(async () => {
  pristine = await newFolder()
  await (await start(pristine)).stop()
  servers.length = 0
  folders.length = 0
})
afterAll(async () => rm(join(pristine, '..'), { recursive: true, force: true }))

export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(base, 'team-embedded-'))
  folders.push(folder)
  await chmod(folder, 0o755)
  return join(folder, '.team')
}

/** A folder with a database that was made and stopped: most tests are not about the making. */
export async function usedFolder(): Promise<string> {
  const dataDir = await newFolder()
  const copy = spawn('cp', ['-a', pristine, dataDir])
  await once(copy, 'exit')
  return dataDir
}

export async function start(dataDir: string): Promise<EmbeddedPostgres> {
  const log = { info: () => undefined, warn: (message: string) => warnings.push(message) }
  const server = await startEmbeddedPostgres({ dataDir, log })
  servers.push(server)
  return server
}

export async function refusal(dataDir: string): Promise<string> {
  const outcome = await start(dataDir).catch((error: unknown) => error)
  if (!(outcome instanceof EmbeddedPostgresError)) throw new Error(`not refused: ${outcome}`)
  return outcome.message
}

export async function query(server: EmbeddedPostgres, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.connectionString })
  await client.connect()
  try {
    return (await client.query({ text, rowMode: 'array' })).rows.flat()
  } finally {
    await client.end()
  }
}

/** TEAM in another process: says `ready` or why not, and runs until it is killed. */
export async function startElsewhere(
  dataDir: string,
): Promise<{ child: ChildProcess; said: string }> {
  const program = `
    import { startEmbeddedPostgres } from ${JSON.stringify(module)}
    const log = { info() {}, warn() {} }
    try {
      const server = await startEmbeddedPostgres({ dataDir: process.argv[1], log })
      console.log('ready ' + server.postmasterPid)
      setInterval(() => {}, 1000)
    } catch (error) {
      console.log(error.message)
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [said] = await once(createInterface(child.stdout), 'line')
  return { child, said: String(said) }
}

export async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

/** Who the server of this folder runs as, to start other things as the same user. */
export async function launcherFor(dataDir: string): Promise<Launcher> {
  const { postgres, sampleConfig } = await findBinaries()
  const folder = join(dataDir, 'postgres')
  const { uid } = await stat(join(folder, 'data'))
  return chooseLauncher({ dataOwnerUid: uid, folder, program: postgres, sampleConfig })
}

export async function spawnAs(
  launcher: Launcher,
  program: string,
  args: string[],
): Promise<ChildProcess> {
  const command = launcher.command(program, args, 'KILL')
  const child = spawn(command.file, command.args, { ...command.options, cwd: '/' })
  children.push(child)
  await once(child, 'spawn')
  return child
}

export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(5)
}

/** A server on a folder whose TEAM is gone, started so that no signal comes from anywhere. */
export async function startOrphan(dataDir: string): Promise<ChildProcess> {
  const server = await start(dataDir)
  await server.stop()
  const { postgres } = await findBinaries()
  const { file, args, options } = (await launcherFor(dataDir)).command(
    postgres,
    ['-D', server.dataDirectory, '-c', 'listen_addresses=', '-k', server.socketFolder],
    'KILL',
  )
  const child = spawn(file, args, { ...options, cwd: '/', stdio: 'ignore' })
  children.push(child)
  const pidFile = join(server.dataDirectory, 'postmaster.pid')
  await until(async () => (await readFile(pidFile, 'utf8').catch(() => '')).includes('ready'))
  return child
}

export function socketOf(dataDir: string): pg.ClientConfig {
  const host = join(dataDir, 'postgres', 'run')
  return { host, port: socketPort, user: superuser, database: 'postgres' }
}
