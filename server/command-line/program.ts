/** `team` on commander: one answer, as text or JSON, and an exit code. */
import tab from '@bomb.sh/tab/commander'
import { Command, CommanderError } from 'commander'
import type { Act, Work } from './command.ts'
import { commands } from './commands.ts'
import { type Answer, CannotDo, Misuse, processShell, type Shell, teamVersion } from './shell.ts'

const misuse = 2

export async function runTeam(
  args: readonly string[],
  shell: Shell = processShell(),
): Promise<number> {
  const wantsJson = args.includes('--json')
  let code = 0
  const program = buildProgram(shell, (answer) => {
    code = answer.code
    shell.out(wantsJson ? JSON.stringify(answer.json) : answer.text)
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    return refuse(error, shell, wantsJson)
  }
}

function buildProgram(shell: Shell, answer: (answer: Answer) => void): Command {
  const program = new Command('team')
    .description('Temporary elevated access to AWS accounts: setting up, running, repairing.')
    .version(teamVersion())
    .addHelpText(
      'after',
      '\nEvery command takes --help and --json, asks nothing, and leaves with 0 (done), 1 (refused) or 2 (misuse).',
    )
  for (const add of commands) add(program, actOn(shell, answer))
  for (const leaf of leavesOf(program)) leaf.option('--json', 'answer in JSON')
  const completion = tab(program)
  completion.command('complete', 'Print the script that completes team in a shell')
  for (const command of everyCommand(program)) {
    command
      .exitOverride()
      .showHelpAfterError('(--help says more)')
      .configureOutput({
        writeOut: (text) => shell.out(text.trimEnd()),
        writeErr: (text) => shell.err(text.trimEnd()),
      })
  }
  return program
}

function everyCommand(from: Command): Command[] {
  return [from, ...from.commands.flatMap(everyCommand)]
}

function leavesOf(from: Command): Command[] {
  return from.commands.length === 0 ? [from] : from.commands.flatMap(leavesOf)
}

function actOn(shell: Shell, answer: (answer: Answer) => void): Act {
  return <Options extends object>(work: Work<Options>) =>
    async (...given) => {
      const command = given.at(-1)
      if (!(command instanceof Command)) throw new Error('commander gives the command last')
      answer(
        await work({
          shell,
          // The declared options are beside the work that reads them.
          options: command.opts<Options>(),
          args: command.args,
          progress: (line) => shell.err(line),
        }),
      )
    }
}

async function refuse(error: unknown, shell: Shell, wantsJson: boolean): Promise<number> {
  // commander has said what it had to say.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : misuse
  const message = await messageOf(error)
  shell.err(message)
  if (wantsJson) shell.out(JSON.stringify({ error: { message } }))
  return error instanceof Misuse ? misuse : 1
}

async function messageOf(error: unknown): Promise<string> {
  if (error instanceof CannotDo || error instanceof Misuse) return error.message
  const { linesFor } = await import('#server/main.ts')
  return linesFor(error)
}
