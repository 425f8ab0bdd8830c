/** `team serve`: the server, from its environment and, below that, the configuration file. */
import { type AddCommand, example, withConfigFile } from './command.ts'

interface ServeOptions {
  readonly config?: string
}

export const addServe: AddCommand = (program, act) => {
  withConfigFile(program.command('serve'))
    .summary('Start the server')
    .description(
      'Start the server, as npm start does; what its environment does not set is taken from the configuration file',
    )
    .addHelpText('after', example('TEAM_SECRET="$(cat /etc/team/secret)" team serve'))
    .action(
      act<ServeOptions>(async ({ shell, options }) => {
        const { serverEnvironment } = await import('#server/config-file/read.ts')
        const env = await serverEnvironment(shell, options.config)
        // The AWS SDK reads the process's own environment.
        Object.assign(process.env, env)
        const { startFromEnvironment } = await import('#server/main.ts')
        const { url } = await startFromEnvironment(process.env)
        return { code: 0, json: { url }, text: `TEAM is ready at ${url}` }
      }),
    )
}
