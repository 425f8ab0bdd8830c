/**
 * What a file of one command gives: `add` declares its words and options, cheaply, because all of
 * them are declared for every call, for help and for completion; the work imports what it needs when
 * it is asked for. Every command gets `--json` and leaves with 0 (done), 1 (refused) or 2 (misuse).
 */
import type { Command } from 'commander'
import type { Answer, Shell } from './shell.ts'

export interface Asked<Options> {
  readonly shell: Shell
  readonly options: Options
  readonly args: readonly string[]
  /** A line about long work, to the error output, so that the answer stays clean. */
  progress(line: string): void
}

export type Work<Options> = (asked: Asked<Options>) => Promise<Answer>

/** For `.action(…)` of commander. */
export type Act = <Options extends object>(
  work: Work<Options>,
) => (...given: unknown[]) => Promise<void>

export type AddCommand = (program: Command, act: Act) => void

export const example = (text: string) => `\nExample:\n  ${text.trim().replaceAll('\n', '\n  ')}\n`

/** For an option that may be given several times. */
export const collect = (value: string, before: readonly string[] = []) => [...before, value]

/** For commands that need to know about the installation. */
export function withConfigFile(command: Command): Command {
  return command.option(
    '--config <file>',
    "team.config.json, or the sample's parameters.sh (default: TEAM_CONFIG, or whichever of them is in this folder)",
  )
}
