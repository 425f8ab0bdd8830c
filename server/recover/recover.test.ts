import { randomUUID } from 'node:crypto'
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createAssignments } from '#server/aws/assignments.ts'
import { createInstanceFinder } from '#server/aws/instance.ts'
import type { KeptIntent } from '#server/engine/ports.ts'
import type { Bulletin } from '#server/store/announce-port.ts'
import { loadCreationHold } from '#server/store/creation-hold.ts'
import { installationId } from '#server/store/installation.ts'
import { clientsFor } from '#test/aws-clients.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { createEngineWorld, type EngineWorld } from '#test/engine-world.ts'
import { inWords } from './command.ts'
import { holdIfBehind } from './hold.ts'
import { type IntentLine, openIntentLog } from './intent-log.ts'
import { NothingToReplay, type ReplayOptions, replayIntents } from './replay.ts'

let dir: string
let databases: TestDatabase[]
let worlds: EngineWorld[]
let bulletins: Bulletin[]
let closing: (() => Promise<void>)[]
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'keys-recover-'))
  databases = []
  worlds = []
  bulletins = []
  closing = []
})
afterEach(async () => {
  for (const world of worlds.toReversed()) await world.close()
  for (const close of closing) await close()
  for (const database of databases) await database.drop()
  await rm(dir, { recursive: true, force: true })
})

/** A backup, and the installation that goes on working after it was made, on the same AWS. */
async function backedUp(before: (world: EngineWorld) => Promise<unknown>) {
  const backup = await createTestDatabase()
  const time = { nowMs: Date.parse('2026-11-24T00:00:00Z') }
  const first = await createEngineWorld({ database: backup, time })
  await installationId(backup.db)
  await before(first)
  const { sandbox } = first
  // The engine of the backup ends; its AWS goes on.
  await first.stopEngine()
  await backup.database.close()
  const copy = async () => {
    const database = await createTestDatabase({ copyOf: backup.name })
    databases.push(database)
    return database
  }
  closing.push(() => first.close())
  return { sandbox, copy, time }
}

async function work(
  database: TestDatabase,
  { sandbox, time }: Pick<Awaited<ReturnType<typeof backedUp>>, 'sandbox' | 'time'>,
) {
  const log = openIntentLog(dir)
  const installation = await installationId(database.db)
  const keepIntent = async ({ key, ...intent }: KeptIntent) => {
    await log.append({ installation, ...intent, ...key })
    return true
  }
  const world = await createEngineWorld({ database, sandbox, time, keepIntent })
  worlds.push(world)
  return world
}

const start = (world: EngineWorld) =>
  holdIfBehind({
    db: world.database.db,
    clock: world,
    intentLog: openIntentLog(dir),
    tellOverseers: async (_, bulletin) => void bulletins.push(bulletin),
    log: { warn: () => {} },
  })

async function recover(world: EngineWorld, options: ReplayOptions = {}, folder = dir) {
  const clients = clientsFor(world.sandbox)
  const instance = createInstanceFinder(clients)
  const assignments = createAssignments({ clients, instance, lane: 'other' })
  try {
    const intentLog = openIntentLog(folder)
    const { db } = world.database
    const ports = { db, clock: world, intentLog, holders: assignments.holders }
    return await replayIntents(ports, options)
  } finally {
    clients.close()
  }
}

