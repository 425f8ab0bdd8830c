/** The work of `team import`: from AWS's sample to here. With the settings of the server. */
import { resolve } from 'node:path'
import type { Asked } from '#server/command-line/command.ts'
import { type Answer, CannotDo, Misuse } from '#server/command-line/shell.ts'
import { type Config, readConfig } from '#server/config.ts'
import { serverEnvironment } from '#server/config-file/read.ts'
import { createLogger } from '#server/log.ts'
import { tellOverseers } from '#server/notify/tell-overseers.ts'
import { type Actor, createLoadActor } from '#server/operations/actor.ts'
import type { ChangeSettingsPorts } from '#server/operations/change-settings.ts'
import { databaseNow } from '#server/store/database.ts'
import { createRulesStore } from '#server/store/rules.ts'
import { createVault } from '#server/store/vault.ts'
import { openStorage } from '#server/wiring/storage.ts'
import { openExport } from './export-folder.ts'
import type { Known } from './known.ts'
import { openLiveTables } from './live-tables.ts'
import { surveyAsJson, surveyInWords, writtenInWords } from './report.ts'
import type { SampleSource } from './source.ts'
import { surveySample } from './survey.ts'
import { writeSample } from './write.ts'

export interface ImportOptions {
  readonly config?: string
  readonly fromSample?: boolean
  readonly export?: string
  readonly tables?: string
  readonly region?: string
  readonly profile?: string
  readonly write?: boolean
  readonly as?: string
}

export async function runImport({
  shell,
  options,
  progress,
}: Asked<ImportOptions>): Promise<Answer> {
  refuseMisuse(options)
  const env = await serverEnvironment(shell, options.config)
  const config = readConfig(env)
  const source =
    options.export === undefined
      ? await openLiveTables({
          region: options.region ?? env.AWS_REGION,
          profile: options.profile ?? env.AWS_PROFILE,
          suffix: options.tables,
        })
      : await openExport(resolve(shell.folder, options.export))
  try {
    return await withPorts(config, (ports) => surveyAndWrite(ports, source, { options, progress }))
  } finally {
    source.close()
  }
}

function refuseMisuse(options: ImportOptions): void {
  const { fromSample, write, as, tables, region, profile } = options
  if (fromSample !== true)
    throw new Misuse('Say --from-sample: there is nothing else to import from')
  if (write === true && as === undefined) {
    throw new Misuse('Say with --as in which administrator’s name it is written')
  }
  const ofDynamoDb = [tables, region, profile].some((one) => one !== undefined)
  if (options.export !== undefined && ofDynamoDb) {
    throw new Misuse('--tables, --region and --profile are about DynamoDB, --export about a folder')
  }
}

async function withPorts(
  config: Config,
  work: (ports: ChangeSettingsPorts) => Promise<Answer>,
): Promise<Answer> {
  const storage = await openStorage(config, createLogger('warn'))
  const { db } = storage.database
  try {
    return await work({
      db,
      clock: { now: () => databaseNow(db) },
      rules: createRulesStore(),
      vault: createVault({ db, material: config.secrets }),
      tellOverseers,
    })
  } finally {
    await storage.close()
  }
}

export interface Wanted {
  readonly options: Pick<ImportOptions, 'write' | 'as'>
  progress(line: string): void
}

export async function surveyAndWrite(
  ports: ChangeSettingsPorts,
  source: SampleSource,
  { options, progress }: Wanted,
): Promise<Answer> {
  const { db, clock } = ports
  const rules = await ports.rules.load(db)
  if (rules.directory.accounts.size === 0) {
    throw new CannotDo(
      'TEAM has not read the organisation yet, so nothing can be held against it. Start the server, and import when its page Health shows the directory.',
    )
  }
  const survey = await surveySample(source, { db, rules, now: await clock.now() })
  const report = surveyInWords(survey)
  if (options.write !== true) {
    const text = `${report}\n\nNothing was written. With --write --as NAME it is, in the name of that administrator.`
    return { code: 0, text, json: { ...surveyAsJson(survey), written: null } }
  }
  const actor = await administrator(ports, survey.known, options.as ?? '')
  progress(`${report}\n`)
  const written = await writeSample({ ports, source, survey, actor, progress })
  const json = { ...surveyAsJson(survey), written }
  return { code: written.refused > 0 ? 1 : 0, text: writtenInWords(written, survey), json }
}

async function administrator(
  ports: ChangeSettingsPorts,
  { users, userByName }: Known,
  name: string,
): Promise<Actor> {
  const user = userByName.get(name.toLowerCase()) ?? users.get(name)
  const actor = user === undefined ? null : await createLoadActor(ports)(user.userId)
  if (actor?.person.enabled && actor.roles.has('admin')) return actor
  throw new CannotDo(
    `${name} is no administrator of TEAM. Say the user name of somebody in its admin group; what is written widens access, and counts as theirs for 30 days.`,
  )
}
