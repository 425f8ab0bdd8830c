/**
 * Many grants that end at one moment, with AWS's limits on: 20 calls a second in all, one operation
 * at a time on an account, deletions that take a while. How long until the last one is gone, as AWS
 * has it and as TEAM shows it, against the bound that those limits set.
 */
import type { Sandbox } from '#sandbox/start.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { loadNow, type Print, pause, round, until } from './figures.ts'
import { createInstallation, type Installation, makePolicies } from './installation.ts'
import { grantsLeft, type PlantedGrant, plantGrants } from './live-grants.ts'
import { type AddedPerson, addAccounts, addPeople, addPermissionSets } from './organisation.ts'
import { boundSeconds, costOfEach, removalsSeen } from './removals.ts'

export interface Storm {
  readonly grants: number
  readonly accounts: number
  readonly delaySeconds: number
  /** How many permission sets the grants of one account are spread over. */
  readonly sets: number
}

const delayJitter = 0.3
const storms: Record<string, Storm> = {
  '200@3': { grants: 200, accounts: 20, delaySeconds: 3, sets: 5 },
  '200@10': { grants: 200, accounts: 20, delaySeconds: 10, sets: 5 },
  '1000@3': { grants: 1_000, accounts: 100, delaySeconds: 3, sets: 5 },
  '1000@10': { grants: 1_000, accounts: 100, delaySeconds: 10, sets: 5 },
  '200@3-one-set': { grants: 200, accounts: 20, delaySeconds: 3, sets: 1 },
}

/** Until the common end everything that is not about it has come to rest. */
const calmMs = 8_000

export async function endingStorm(
  cluster: TestClusterAddress,
  print: Print,
  names: readonly string[],
): Promise<void> {
  const chosen = names.length > 0 ? names : Object.keys(storms)
  const ratios: Record<string, object> = {}
  let left = 0
  for (const name of chosen) {
    const storm = storms[name]
    if (storm === undefined) throw new Error(`Storms: ${Object.keys(storms).join(', ')}`)
    const seen = await weather(cluster, storm)
    print({ storm: name, ...storm, ...seen.line })
    ratios[name] = { aws: seen.ratioAws, shown: seen.ratioShown }
    left += seen.left
  }
  print({ summary: 'ending-storm', target: 1.1, ratios, left, load: loadNow() })
}

interface Seen {
  readonly ratioAws: number
  readonly ratioShown: number
  readonly left: number
  readonly line: object
}

async function weather(cluster: TestClusterAddress, storm: Storm): Promise<Seen> {
  const installation = await createInstallation({
    cluster,
    shape: (sandbox) => shapeOf(sandbox, storm),
    settings: { deleteDelayMs: storm.delaySeconds * 1_000, delayJitter },
  })
  try {
    await makePolicies(installation, await installation.person('test-admin'))
    const endsAt = new Date(Date.now() + calmMs)
    await plantGrants(installation, grantsOf(installation.shape, storm, endsAt), {
      grantedAt: new Date(endsAt.getTime() - 3_600_000),
      durationMinutes: 60,
    })
    if (Date.now() > endsAt.getTime()) throw new Error('The end came before everything was ready')
    await pause(endsAt.getTime() - Date.now() - 500)
    installation.clearCalls()
    installation.server.resetProbe()
    return await watch(installation, storm, endsAt)
  } finally {
    await installation.close()
  }
}

async function watch(installation: Installation<Shape>, storm: Storm, endsAt: Date): Promise<Seen> {
  const bound = boundSeconds({
    ...storm,
    mostOnOneAccount: Math.ceil(storm.grants / storm.accounts),
  })
  const shownAtMs = await until(
    'every grant is over',
    async () => ((await grantsLeft(installation.database)) === 0 ? Date.now() : null),
    { everyMs: 100, withinMs: (bound * 6 + 120) * 1_000 },
  )
  const report = await installation.server.report()
  const seen = await removalsSeen(installation)
  const since = (ms: number) => round((ms - endsAt.getTime()) / 1_000)
  const ratioAws = round(since(seen.lastInAwsAtMs) / bound, 3)
  const ratioShown = round(since(shownAtMs) / bound, 3)
  return {
    ratioAws,
    ratioShown,
    left: await grantsLeft(installation.database),
    line: {
      boundSeconds: bound,
      lastInAwsSeconds: since(seen.lastInAwsAtMs),
      lastShownSeconds: since(shownAtMs),
      ratioAws,
      ratioShown,
      ...seen.figures,
      ...costOfEach(report, storm.grants),
      load: loadNow(),
    },
  }
}

export interface Shape {
  readonly accounts: readonly string[]
  readonly sets: readonly string[]
  readonly people: readonly AddedPerson[]
}

export function shapeOf(sandbox: Sandbox, storm: Storm): Shape {
  return {
    accounts: addAccounts(sandbox, storm.accounts),
    sets: addPermissionSets(sandbox, storm.sets),
    people: addPeople(sandbox, 50, 'TEAM users'),
  }
}

/** Round the accounts, so that neighbours in the ledger are on different ones. */
export function grantsOf(shape: Shape, storm: Storm, endsAt: Date): PlantedGrant[] {
  return Array.from({ length: storm.grants }, (_, at) => {
    const onAccount = Math.floor(at / storm.accounts)
    const person = shape.people[onAccount % shape.people.length]
    const accountId = shape.accounts[at % storm.accounts]
    const permissionSetArn = shape.sets[onAccount % storm.sets]
    if (person === undefined || accountId === undefined || permissionSetArn === undefined) {
      throw new Error('The organisation is too small for the storm')
    }
    return { ...person, accountId, permissionSetArn, endsAt }
  })
}
