/** `npm start`: TEAM from its environment. */
import { readFile } from 'node:fs/promises'
import { ConfigErrors, readConfig } from './config.ts'
import { createLogger, type Logger } from './log.ts'
import { MigrationError } from './store/migrate.ts'
import { EmbeddedPostgresError } from './store/postgres/embedded.ts'
import { SecretsUnreadable } from './store/vault.ts'
import { StartError } from './wiring/start-error.ts'
import { startTeam, type Team } from './wiring/team.ts'

const webRoot = new URL('../dist/web', import.meta.url).pathname

export interface Started {
  readonly url: string
  stop(): Promise<void>
}

/**
 * Starts and stays: answers when people can sign in. SIGTERM and SIGINT stop it in order. What can
 * be mended by whoever starts it is one line a mistake; rejects with that.
 */
export async function startFromEnvironment(env: NodeJS.ProcessEnv): Promise<Started> {
  const config = readConfig(env)
  const log = createLogger(config.logLevel)
  const { version } = JSON.parse(
    await readFile(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { version: string }
  const team = await startTeam({ config, log, webRoot, version })
  stopOnSignals(team, log)
  try {
    await team.ready
  } catch (error) {
    await team.stop()
    throw error
  }
  return { url: team.url, stop: () => team.stop() }
}

function stopOnSignals(team: Team, log: Logger): void {
  let stopping = false
  const stop = async (why: string, code: number) => {
    if (stopping) return
    stopping = true
    log.info({ why }, 'stopping')
    await team.stop().catch((error) => log.error({ err: error }, 'not stopped in order'))
    process.exit(code)
  }
  process.on('SIGTERM', () => void stop('SIGTERM', 0))
  process.on('SIGINT', () => void stop('SIGINT', 0))
  void team.storage.died.then((why) => {
    log.fatal({ why }, 'the embedded PostgreSQL ended')
    return stop('the embedded PostgreSQL ended', 1)
  })
}

/** What the person who starts TEAM can mend: shown as it is, without a stack. */
export function linesFor(error: unknown): string {
  if (error instanceof ConfigErrors) return error.lines.join('\n')
  const isPlain =
    error instanceof StartError ||
    error instanceof MigrationError ||
    error instanceof SecretsUnreadable ||
    error instanceof EmbeddedPostgresError
  if (isPlain) return error.message
  if (isAddressInUse(error)) return `PORT ${error.port} is in use by another program: set PORT.`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function isAddressInUse(error: unknown): error is { port: number } {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

if (import.meta.main) {
  try {
    const { url } = await startFromEnvironment(process.env)
    console.log(`TEAM is ready at ${url}`)
  } catch (error) {
    console.error(linesFor(error))
    process.exit(1)
  }
}
