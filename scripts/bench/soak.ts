/**
 * Two copies in real time under mixed load, with AWS's limits, faults at random, and `kill -9` of a
 * copy, or of both, every 20 seconds. Afterwards the faults are taken away, everybody's time runs
 * out, and AWS's side is compared with TEAM's.
 *
 *   npm run bench -- soak [--minutes 10] [--seed 1]
 */
import { parseArgs } from 'node:util'
import { type Copy, House } from '#test/copies/house.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { countBy, loadNow, type Print, pause, round, until } from './figures.ts'
import { type Chance, chanceFrom, oneOf } from './soak-chance.ts'
import { judge, quiet } from './soak-judge.ts'
import { type Load, openLoad } from './soak-load.ts'

/** AWS's own limits are the sandbox's default; its mail is not what is looked at here. */
const settings = {
  createDelayMs: 3_000,
  deleteDelayMs: 3_000,
  delayJitter: 0.3,
  sesPerSecond: 1_000,
  sesPerDay: 1_000_000,
}
const killEveryMs = 20_000
const actEveryMs = 500
const faultEveryMs = 3_000
/** Grants last three minutes at most; a watched key is looked at every three. */
const quietWithinMs = 15 * 60_000

const mutations = ['CreateAccountAssignment', 'DeleteAccountAssignment']
const reads = [
  'ListAccountAssignments',
  'ListAccountAssignmentCreationStatus',
  'ListAccountAssignmentDeletionStatus',
  'DescribeAccountAssignmentCreationStatus',
  'DescribeAccountAssignmentDeletionStatus',
]
const faults: readonly { readonly operations: readonly string[]; readonly fault: object }[] = [
  { operations: mutations, fault: { dropConnection: 'after' } },
  { operations: mutations, fault: { dropConnection: 'before' } },
  { operations: mutations, fault: { error: 'ConflictException' } },
  { operations: mutations, fault: { error: 'ThrottlingException' } },
  { operations: mutations, fault: { error: 'InternalServerException' } },
  { operations: mutations, fault: { delayMs: 12_000 } },
  { operations: mutations, fault: { delayMs: 4_000, delayWhen: 'before' } },
  { operations: ['DeleteAccountAssignment'], fault: { failureReason: 'Injected failure' } },
  { operations: reads, fault: { error: 'ThrottlingException' } },
  { operations: reads, fault: { dropConnection: 'before' } },
  { operations: reads, fault: { delayMs: 12_000 } },
  { operations: ['SendEmail'], fault: { dropConnection: 'after' } },
]

export async function soak(
  cluster: TestClusterAddress,
  print: Print,
  words: readonly string[],
): Promise<void> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
    },
  })
  const chance = chanceFrom(Number(values.seed))
  const house = await House.open({ cluster, settings })
  try {
    await house.twoCopies()
    const load = await openLoad(house, chance)
    const untilMs = performance.now() + Number(values.minutes) * 60_000
    const goesOn = () => performance.now() < untilMs
    const [kills, met] = await Promise.all([
      killing(house, goesOn),
      faulting(house, chance, goesOn),
      acting(house, load, goesOn),
      telling(house, load, goesOn, print),
    ])
    await house.control('DELETE', 'faults')
    const quietFromMs = performance.now()
    await until('everything is over', () => quiet(house, load), {
      everyMs: 2_000,
      withinMs: quietWithinMs,
    })
    const verdict = await judge(house, load)
    print({
      summary: 'soak',
      minutes: Number(values.minutes),
      seed: Number(values.seed),
      kills,
      faults: countBy(met, (name) => name),
      answers: load.answers(),
      quietAfterSeconds: round((performance.now() - quietFromMs) / 1000, 0),
      ...verdict,
      errors: countBy(house.errors(), errorIn),
      load: loadNow(),
    })
    if (!verdict.ok) process.exitCode = 1
  } finally {
    await house.remove()
  }
}

/** What a log line says, without what differs each time. */
function errorIn(line: string): string {
  const { msg, err } = JSON.parse(line) as {
    msg: string
    err?: { code?: string; message?: string }
  }
  return [msg, err?.code, err?.message].filter((part) => part !== undefined).join(': ')
}

async function killing(house: House, goesOn: () => boolean): Promise<Record<string, number>> {
  const kills = { leading: 0, other: 0, both: 0 }
  const order = ['leading', 'other', 'leading', 'both'] as const
  for (let number = 0; goesOn(); number += 1) {
    await pauseWhile(killEveryMs, goesOn)
    if (!goesOn()) break
    const whom = order[number % order.length] ?? 'both'
    const lead = (await house.lead())?.copy.name
    const isDying = (copy: Copy) => whom === 'both' || (copy.name === lead) === (whom === 'leading')
    const dying = house.running().filter(isDying)
    kills[whom] += 1
    await Promise.all(dying.map((copy) => house.kill(copy)))
    await Promise.all(dying.map(() => house.start()))
  }
  return kills
}

async function faulting(
  house: House,
  chance: Chance,
  goesOn: () => boolean,
): Promise<readonly string[]> {
  const met: string[] = []
  while (goesOn()) {
    await pauseWhile(faultEveryMs, goesOn)
    const { operations, fault } = oneOf(chance, faults)
    const operation = oneOf(chance, operations)
    await house.control('POST', 'faults', { operation, ...fault, times: 1 + chance(3) })
    met.push(`${operation} ${Object.entries(fault).flat().join(' ')}`)
  }
  return met
}

async function acting(house: House, load: Load, goesOn: () => boolean): Promise<void> {
  const going: Promise<void>[] = []
  while (goesOn()) {
    await pauseWhile(actEveryMs, goesOn)
    going.push(load.act(house.running()))
  }
  await Promise.all(going)
}

async function telling(
  house: House,
  load: Load,
  goesOn: () => boolean,
  print: Print,
): Promise<void> {
  while (goesOn()) {
    await pauseWhile(60_000, goesOn)
    const rows = await house.query<{ status: string }>('select status from request')
    print({
      requests: countBy(rows, ({ status }) => status),
      answers: load.answers(),
      load: loadNow()[0],
    })
  }
}

async function pauseWhile(milliseconds: number, goesOn: () => boolean): Promise<void> {
  const startedMs = performance.now()
  while (goesOn() && performance.now() - startedMs < milliseconds) await pause(100)
}
