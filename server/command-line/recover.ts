/** `team recover`: the ways back after a bad day, for whoever has the database. */
import { type AddCommand, collect, example, withConfigFile } from './command.ts'

export const addRecover: AddCommand = (program, act) => {
  withConfigFile(program.command('recover'))
    .summary('Bring back what a bad day took away')
    .description(
      'Bring a restored database up to the log of intents, or bring back what nobody can change any more. Needs the settings of the server; with the embedded PostgreSQL the server must be stopped',
    )
    .option(
      '--intents',
      'replay the log of intents under TEAM_DATA_DIR, look at every key in it, and lift the hold',
    )
    .option('--file <path>', 'with --intents: the log of another copy, too', collect)
    .option(
      '--nothing-to-replay',
      'with --intents: lift the hold though no log has an intent of this installation',
    )
    .option(
      '--forget-secrets',
      'take away secrets of channels that neither TEAM_SECRET nor TEAM_SECRET_PREVIOUS opens; what can be opened stays',
    )
    .option('--admin-group <id>', 'make the members of that group administrators, and nobody else')
    .addOption(
      program
        .createOption('--second-admin <off>', 'let one administrator widen access alone again')
        .choices(['off']),
    )
    .addHelpText(
      'after',
      example(`team recover --intents --file /mnt/other/intents.jsonl
team recover --admin-group 94482488-3041-7026-18d1-a9b1a0b5b5a5`),
    )
    .action(
      act<import('#server/recover/command.ts').RecoverOptions>(async (asked) => {
        const { runRecover } = await import('#server/recover/command.ts')
        return runRecover(asked)
      }),
    )
}
