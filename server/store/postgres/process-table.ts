import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface ProcessFacts {
  pid: number
  /** Dead, but not yet waited for by its parent. It still answers to `kill(pid, 0)`. */
  zombie: boolean
  /** When it started, in the system's own unit: with the pid it names one process for good. */
  startedTicks: string
  argv: string[]
  /** Unknown where another user's process may not be inspected. */
  workingDirectory: string | null
}

/** `null`: there is no such process. Linux has /proc; elsewhere `ps` is asked. */
export async function readProcess(pid: number): Promise<ProcessFacts | null> {
  return process.platform === 'linux' ? readFromProc(pid) : readFromPs(pid)
}

async function readFromProc(pid: number): Promise<ProcessFacts | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The second field is the name in brackets and may hold anything: count from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    return {
      pid,
      zombie: fields[0] === 'Z' || fields[0] === 'X',
      startedTicks: fields[19] ?? '',
      argv: commandLine.split('\0').slice(0, -1),
      workingDirectory: await readlink(`/proc/${pid}/cwd`).catch(() => null),
    }
  } catch {
    return null
  }
}

async function readFromPs(pid: number): Promise<ProcessFacts | null> {
  const columns = ['-o', 'stat=', '-o', 'lstart=', '-o', 'command=', '-p', String(pid)]
  const line = await run('ps', columns, { env: { ...process.env, LC_ALL: 'C' } }).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  )
  const parts = /^(\S+)\s+(\w+\s+\w+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/.exec(line)
  if (parts === null) return null
  const [, stat = '', started = '', command = ''] = parts
  return {
    pid,
    zombie: stat.startsWith('Z'),
    startedTicks: started,
    argv: command.split(' '),
    workingDirectory: null,
  }
}

/** Every process of this machine that may be inspected; empty where there is no /proc. */
export async function listProcesses(): Promise<ProcessFacts[]> {
  const names = await readdir('/proc').catch(() => [])
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number)
  const facts = await Promise.all(pids.map(readFromProc))
  return facts.filter((process) => process !== null)
}

/** False when it is gone already; anything else that stops us is worth hearing. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}
