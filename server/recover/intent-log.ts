/**
 * What TEAM keeps outside its database, so that a restored database is noticed: each intent, durably
 * written before its call is sent, and the head of the trail as it was last anchored.
 *
 *   intents.jsonl             the newest; a line each, appended and synced
 *   intents-<when>.jsonl      older ones, kept for at least 30 days
 *   anchor.json               replaced as a whole
 *
 * Lines name the installation, so that two databases may use one folder. Intents of one moment share
 * a sync. A line that a crash left half written is not one: its call was never sent.
 */
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const IntentLine = z.object({
  installation: z.string(),
  intentId: z.int(),
  kind: z.enum(['create', 'delete']),
  epoch: z.int(),
  userId: z.string(),
  accountId: z.string(),
  permissionSetArn: z.string(),
  writtenAt: z.coerce.date(),
})
export type IntentLine = z.output<typeof IntentLine>

const Anchor = z.object({ installation: z.string(), seq: z.int(), hash: z.string() })
export type KeptAnchor = z.output<typeof Anchor>

export const newest = 'intents.jsonl'
const isLog = /^intents(-[\dTZ-]+)?\.jsonl$/
export const anchorFile = 'anchor.json'
const bytesMax = 16 * 1024 * 1024
const keptMs = 40 * 86_400_000

interface Waiting {
  readonly line: IntentLine
  readonly done: PromiseWithResolvers<void>
}

export interface IntentLog {
  /** Resolves when the line is on the disk. */
  append(line: IntentLine): Promise<void>
  keepAnchor(anchor: KeptAnchor): Promise<void>
  readAnchor(): Promise<KeptAnchor | null>
  /** Every line of every file, the oldest file first. */
  lines(more?: readonly string[]): AsyncGenerator<IntentLine>
}

export function openIntentLog(dir: string): IntentLog {
  let waiting: Waiting[] = []
  let isWriting = false

  async function writeAll(): Promise<void> {
    isWriting = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      try {
        await append(
          dir,
          batch.map(({ line }) => line),
        )
        for (const { done } of batch) done.resolve()
      } catch (error) {
        for (const { done } of batch) done.reject(error)
      }
    }
    isWriting = false
  }

  return {
    async append(line) {
      const done = Promise.withResolvers<void>()
      waiting.push({ line, done })
      if (!isWriting) void writeAll()
      await done.promise
    },
    async keepAnchor(anchor) {
      await mkdir(dir, { recursive: true })
      const temporary = join(dir, `${anchorFile}.${process.pid}`)
      await withFile(temporary, 'w', (file) => file.writeFile(`${JSON.stringify(anchor)}\n`))
      await rename(temporary, join(dir, anchorFile))
      await syncFolder(dir)
    },
    async readAnchor() {
      const text = await readFile(join(dir, anchorFile), 'utf8').catch(ifMissing)
      return text === null ? null : Anchor.parse(JSON.parse(text))
    },
    async *lines(more = []) {
      const names = (await logFiles(dir)).map((name) => join(dir, name))
      for (const path of [...names, ...more]) yield* linesOf(path)
    },
  }
}

async function append(dir: string, lines: readonly IntentLine[]): Promise<void> {
  await mkdir(dir, { recursive: true })
  const path = join(dir, newest)
  const size = (await stat(path).catch(ifMissing))?.size ?? 0
  const at = lines[0]?.writtenAt ?? new Date(0)
  if (size > bytesMax) await rotate(dir, at)
  // A line that a crash cut off must not swallow this one.
  const lead = size > 0 && size <= bytesMax ? '\n' : ''
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  await withFile(path, 'a', (file) => file.appendFile(lead + text))
  if (size === 0) await syncFolder(dir)
}

async function rotate(dir: string, at: Date): Promise<void> {
  const stamp = (when: Date) => when.toISOString().replaceAll(/[:.]/g, '-')
  // Another copy on the same folder may have come first.
  await rename(join(dir, newest), join(dir, `intents-${stamp(at)}.jsonl`)).catch(ifMissing)
  const oldest = `intents-${stamp(new Date(at.getTime() - keptMs))}.jsonl`
  for (const name of await logFiles(dir)) {
    if (name !== newest && name < oldest) await rm(join(dir, name))
  }
}

async function logFiles(dir: string): Promise<string[]> {
  const names = (await readdir(dir).catch(ifMissing)) ?? []
  const logs = names.filter((name) => isLog.test(name)).sort()
  return [...logs.filter((name) => name !== newest), ...logs.filter((name) => name === newest)]
}

async function* linesOf(path: string): AsyncGenerator<IntentLine> {
  for (const text of (await readFile(path, 'utf8')).split('\n')) {
    const line = parsed(text)
    if (line !== null) yield line
  }
}

function parsed(text: string): IntentLine | null {
  try {
    const line = IntentLine.safeParse(JSON.parse(text))
    return line.success ? line.data : null
  } catch {
    return null
  }
}

async function withFile(
  path: string,
  flags: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, 0o600)
  try {
    await write(file)
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** A new name is durable only when its folder is. */
async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export function ifMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}
