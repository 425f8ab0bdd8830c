import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Change } from './model/types.ts'
import type { Entry, Journal } from './model/world.ts'

/**
 * The organisation on disk: one line of JSON an entry, appended before the entry takes effect.
 *
 * A line without its line feed was never answered for: the process died in the middle of it. It is
 * cut off at the next start. Anything else that can't be read is damage, and stops the start.
 *
 * A rewrite puts the fewest entries that give the same state in the place of all that went before:
 * a new file beside the old one, made durable, then renamed over it. At each moment one whole
 * journal exists.
 */
const fileName = 'journal.jsonl'
const rewriteBytes = 32 * 1024 * 1024

export class FileJournal implements Journal {
  readonly #path: string
  #file: number
  #bytes: number
  #rewriteAtBytes = rewriteBytes
  #whole: (() => { at: number; changes: Iterable<Change> }) | null = null

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#path = join(folder, fileName)
    rmSync(`${this.#path}.new`, { force: true })
    const isNew = !existsSync(this.#path)
    this.#file = openSync(this.#path, 'a+', 0o600)
    if (isNew) syncFolder(folder)
    this.#bytes = 0
  }

  /** What happened before, oldest first; to be read once, before anything is appended. */
  read(): Entry[] {
    const bytes = readFileSync(this.#path)
    const whole = bytes.lastIndexOf(0x0a) + 1
    if (whole < bytes.length) {
      ftruncateSync(this.#file, whole)
      fsyncSync(this.#file)
    }
    this.#bytes = whole
    const lines = bytes.toString('utf8', 0, whole).split('\n').slice(0, -1)
    return lines.map((line, at) => this.#parse(line, at + 1))
  }

  #parse(line: string, number: number): Entry {
    try {
      return JSON.parse(line) as Entry
    } catch (cause) {
      const message = `${this.#path} is damaged at line ${number}: move the folder away to begin afresh.`
      throw new Error(message, { cause })
    }
  }

  append(entry: Entry, { durable }: { durable: boolean }): void {
    if (this.#bytes > this.#rewriteAtBytes && this.#whole !== null) this.#rewrite(this.#whole())
    try {
      const bytes = writeAll(this.#file, `${JSON.stringify(entry)}\n`)
      if (durable) fsyncSync(this.#file)
      this.#bytes += bytes
    } catch (error) {
      // A full disk, say: the entry did not happen, and no half of it may stay before the next.
      ftruncateSync(this.#file, this.#bytes)
      throw error
    }
  }

  /** Rewrites now, and from now on whenever the journal has grown by its limit. */
  keepShort(whole: () => { at: number; changes: Iterable<Change> }): void {
    this.#whole = whole
    this.#rewrite(whole())
  }

  #rewrite({ at, changes }: { at: number; changes: Iterable<Change> }): void {
    const path = `${this.#path}.new`
    const file = openSync(path, 'w', 0o600)
    let bytes = 0
    for (const entry of inEntries(at, changes))
      bytes += writeAll(file, `${JSON.stringify(entry)}\n`)
    fsyncSync(file)
    closeSync(file)
    renameSync(path, this.#path)
    syncFolder(dirname(this.#path))
    closeSync(this.#file)
    this.#file = openSync(this.#path, 'a+', 0o600)
    this.#bytes = bytes
    this.#rewriteAtBytes = bytes + rewriteBytes
  }

  close(): void {
    closeSync(this.#file)
  }
}

function* inEntries(at: number, changes: Iterable<Change>): Generator<Entry> {
  const changesMax = 1_000
  let batch: Change[] = []
  for (const change of changes) {
    batch.push(change)
    if (batch.length < changesMax) continue
    yield { at, changes: batch }
    batch = []
  }
  if (batch.length > 0) yield { at, changes: batch }
}

function writeAll(file: number, text: string): number {
  const bytes = Buffer.from(text)
  let written = 0
  while (written < bytes.length) written += writeSync(file, bytes, written)
  return bytes.length
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  fsyncSync(handle)
  closeSync(handle)
}
