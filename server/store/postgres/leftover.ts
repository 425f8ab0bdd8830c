import { readFile, realpath, unlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { EmbeddedPostgresError, errorCode } from './error.ts'
import { listProcesses, type ProcessFacts, readProcess, sendSignal } from './process-table.ts'

/**
 * What a killed TEAM leaves behind in its data folder, put right before the next start. The caller
 * holds the folder's lock, so whatever runs here belongs to nobody any more.
 *
 * - PostgreSQL still runs: told to stop, then made to.
 * - Only server processes of a killed postmaster run: made to stop; a new postmaster would refuse.
 * - `postmaster.pid` names a process that is gone, a zombie, or somebody else's under a number used
 *   again: PostgreSQL itself only asks whether *a* process of that number answers, and would refuse.
 *   The number is replaced by one that no process can have. The file is not deleted: its last
 *   line names the shared memory, by which PostgreSQL makes sure that nobody still writes.
 */
export async function clearLeftovers(
  dataDirectory: string,
  log: { warn(message: string): void },
): Promise<void> {
  const directory = await realpath(dataDirectory)
  const running = await findRunning(directory)
  if (running.length > 0) {
    const pids = running.map(({ pid }) => pid).join(', ')
    log.warn(`PostgreSQL of an earlier run is still there (process ${pids}): stopping it`)
    await stopAll(directory)
  }
  await disownPidFile(directory)
}

// Of the lines after the first one (PostgreSQL's utils/pidfile.h).
const statusLine = 6
const noProcessId = 2_147_483_646
const pollMs = 20
const steps: readonly { signal: NodeJS.Signals; to: 'postmaster' | 'all'; waitMs: number }[] = [
  { signal: 'SIGINT', to: 'postmaster', waitMs: 10_000 },
  { signal: 'SIGQUIT', to: 'all', waitMs: 5_000 },
  { signal: 'SIGKILL', to: 'all', waitMs: 5_000 },
]

async function stopAll(directory: string): Promise<void> {
  for (const step of steps) {
    const running = await findRunning(directory)
    const chosen = step.to === 'all' ? running : running.filter(isPostmaster)
    if (running.length > 0 && chosen.length === 0) continue
    for (const { pid } of chosen) sendSignal(pid, step.signal)
    if (await isQuiet(directory, step.waitMs)) return
  }
  const pids = (await findRunning(directory)).map(({ pid }) => pid).join(', ')
  throw new EmbeddedPostgresError(
    `The PostgreSQL of an earlier run (process ${pids}) on ${directory} does not stop: ` +
      'end these processes, then start TEAM again.',
  )
}

async function isQuiet(directory: string, waitMs: number): Promise<boolean> {
  for (let waited = 0; waited <= waitMs; waited += pollMs) {
    if ((await findRunning(directory)).length === 0) return true
    await pause(pollMs)
  }
  return false
}

/** PostgreSQL's processes on this data directory. All of them work in it; only one is given `-D`. */
export async function findRunning(directory: string): Promise<ProcessFacts[]> {
  const all = await listProcesses()
  const here = all.filter(({ workingDirectory }) => workingDirectory === directory)
  const named = await readPidFile(directory)
  if (named !== null && named.pid > 0 && !here.some(({ pid }) => pid === named.pid)) {
    const facts = await readProcess(named.pid)
    // Another user's working directory may be hidden; its command line is not.
    if (facts?.workingDirectory === null && isGivenDirectory(facts, directory)) here.push(facts)
  }
  return here.filter((found) => !found.zombie && isPostgres(found))
}

function isPostgres({ argv }: ProcessFacts): boolean {
  const [command = ''] = argv
  // Server processes rename themselves "postgres: checkpointer" and the like.
  return basename(command) === 'postgres' || command.startsWith('postgres: ')
}

function isPostmaster({ argv }: ProcessFacts): boolean {
  return argv.includes('-D')
}

function isGivenDirectory({ argv }: ProcessFacts, directory: string): boolean {
  const at = argv.indexOf('-D')
  return at >= 0 && argv[at + 1] === directory
}

interface PidFile {
  pid: number
  rest: string[]
  ready: boolean
}

export async function readPidFile(directory: string): Promise<PidFile | null> {
  try {
    const [first = '', ...rest] = (await readFile(pidFile(directory), 'utf8')).split('\n')
    const ready = rest[statusLine]?.trim() === 'ready'
    // A server in single-user mode writes its number negated.
    return { pid: Math.abs(Number.parseInt(first, 10)), rest, ready }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

async function disownPidFile(directory: string): Promise<void> {
  const named = await readPidFile(directory)
  if (named === null || named.pid === noProcessId) return
  // Cut short by a power failure: there is nothing in it to keep.
  if (Number.isNaN(named.pid)) return unlink(pidFile(directory))
  await writeFile(pidFile(directory), [noProcessId, ...named.rest].join('\n'))
}

function pidFile(directory: string): string {
  return join(directory, 'postmaster.pid')
}
