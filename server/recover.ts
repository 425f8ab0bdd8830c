/** `npm run team -- recover`: after a bad day. With the environment of the server. */
import { parseArgs } from 'node:util'
import { createAssignments } from './aws/assignments.ts'
import { createAwsClients } from './aws/clients.ts'
import { createInstanceFinder } from './aws/instance.ts'
import { readConfig } from './config.ts'
import { createBudget } from './engine/budget.ts'
import { createLogger } from './log.ts'
import { linesFor } from './main.ts'
import { tellOverseers } from './notify/tell-overseers.ts'
import { openIntentLog } from './recover/intent-log.ts'
import { type Replayed, replayIntents } from './recover/replay.ts'
import {
  CannotRecover,
  type RecoveredAdmins,
  type RecoverPorts,
  recoverAdminGroup,
  recoverSecondAdmin,
} from './recover/settings.ts'
import { databaseNow } from './store/database.ts'
import { createVault } from './store/vault.ts'
import { openStorage } from './wiring/storage.ts'

const usage = `team recover --intents [--file PATH …] [--json]
team recover --forget-secrets [--json]
team recover --admin-group GROUP_ID [--json]
team recover --second-admin off [--json]

Brings a restored database up to the log of intents under TEAM_DATA_DIR, looks at every key in it,
and lifts the hold. --file adds the log of another copy.

--forget-secrets takes away secrets of channels that neither TEAM_SECRET nor TEAM_SECRET_PREVIOUS
opens, because the secret they were sealed with is lost. The channels stay silent until an
administrator sets them anew. What can be opened stays.

--admin-group makes the members of that group administrators, and nobody else: the way back where
nobody is one any more. --second-admin off lets one administrator widen access alone again. Both are
events of the audit trail, auditors and administrators are told, and the server may run meanwhile
where it has a database of its own (DATABASE_URL).

Needs the environment of the server; with the embedded PostgreSQL the server must be stopped.

  npm run team -- recover --intents --file /mnt/other/intents.jsonl
  npm run team -- recover --admin-group 94482488-3041-7026-18d1-a9b1a0b5b5a5
`
const misuse = 2

async function recover(files: readonly string[]): Promise<Replayed> {
  const config = readConfig(process.env)
  const log = createLogger('warn')
  const storage = await openStorage(config, log)
  const { db } = storage.database
  const clients = createAwsClients({
    ...(config.awsRegion !== null && { region: config.awsRegion }),
    budget: createBudget({ db }),
    countCall: () => undefined,
  })
  try {
    const instance = createInstanceFinder(clients)
    const assignments = createAssignments({ clients, instance, lane: 'other' })
    const clock = { now: () => databaseNow(db) }
    const intentLog = openIntentLog(config.dataDir)
    return await replayIntents({ db, clock, intentLog, holders: assignments.holders }, files)
  } finally {
    clients.close()
    await storage.close()
  }
}

async function forgetSecrets(): Promise<readonly string[]> {
  const config = readConfig(process.env)
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

function inWords({ lines, unknown, keys, standing, endedRequests }: Replayed): string {
  return `Replayed ${lines} intents of ${keys} keys. ${unknown} were unknown to the database; at ${standing} of their keys access stands. ${endedRequests} grants had ended before the restore and end now. Nothing is held any more.`
}

async function withSettings<Result>(work: (ports: RecoverPorts) => Promise<Result>) {
  const storage = await openStorage(readConfig(process.env), createLogger('warn'))
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

async function recoverSettings(asked: {
  adminGroup: string | undefined
  json: boolean
}): Promise<string> {
  const { adminGroup, json } = asked
  if (adminGroup !== undefined) {
    const recovered = await withSettings((ports) => recoverAdminGroup(ports, adminGroup))
    return json ? JSON.stringify(recovered) : adminsInWords(recovered)
  }
  const wasOn = await withSettings(recoverSecondAdmin)
  if (json) return JSON.stringify({ secondAdmin: false, wasOn })
  return wasOn
    ? 'A second administrator is no longer needed.'
    : 'A second administrator was not needed before either. Nothing was changed.'
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      intents: { type: 'boolean', default: false },
      'forget-secrets': { type: 'boolean', default: false },
      'admin-group': { type: 'string' },
      'second-admin': { type: 'string' },
      file: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return void console.log(usage)
  const { 'admin-group': adminGroup, 'second-admin': secondAdmin } = values
  const asked = [values.intents, values['forget-secrets'], adminGroup !== undefined]
  const isOff = secondAdmin === undefined || secondAdmin === 'off'
  const isOne = isOff && [...asked, secondAdmin !== undefined].filter(Boolean).length === 1
  if (positionals.join(' ') !== 'recover' || !isOne) {
    console.error(usage)
    process.exitCode = misuse
    return
  }
  if (values['forget-secrets']) {
    const forgotten = await forgetSecrets()
    console.log(values.json ? JSON.stringify({ forgotten }) : forgottenInWords(forgotten))
    return
  }
  if (!values.intents) {
    return void console.log(await recoverSettings({ adminGroup, json: values.json }))
  }
  const replayed = await recover(values.file)
  console.log(values.json ? JSON.stringify(replayed) : inWords(replayed))
}

try {
  await main()
} catch (error) {
  const isMisuse = error instanceof TypeError && 'code' in error
  const said = error instanceof CannotRecover ? error.message : linesFor(error)
  console.error(isMisuse ? `${error.message}\n\n${usage}` : said)
  process.exitCode = isMisuse ? misuse : 1
}
