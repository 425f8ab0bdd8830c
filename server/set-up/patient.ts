/** What every look of `team doctor` may go by, and how a look is run. */
import type { AwsClients } from '#server/aws/clients.ts'
import { classify } from '#server/aws/errors.ts'
import type { Prerequisites } from '#server/aws/prerequisites.ts'
import type { Config, Environment } from '#server/config.ts'
import type { TeamConfig } from '#server/config-file/schema.ts'
import { type Finding, failed, skipped } from './finding.ts'

export interface Patient {
  readonly env: Environment
  readonly file: TeamConfig
  /** Null: the settings are not complete, which has been said. */
  readonly config: Config | null
  readonly clients: AwsClients
  readonly aws: Prerequisites
  readonly profile: string | undefined
  progress(line: string): void
}

/** Runs a look; whatever it throws is its failure, in AWS's or PostgreSQL's own words. */
export async function look(
  check: string,
  mend: string | ((error: unknown) => string),
  work: () => Promise<Finding | readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    const found = await work()
    return Array.isArray(found) ? found : [found as Finding]
  } catch (error) {
    const { message, code } = classify(error)
    const usual = typeof mend === 'string' ? mend : mend(error)
    return [failed(check, message, code.startsWith('AccessDenied') ? orAllowed(usual) : usual)]
  }
}

/** AWS says the same to an account that administers nothing and to credentials that may not ask. */
export const orAllowed = (mend: string) =>
  `${mend}; or allow these credentials that call (docs/operate/install.md, section 5)`

export const after = (check: string, cause: string) =>
  skipped(check, `not looked at: ${cause} first`)

export const hasFailed = (findings: readonly Finding[], check: string) =>
  findings.some((one) => one.check === check && one.state === 'failed')
