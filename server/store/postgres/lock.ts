import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { EmbeddedPostgresError } from './error.ts'
import { readProcess } from './process-table.ts'

/**
 * One TEAM per data folder.
 *
 * The lock is the kernel's: an exclusive transaction in an otherwise empty SQLite file takes a
 * record lock, which belongs to this process and dies with it, `kill -9` included. So there is no
 * stale lock to judge and no gap between looking and taking. Files with a process id, and sockets
 * that are tested and then replaced, have both. Node offers no flock of its own.
 *
 * The holder's number is only for the message. It is in a second file, because POSIX drops a
 * process's record locks when it closes *any* descriptor of the locked file.
 */
export interface FolderLock {
  release(): void
}

const sqliteBusy = 5
const pollMs = 20
// A process that was killed a moment ago still holds its lock while the kernel takes it apart, and
// one that took the lock a moment ago has not written its number yet.
const graceMs = 400
const namelessGraceMs = 2_000

const Holder = z.object({ pid: z.int(), startedTicks: z.string() })

// A lock whose object were collected as garbage would be let go.
const held = new Set<DatabaseSync>()

export async function lockFolder(dir: string, shownAs: string): Promise<FolderLock> {
  const file = join(dir, 'lock')
  let lock = tryLock(file)
  for (let waited = 0; lock === null; waited += pollMs) {
    const pid = waited >= graceMs ? await readHolder(dir) : null
    if (pid !== null) throw inUse(shownAs, `process ${pid}`)
    if (waited >= namelessGraceMs) throw inUse(shownAs, 'another process')
    await pause(pollMs)
    lock = tryLock(file)
  }
  const taken = lock
  held.add(taken)
  await writeHolder(dir).catch((error: unknown) => {
    held.delete(taken)
    taken.close()
    throw lockTrouble(file, error)
  })
  return {
    release() {
      if (held.delete(taken)) taken.close()
    },
  }
}

function inUse(shownAs: string, holder: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `${shownAs} is already in use by ${holder} (team serve). ` +
      'Stop it, or set TEAM_DATA_DIR to another folder.',
  )
}

function tryLock(file: string): DatabaseSync | null {
  const database = openLockFile(file)
  try {
    database.exec('pragma journal_mode = memory')
    database.exec('begin exclusive')
    return database
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return null
    throw lockTrouble(file, error)
  }
}

function openLockFile(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { timeout: 0 })
  } catch (error) {
    throw lockTrouble(file, error)
  }
}

function lockTrouble(file: string, error: unknown): EmbeddedPostgresError {
  const reason = error instanceof Error ? error.message : String(error)
  return new EmbeddedPostgresError(
    `The lock file ${file} cannot be used (${reason}): check who owns the folder and that it is ` +
      'on a local disk, or set TEAM_DATA_DIR to another folder.',
  )
}

async function writeHolder(dir: string): Promise<void> {
  const self = await readProcess(process.pid)
  const holder = { pid: process.pid, startedTicks: self?.startedTicks ?? '' }
  const draft = join(dir, `holder.${process.pid}`)
  await writeFile(draft, JSON.stringify(holder))
  await rename(draft, join(dir, 'holder'))
}

async function readHolder(dir: string): Promise<number | null> {
  const text = await readFile(join(dir, 'holder'), 'utf8').catch(() => 'null')
  const holder = Holder.nullable().safeParse(JSON.parse(text)).data ?? null
  if (holder === null) return null
  const alive = await readProcess(holder.pid)
  return alive !== null && alive.startedTicks === holder.startedTicks ? holder.pid : null
}
