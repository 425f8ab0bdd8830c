/** The work of `team recover`: after a bad day. With the settings of the server. */
import { resolve } from 'node:path'
import { createAssignments } from '#server/aws/assignments.ts'
import { createAwsClients } from '#server/aws/clients.ts'
import { createInstanceFinder } from '#server/aws/instance.ts'
import type { Asked } from '#server/command-line/command.ts'
import { type Answer, CannotDo, Misuse } from '#server/command-line/shell.ts'
import { type Config, readConfig } from '#server/config.ts'
import { serverEnvironment } from '#server/config-file/read.ts'
import { createBudget } from '#server/engine/budget.ts'
import { createLogger } from '#server/log.ts'
import { tellOverseers } from '#server/notify/tell-overseers.ts'
import { databaseNow } from '#server/store/database.ts'
import { createVault } from '#server/store/vault.ts'
import { openStorage } from '#server/wiring/storage.ts'
import { openIntentLog } from './intent-log.ts'
import { NothingToReplay, type Replayed, type ReplayOptions, replayIntents } from './replay.ts'
import {
  CannotRecover,
  type RecoveredAdmins,
  type RecoverPorts,
  recoverAdminGroup,
  recoverSecondAdmin,
} from './settings.ts'

async function recover(
  config: Config,
  { profile, ...options }: ReplayOptions & { profile: string | undefined },
): Promise<Replayed> {
  const log = createLogger('warn')
  const storage = await openStorage(config, log)
  const { db } = storage.database
  const clients = createAwsClients({
    ...(config.awsRegion !== null && { region: config.awsRegion }),
    ...(profile !== undefined && { profile }),
    budget: createBudget({ db }),
    countCall: () => undefined,
  })
  try {
    const instance = createInstanceFinder(clients)
    const assignments = createAssignments({ clients, instance, lane: 'other' })
    const clock = { now: () => databaseNow(db) }
    const intentLog = openIntentLog(config.dataDir)
    return await replayIntents({ db, clock, intentLog, holders: assignments.holders }, options)
  } catch (error) {
    throw error instanceof NothingToReplay ? nothingIn(config.dataDir, options.files) : error
  } finally {
    clients.close()
    await storage.close()
  }
}

function nothingIn(dataDir: string, files: readonly string[] = []): CannotRecover {
  const read = [`${resolve(dataDir)} (TEAM_DATA_DIR)`, ...files].join(', ')
  return new CannotRecover(
    `No intent of this installation is in ${read}. Nothing was changed, and what is held stays held. Give the server's own TEAM_DATA_DIR, or the log with --file; if it is certain that nothing was given or taken since the backup, add --nothing-to-replay.`,
  )
}

async function forgetSecrets(config: Config): Promise<readonly string[]> {
  const storage = await openStorage(config, createLogger('warn'))
  const { db } = storage.database
  try {
    const vault = createVault({ db, material: config.secrets })
    return await vault.forgetUnreadable(await databaseNow(db))
  } finally {
    await storage.close()
  }
}

function forgottenInWords(names: readonly string[]): string {
  return names.length === 0
    ? 'Every secret can be opened. Nothing was taken away.'
    : `Taken away, to be set anew in the settings: ${names.join(', ')}.`
}

export function inWords({ lines, unknown, keys, standing, endedRequests }: Replayed): string {
  return `Replayed ${lines} intents of ${keys} keys. ${unknown} were unknown to the database; at ${standing} of their keys access stands. ${endedRequests} grants had ended before the restore and end now. Nothing is held any more.`
}

async function withSettings<Result>(
  config: Config,
  work: (ports: RecoverPorts) => Promise<Result>,
): Promise<Result> {
  const storage = await openStorage(config, createLogger('warn'))
  const { db } = storage.database
  try {
    return await work({ db, clock: { now: () => databaseNow(db) }, tellOverseers })
  } finally {
    await storage.close()
  }
}

function adminsInWords({ adminGroupId, administrators, secondAdmin }: RecoveredAdmins): string {
  const told = `The group ${adminGroupId} administers TEAM now: ${administrators} enabled ${administrators === 1 ? 'person' : 'people'}.`
  return secondAdmin && administrators < 2
    ? `${told} A second administrator is demanded and there is none: run --second-admin off, too.`
    : told
}

async function recoverAdmins(config: Config, groupId: string): Promise<Answer> {
  const recovered = await withSettings(config, (ports) => recoverAdminGroup(ports, groupId))
  return { code: 0, json: recovered, text: adminsInWords(recovered) }
}

async function endSecondAdmin(config: Config): Promise<Answer> {
  const wasOn = await withSettings(config, recoverSecondAdmin)
  const text = wasOn
    ? 'A second administrator is no longer needed.'
    : 'A second administrator was not needed before either. Nothing was changed.'
  return { code: 0, json: { secondAdmin: false, wasOn }, text }
}

export interface RecoverOptions {
  readonly config?: string
  readonly intents?: boolean
  readonly file?: readonly string[]
  readonly nothingToReplay?: boolean
  readonly forgetSecrets?: boolean
  readonly adminGroup?: string
  readonly secondAdmin?: string
}

export async function runRecover({ shell, options }: Asked<RecoverOptions>): Promise<Answer> {
  const { intents, forgetSecrets: forget, adminGroup, secondAdmin } = options
  const wanted = [intents, forget, adminGroup, secondAdmin].filter((one) => one !== undefined)
  if (wanted.length !== 1) {
    throw new Misuse('Say one of --intents, --forget-secrets, --admin-group and --second-admin off')
  }
  const env = await serverEnvironment(shell, options.config)
  const config = readConfig(env)
  try {
    if (adminGroup !== undefined) return await recoverAdmins(config, adminGroup)
    if (secondAdmin !== undefined) return await endSecondAdmin(config)
    if (forget) {
      const forgotten = await forgetSecrets(config)
      return { code: 0, json: { forgotten }, text: forgottenInWords(forgotten) }
    }
    const replayed = await recover(config, {
      files: options.file ?? [],
      isNothingRight: options.nothingToReplay === true,
      profile: env.AWS_PROFILE,
    })
    return { code: 0, json: replayed, text: inWords(replayed) }
  } catch (error) {
    throw error instanceof CannotRecover ? new CannotDo(error.message) : error
  }
}
