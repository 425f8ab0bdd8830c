/** What a command sees of the world it was called in, and what it may answer. */
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { Environment } from '#server/config.ts'

export interface Shell {
  readonly env: Environment
  /** Where paths and the configuration are looked for. */
  readonly folder: string
  /** The answer; nothing else. */
  out(text: string): void
  /** What was refused, and what is going on. */
  err(text: string): void
  /** Standard input as a stream, for a file named "-". */
  stdin(): Readable
}

export interface Answer {
  /** 1: the command did its work, and the answer is no. */
  readonly code: 0 | 1
  /** For people. */
  readonly text: string
  /** For programs, with --json. */
  readonly json: unknown
}

/** It cannot be done, and the message says what to do about it. Leaves with 1. */
export class CannotDo extends Error {}

/** The command was called wrongly. Leaves with 2. */
export class Misuse extends Error {}

export function processShell(): Shell {
  return {
    env: process.env,
    folder: process.cwd(),
    out: (text) => console.log(text),
    err: (text) => console.error(text),
    stdin: () => process.stdin,
  }
}

export function teamVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
  return version
}
