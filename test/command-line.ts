/** The command line in this process: what it said, and what it left with. */
import { Readable } from 'node:stream'
import { runTeam } from '#server/command-line/program.ts'

export interface Said {
  readonly code: number
  /** Both outputs, as somebody at a terminal sees them. */
  readonly text: string
  readonly out: string
}

export async function runInFolder(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Said> {
  const out: string[] = []
  const all: string[] = []
  const code = await runTeam(args, {
    env,
    folder,
    out: (text) => {
      out.push(text)
      all.push(text)
    },
    err: (text) => void all.push(text),
    stdin: () => Readable.from([]),
  })
  return { code, text: all.join('\n'), out: out.join('\n') }
}