describe('a database restored from before an intent', () => {
  test('is held: it creates nothing, and after the replay what nobody wants is removed', async () => {
    const from = await backedUp(async () => {})
    const lost = await work(await from.copy(), from)
    await lost.approved({ minutes: 120 })
    await lost.pass(10)
    expect(lost.held()).toBe(true)
    await lost.stopEngine()

    const world = await work(await from.copy(), from)
    world.sleep(600)
    expect(await start(world)).toContain('1 that the database does not know')
    expect(bulletins).toMatchObject([{ event: 'creations_held' }])
    const other = await world.approved({ person: 'sam.carter' })
    await world.pass(30)
    expect(await world.status(other)).toBe('scheduled')
    expect(world.held('sam.carter')).toBe(false)
    expect(world.held()).toBe(true)

    expect(await recover(world)).toMatchObject({ lines: 1, unknown: 1, keys: 1, standing: 1 })
    expect(await loadCreationHold(world.database.db)).toBeNull()
    await world.pass(30)
    expect(world.held()).toBe(false)
    expect(await world.status(other)).toBe('active')
    // Nothing is behind any more.
    expect(await start(world)).toBeNull()
  }, 120_000)

  test('does not give again what was ended after the backup', async () => {
    const ids: string[] = []
    const from = await backedUp(async (world) => {
      ids.push(await world.approved({ minutes: 120 }))
      await world.pass(10)
    })
    const [id = ''] = ids
    const lost = await work(await from.copy(), from)
    lost.sleep(60)
    await lost.stop(id, 'revoked')
    await lost.pass(10)
    expect(lost.held()).toBe(false)
    await lost.stopEngine()

    const world = await work(await from.copy(), from)
    world.sleep(600)
    await start(world)
    expect(await world.status(id)).toBe('active')
    expect(await recover(world)).toMatchObject({ unknown: 1, standing: 0, endedRequests: 1 })
    await world.pass(30)
    expect(await world.status(id)).toBe('revoked')
    expect(world.held()).toBe(false)
    const creations = world.calls('CreateAccountAssignment')
    await world.pass(30)
    expect(world.calls('CreateAccountAssignment')).toBe(creations)
  }, 120_000)

  test('ends what was ended after the backup, though the key was given anew since', async () => {
    const ids: string[] = []
    const from = await backedUp(async (world) => {
      ids.push(await world.approved({ minutes: 540 }))
      await world.pass(10)
    })
    const [id = ''] = ids
    const lost = await work(await from.copy(), from)
    lost.sleep(60)
    await lost.stop(id, 'revoked')
    await lost.pass(10)
    const anew = await lost.approved({ minutes: 30 })
    await lost.pass(10)
    expect(await lost.status(anew)).toBe('active')
    await lost.stopEngine()

    const world = await work(await from.copy(), from)
    world.sleep(300)
    await start(world)
    // The database knows of neither: not of the revocation, and not of the grant that stands.
    expect(await recover(world)).toMatchObject({ unknown: 2, standing: 1, endedRequests: 1 })
    await world.pass(30)
    expect(await world.status(id)).toBe('revoked')
    expect(world.held()).toBe(false)
  }, 120_000)

  test('leaves a grant alone that began after the removal that the log tells of', async () => {
    const ids: string[] = []
    const from = await backedUp(async (world) => {
      ids.push(await world.approved({ minutes: 120 }))
      await world.pass(10)
    })
    const [id = ''] = ids
    const lost = await work(await from.copy(), from)
    lost.sleep(60)
    await lost.stop(id, 'revoked')
    await lost.pass(10)
    await lost.stopEngine()

    // The log is found and replayed only when the restored copy has been at work.
    const world = await work(await from.copy(), from)
    await world.stop(id, 'revoked')
    await world.pass(30)
    const anew = await world.approved({ minutes: 120 })
    await world.pass(30)
    expect(await recover(world)).toMatchObject({ unknown: 1, standing: 1, endedRequests: 0 })
    await world.pass(30)
    expect(await world.status(anew)).toBe('active')
    expect(world.held()).toBe(true)
  }, 120_000)

  test('goes on removing while it is held', async () => {
    const ids: string[] = []
    const from = await backedUp(async (world) => {
      ids.push(await world.approved({ minutes: 2 }))
      await world.pass(10)
    })
    const world = await work(await from.copy(), from)
    await openIntentLog(dir).append({
      ...line,
      installation: await installationId(world.database.db),
    })
    expect(await start(world)).not.toBeNull()
    expect(world.held()).toBe(true)
    await world.pass(130)
    expect(world.held()).toBe(false)
    expect(await world.status(ids[0] ?? '')).toBe('ended')
  }, 60_000)

  test('stays held while AWS cannot be asked', async () => {
    const from = await backedUp(async () => {})
    const lost = await work(await from.copy(), from)
    await lost.approved()
    await lost.pass(10)
    await lost.stopEngine()
    const world = await work(await from.copy(), from)
    await start(world)
    world.fault({ operation: 'ListAccountAssignments', error: 'AccessDeniedException' })
    await expect(recover(world)).rejects.toThrow()
    expect(await loadCreationHold(world.database.db)).not.toBeNull()
    world.clearFaults()
  }, 120_000)

  test('stays held by a replay of the wrong folder, unless it is said that there is nothing', async () => {
    const from = await backedUp(async () => {})
    const world = await work(await from.copy(), from)
    const installation = await installationId(world.database.db)
    await openIntentLog(dir).append({ ...line, installation })
    await start(world)
    const wrong = join(dir, 'of-another')
    await openIntentLog(wrong).append({ ...line, installation: randomUUID() })
    await expect(recover(world, {}, wrong)).rejects.toThrow(NothingToReplay)
    expect(await loadCreationHold(world.database.db)).not.toBeNull()
    expect(await openIntentLog(wrong).readAnchor()).toBeNull()
    expect(await recover(world, { isNothingRight: true }, wrong)).toMatchObject({ lines: 0 })
    expect(await loadCreationHold(world.database.db)).toBeNull()
  }, 60_000)

  test('is noticed by the anchor alone, where no intent was written', async () => {
    const from = await backedUp(async () => {})
    const world = await work(await from.copy(), from)
    const installation = await installationId(world.database.db)
    await openIntentLog(dir).keepAnchor({ installation, seq: 7, hash: 'ab' })
    expect(await start(world)).toContain('ends before event 7')
  }, 60_000)
})

