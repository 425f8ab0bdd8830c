/** `team import`: what those have who come from AWS's sample. */
import { type AddCommand, example, withConfigFile } from './command.ts'

export const addImport: AddCommand = (program, act) => {
  withConfigFile(program.command('import'))
    .summary("Take over what AWS's sample knows")
    .description(
      "Read the tables of AWS's sample (aws-samples/iam-identity-center-team) and print what its settings, policies and past requests become, and what means something else here. Writes with --write only; can be run again. Needs the settings of the server; with the embedded PostgreSQL the server must be stopped",
    )
    .option('--from-sample', "from AWS's sample")
    .option('--export <folder>', 'from files: of scans, or of exports to S3 in DynamoDB JSON')
    .option(
      '--tables <ending>',
      'what follows Eligibility- in the name of the table, where there are several',
    )
    .option('--region <region>', "of the sample's tables (default: the server's)")
    .option(
      '--profile <profile>',
      "of the account with the sample's tables (default: the server's)",
    )
    .option('--write', 'write it; the report is printed first')
    .option('--as <user name>', 'with --write: the administrator in whose name')
    .addHelpText(
      'after',
      example(`team import --from-sample
team import --from-sample --write --as ada@example.com`),
    )
    .action(
      act<import('#server/import/command.ts').ImportOptions>(async (asked) => {
        const { runImport } = await import('#server/import/command.ts')
        return runImport(asked)
      }),
    )
}
