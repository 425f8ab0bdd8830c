/** Runs programs for the other scripts. */
import { spawn } from 'node:child_process'

export const root: string = new URL('..', import.meta.url).pathname

/** For NODE_COMPILE_CACHE: half the time of a start is reading the program. */
export const compiledCode = `${root}node_modules/.cache/compiled`

/** Programs of the package run on its own Node, however this script was started. */
function withOwnPrograms(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: `${root}node_modules/.bin:${env.PATH ?? ''}` }
}

export interface Ran {
  readonly code: number
  readonly output: string
}

/** Quiet: the output is kept and shown by whoever wants it. */
export function capture(command: string, args: readonly string[]): Promise<Ran> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {
      cwd: root,
      env: withOwnPrograms(process.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    child.on('error', fail)
    child.on('close', (code) => done({ code: code ?? 1, output }))
  })
}

export interface Watched {
  readonly env?: NodeJS.ProcessEnv
  /** Sees every line of the output, which is shown as well. */
  readonly onLine?: (line: string) => void
}

/** Loud: the output goes to the terminal as it comes. */
export function show(
  command: string,
  args: readonly string[],
  { env = process.env, onLine }: Watched = {},
): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {
      cwd: root,
      env: withOwnPrograms(env),
      stdio: ['ignore', onLine ? 'pipe' : 'inherit', 'inherit'],
    })
    let rest = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk)
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine?.(line)
    })
    child.on('error', fail)
    child.on('close', (code) => {
      if (rest !== '') onLine?.(rest)
      done(code ?? 1)
    })
  })
}