test('thirty grants started or ended since the backup: nothing of them is left, nothing standing goes', async () => {
  const give = async (world: EngineWorld, people: readonly string[]) => {
    const accounts = [...world.sandbox.world.state.accounts.values()].filter(
      ({ name, state }) => name !== 'Management' && state === 'ACTIVE',
    )
    const wanted = people.flatMap((person) =>
      accounts.slice(0, 7).map(({ name: account }) => ({ person, account, minutes: 240 })),
    )
    const ids: string[] = []
    for (const one of wanted) ids.push(await world.approved(one))
    await world.pass(20)
    return ids
  }
  const end = async (world: EngineWorld, ids: readonly string[]) => {
    for (const id of ids) await world.stop(id, 'revoked')
    await world.pass(20)
  }
  const assignments = ({ sandbox }: EngineWorld) =>
    [...sandbox.world.state.assignments.values()].filter((one) => one.principalType === 'USER')
  const lastNight: string[] = []
  const from = await backedUp(async (world) => {
    world.byHand('made', 'sam.carter')
    lastNight.push(...(await give(world, ['test-user', 'naoko.mori'])))
  })
  const lost = await work(await from.copy(), from)
  lost.sleep(3_600)
  await end(lost, lastNight.slice(0, 9))
  const today = await give(lost, ['priya.raman', 'build.operator', 'test-auditor'])
  await end(lost, today.slice(0, 9))
  // Since the backup, where TEAM gives access as well.
  lost.byHand('made', 'former.colleague')
  expect(assignments(lost).length).toBe(2 + 5 + 12)
  await lost.stopEngine()

  const world = await work(await from.copy(), from)
  world.sleep(600)
  expect(await start(world)).toContain('39 that the database does not know')
  const created = world.calls('CreateAccountAssignment')
  const replayed = await recover(world)
  expect(inWords(replayed)).toBe(
    'Replayed 39 intents of 30 keys. 39 were unknown to the database; at 12 of their keys access stands. 9 grants had ended before the restore and end now. Nothing is held any more.',
  )
  await world.pass(60)
  expect(assignments(world).length).toBe(2 + 5)
  expect([world.held('sam.carter'), world.held('former.colleague')]).toEqual([true, true])
  expect(await Promise.all(lastNight.map(world.status))).toEqual([
    ...Array.from({ length: 9 }, () => 'revoked'),
    ...Array.from({ length: 5 }, () => 'active'),
  ])
  expect(world.calls('CreateAccountAssignment')).toBe(created)
}, 120_000)

