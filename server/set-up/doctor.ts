/**
 * `team doctor`: each prerequisite by a real call, with the server's own credentials and settings. A
 * look that depends on one that failed is skipped and says so, so that the first line to mend is the
 * cause and not the tenth of its effects.
 */
import { createPrerequisites } from '#server/aws/prerequisites.ts'
import type { Asked } from '#server/command-line/command.ts'
import type { Answer } from '#server/command-line/shell.ts'
import { ConfigErrors, type Environment, readConfig } from '#server/config.ts'
import { readConfigFile, withFile } from '#server/config-file/read.ts'
import { withClients } from './clients.ts'
import { accessChecks } from './doctor-access.ts'
import { installationChecks } from './doctor-installation.ts'
import { limitChecks } from './doctor-limits.ts'
import { type Finding, failed, lineOf, ok } from './finding.ts'
import type { Patient } from './patient.ts'

export interface DoctorOptions {
  readonly config?: string
}

export async function runDoctor({
  shell,
  options,
  progress,
}: Asked<DoctorOptions>): Promise<Answer> {
  const { path, config: file } = await readConfigFile(shell, options.config)
  const env = withFile(shell.env, file)
  const { config, findings } = readSettings(env, path)
  const profile = env.AWS_PROFILE?.trim() || undefined
  const region = env.AWS_REGION?.trim() || undefined
  await withClients({ region, profile }, async (clients) => {
    const aws = createPrerequisites(clients)
    const patient: Patient = { env, file, config, clients, aws, profile, progress }
    findings.push(...(await accessChecks(patient)))
    findings.push(...(await installationChecks(patient, findings)))
    findings.push(...(await limitChecks(patient, findings)))
  })
  return answer(findings)
}

function readSettings(env: Environment, path: string | null) {
  const findings: Finding[] = []
  const where = path ?? 'the environment'
  try {
    const config = readConfig(env)
    findings.push(ok('settings', `complete, from ${where}`))
    return { config, findings }
  } catch (error) {
    if (!(error instanceof ConfigErrors)) throw error
    for (const line of error.lines) {
      const [wrong, example] = line.split('. Example: ', 2)
      findings.push(failed('settings', wrong ?? line, `set it, such as ${example}`))
    }
    return { config: null, findings }
  }
}

function answer(findings: readonly Finding[]): Answer {
  const count = (state: Finding['state']) => findings.filter((one) => one.state === state).length
  const [failures, warnings] = [count('failed'), count('warning')]
  const summary = `${findings.length} checks: ${count('ok')} ok, ${warnings} warnings, ${failures} failed, ${count('skipped')} skipped.`
  return {
    code: failures > 0 ? 1 : 0,
    json: { ok: failures === 0, findings },
    text: [...findings.map(lineOf), summary].join('\n'),
  }
}
