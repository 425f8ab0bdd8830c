/** `team deploy`, `team update`, `team destroy`: TEAM's own resources in AWS, by CloudFormation. */
import { type AddCommand, example, withConfigFile } from './command.ts'

export const addDeploy: AddCommand = (program, act) => {
  for (const kind of ['deploy', 'update'] as const) {
    withConfigFile(program.command(kind))
      .summary(kind === 'deploy' ? 'Make TEAM in AWS' : 'Change what was deployed')
      .description(
        `${kind === 'deploy' ? 'Make TEAM in AWS' : 'Change what was deployed'}, as team.config.json has it: a change set of CloudFormation is made, shown and carried out. The same command may be run again at any time`,
      )
      .option('--diff', 'show what would change, and change nothing')
      .option(
        '--replace-data',
        'carry it out even if a database, file system, key or log is replaced',
      )
      .addHelpText('after', example(`team ${kind} --diff\nteam ${kind}`))
      .action(
        act<import('#server/deploy/commands.ts').DeployOptions>(async (asked) => {
          const { runDeploy } = await import('#server/deploy/commands.ts')
          return runDeploy(kind, asked)
        }),
      )
  }
  withConfigFile(program.command('destroy'))
    .summary('Take TEAM away from AWS')
    .description(
      'Take away what was deployed. Refuses while grants are not over. A snapshot of the database, the log of intents, the key, the secret and the logs stay',
    )
    .option('--end-grants', 'end every grant first, and wait until AWS says that it is gone')
    .option('--unasked', 'do not ask TEAM for grants that live: what stands in AWS then stays')
    .option('--delete-data', 'delete the data as well; --delete-data-of must name the stack')
    .option('--delete-data-of <stack>', 'the name of the stack, once more')
    .addHelpText('after', example('TEAM_TOKEN=team_… team destroy --end-grants'))
    .action(
      act<import('#server/deploy/commands.ts').DestroyOptions>(async (asked) => {
        const { runDestroy } = await import('#server/deploy/commands.ts')
        return runDestroy(asked)
      }),
    )
}
