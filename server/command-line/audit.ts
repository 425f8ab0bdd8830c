/** `team audit verify FILE`: needs no server, no database and no environment. */
import { type AddCommand, collect, example } from './command.ts'

export const addAudit: AddCommand = (program, act) => {
  program
    .command('audit')
    .description('The audit trail')
    .command('verify')
    .summary('Compute every hash of an export again')
    .description(
      'Compute every hash of an export in JSON lines again; leaves with 1 and the first broken event if it is not in order',
    )
    .argument('<file>', 'an export in JSON lines; - reads it from standard input')
    .option(
      '--anchors <file>',
      "the server's log, or a part of it: each head that was logged must be the export's, and the export must reach as far",
      collect,
    )
    .option('--exported-at <time>', 'anchors that were logged later are left out')
    .option(
      '--part',
      'the export was filtered: each event is checked, and links where neighbours are',
    )
    .addHelpText('after', example('team audit verify team-events.jsonl --anchors server.log'))
    .action(
      act<import('#server/audit/command.ts').VerifyOptions>(async (asked) => {
        const { verifyFile } = await import('#server/audit/command.ts')
        return verifyFile(asked)
      }),
    )
}
