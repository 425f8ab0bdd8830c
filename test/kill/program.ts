/** A program of this repository in a process of its own, to be killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { compiledCode, root } from '#scripts/run.ts'

export interface Ended {
  readonly code: number | null
  readonly output: string
  /** Standard error, line by line: what a person sees who starts it by hand. */
  readonly complaints: readonly string[]
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Started wrongly, both leave by themselves and leave their compiled code, which one that is killed
 * does not: once is enough for all starts that follow.
 */
export async function compileOnce(): Promise<void> {
  const server = new Program('server/main.ts', {})
  const sandbox = new Program('sandbox/main.ts', { SANDBOX_PORT: 'none' })
  await Promise.all([server.ended, sandbox.ended])
}

export class Program {
  /** Settles when the process is gone and everything it said has been read. */
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  readonly #listeners = new Set<() => void>()
  #output = ''
  #errors = ''

  constructor(
    file: string,
    env: Readonly<Record<string, string>>,
    args: readonly string[] = [],
    as: { readonly uid?: number; readonly gid?: number } = {},
  ) {
    const child = spawn(process.execPath, [`${root}${file}`, ...args], {
      ...as,
      cwd: root,
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: compiledCode, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    this.#child = child
    child.stdout.on('data', (chunk: Buffer) => this.#hear(chunk))
    child.stderr.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString()
      this.#hear(chunk)
    })
    this.ended = new Promise((settle) => {
      child.once('close', (code) => {
        running.delete(child)
        const complaints = this.#errors.split('\n').filter((line) => line !== '')
        settle({ code, output: this.#output, complaints })
      })
    })
  }

  /** Until it says so; fails if it ends before. */
  async says(pattern: RegExp): Promise<string> {
    const heard = new Promise<string>((settle) => {
      const listen = () => {
        const found = pattern.exec(this.#output)?.[0]
        if (found !== undefined) settle(found)
      }
      this.#listeners.add(listen)
      listen()
    })
    const ended = this.ended.then(({ code, output }) => {
      throw new Error(`It ended with ${code} before it said ${pattern}:\n${output.slice(-4000)}`)
    })
    return Promise.race([heard, ended])
  }

  /** What it said of late, for the message of a test that fails. */
  lastWords(): string {
    const lines = this.#output.split('\n').filter((line) => !line.includes('"msg":"answered"'))
    return lines.slice(-30).join('\n')
  }

  /** What it logged as an error, line by line. */
  errors(): string[] {
    return this.#output.split('\n').filter((line) => line.startsWith('{"level":"error"'))
  }

  /** Not waited for: see `ended`. */
  kill(): void {
    this.signal('SIGKILL')
  }

  /** A process that is stopped (SIGSTOP) does nothing until it is continued (SIGCONT). */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('It was not started')
    return this.#child.pid
  }

  /** How much it has said, for `hasSaid`. */
  get saidLength(): number {
    return this.#output.length
  }

  hasSaid(pattern: RegExp, after = 0): boolean {
    return pattern.test(this.#output.slice(after))
  }

  #hear(chunk: Buffer): void {
    this.#output += chunk.toString()
    for (const listen of this.#listeners) listen()
  }
}
