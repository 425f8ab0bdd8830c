/** `npm run team -- recover`: after a bad day. With the environment of the server. */
import { parseArgs } from 'node:util'
import { createAssignments } from './aws/assignments.ts'
import { createAwsClients } from './aws/clients.ts'
import { createInstanceFinder } from './aws/instance.ts'
import { readConfig } from './config.ts'
import { createBudget } from './engine/budget.ts'
import { createLogger } from './log.ts'
import { linesFor } from './main.ts'
import { openIntentLog } from './recover/intent-log.ts'
import { type Replayed, replayIntents } from './recover/replay.ts'
import { databaseNow } from './store/database.ts'
import { createVault } from './store/vault.ts'
import { openStorage } from './wiring/storage.ts'

const usage = `team recover --intents [--file PATH …] [--json]
team recover --forget-secrets [--json]

Brings a restored database up to the log of intents under TEAM_DATA_DIR, looks at every key in it,
and lifts the hold. --file adds the log of another copy.

--forget-secrets takes away secrets of channels that neither TEAM_SECRET nor TEAM_SECRET_PREVIOUS
opens, because the secret they were sealed with is lost. The channels stay silent until an
administrator sets them anew. What can be opened stays.

Needs the environment of the server; with the embedded PostgreSQL the server must be stopped.

  npm run team -- recover --intents --file /mnt/other/intents.jsonl
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

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      intents: { type: 'boolean', default: false },
      'forget-secrets': { type: 'boolean', default: false },
      file: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return void console.log(usage)
  const isOne = values.intents !== values['forget-secrets']
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
  const replayed = await recover(values.file)
  console.log(values.json ? JSON.stringify(replayed) : inWords(replayed))
}

try {
  await main()
} catch (error) {
  const isMisuse = error instanceof TypeError && 'code' in error
  console.error(isMisuse ? `${error.message}\n\n${usage}` : linesFor(error))
  process.exitCode = isMisuse ? misuse : 1
}
