import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Holder {
  pid: number
  port: number
  startedAt: string
}

/**
 * One process a data folder, by a file that names it.
 *
 * The file is made with "fail if it exists". One whose process is gone is moved aside first; moving
 * is atomic, and what was moved is looked at again, so that of two starts at once only one wins.
 */
export class FolderLock {
  readonly #path: string
  readonly #holder: Holder

  private constructor(path: string, holder: Holder) {
    this.#path = path
    this.#holder = holder
  }

  static take(folder: string, holder: Holder): FolderLock | Holder {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, 'pid.json')
    const before = read(path)
    if (before !== null && isAlive(before)) return before
    if (existsSync(path)) {
      const aside = `${path}.${process.pid}`
      renameSync(path, aside)
      const moved = read(aside)
      if (moved !== null && moved.pid !== before?.pid) {
        renameSync(aside, path)
        return moved
      }
      rmSync(aside)
    }
    try {
      writeFileSync(path, JSON.stringify(holder), { flag: 'wx', mode: 0o600 })
    } catch (error) {
      const winner = read(path)
      if (winner === null) throw error
      return winner
    }
    return new FolderLock(path, holder)
  }

  listeningOn(port: number): void {
    const next = `${this.#path}.next`
    writeFileSync(next, JSON.stringify({ ...this.#holder, port }), { mode: 0o600 })
    renameSync(next, this.#path)
  }

  release(): void {
    if (read(this.#path)?.pid === this.#holder.pid) rmSync(this.#path, { force: true })
  }
}

function read(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder
  } catch {
    return null
  }
}

/** The process lives, and is a sandbox: the system gives old process numbers to new processes. */
function isAlive({ pid }: Holder): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  const command = commandOf(pid)
  return command === null || /sandbox[\\/]main\.[jt]s/.test(command)
}

function commandOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    // Not every system has /proc.
  }
  try {
    return execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' })
  } catch {
    return null
  }
}