describe('a database that is not behind', () => {
  test('is not held: it knows every intent of the log, and those of others do not count', async () => {
    const from = await backedUp(async () => {})
    const world = await work(await from.copy(), from)
    await world.approved()
    await world.pass(10)
    await openIntentLog(dir).append({ ...line, installation: randomUUID() })
    await openIntentLog(dir).keepAnchor({ installation: randomUUID(), seq: 99, hash: 'ab' })
    expect(await start(world)).toBeNull()
  }, 60_000)
})

describe('an intent that cannot be kept outside the database', () => {
  test('is not sent if it gives access, and is if it takes access away', async () => {
    let isKept = true
    const world = await createEngineWorld({ keepIntent: async () => isKept })
    worlds.push(world)
    const active = await world.approved({ minutes: 1 })
    await world.pass(10)
    isKept = false
    const refused = await world.approved({ person: 'sam.carter' })
    await world.pass(70)
    expect(world.held('sam.carter')).toBe(false)
    expect(world.calls('CreateAccountAssignment')).toBe(1)
    expect(await world.status(active)).toBe('ended')
    isKept = true
    await world.pass(30)
    expect(await world.status(refused)).toBe('active')
  }, 60_000)
})

const line: IntentLine = {
  installation: 'i',
  intentId: 1,
  kind: 'create',
  epoch: 1,
  userId: 'u',
  accountId: '111122223333',
  permissionSetArn: 'arn',
  writtenAt: new Date('2026-11-24T00:00:00Z'),
}

describe('the log of intents', () => {
  async function all() {
    const found: IntentLine[] = []
    for await (const one of openIntentLog(dir).lines()) found.push(one)
    return found
  }

  test('holds every line of many at once, in order', async () => {
    const log = openIntentLog(dir)
    const ids = Array.from({ length: 200 }, (_, index) => index + 1)
    await Promise.all(ids.map((intentId) => log.append({ ...line, intentId })))
    expect((await all()).map(({ intentId }) => intentId)).toEqual(ids)
  })

  test('loses nothing to a line that a crash cut off', async () => {
    await openIntentLog(dir).append(line)
    await appendFile(join(dir, 'intents.jsonl'), JSON.stringify(line).slice(0, 40))
    await openIntentLog(dir).append({ ...line, intentId: 2 })
    expect((await all()).map(({ intentId }) => intentId)).toEqual([1, 2])
  })

  test('is rotated by size, and kept for 30 days at least', async () => {
    await writeFile(
      join(dir, 'intents-2026-10-01T00-00-00-000Z.jsonl'),
      `${JSON.stringify(line)}\n`,
    )
    await writeFile(
      join(dir, 'intents-2026-10-30T00-00-00-000Z.jsonl'),
      `${JSON.stringify(line)}\n`,
    )
    await openIntentLog(dir).append(line)
    await truncate(join(dir, 'intents.jsonl'), 17 * 1024 * 1024)
    await openIntentLog(dir).append({ ...line, intentId: 2 })
    expect((await readdir(dir)).sort()).toEqual([
      'intents-2026-10-30T00-00-00-000Z.jsonl',
      'intents-2026-11-24T00-00-00-000Z.jsonl',
      'intents.jsonl',
    ])
    expect(await readFile(join(dir, 'intents.jsonl'), 'utf8')).toContain('"intentId":2')
  })

  test('that cannot be written refuses', async () => {
    await writeFile(join(dir, 'file'), '')
    await expect(openIntentLog(join(dir, 'file')).append(line)).rejects.toThrow()
  })
})
