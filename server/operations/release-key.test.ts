import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { UserId } from '#core/ids.ts'
import { remove } from '#server/engine/calls.ts'
import { createLeader } from '#server/engine/leader.ts'
import type { Bulletin } from '#server/store/announce-port.ts'
import { loadKey } from '#server/store/ledger.ts'
import { createEngineWorld, type EngineWorld } from '#test/engine-world.ts'
import { acknowledgeAlarm } from './acknowledge-alarm.ts'
import type { Actor } from './actor.ts'
import { readKey, readKeys } from './read-keys.ts'
import { releaseKey } from './release-key.ts'

let world: EngineWorld
let bulletins: Bulletin[]
beforeEach(async () => {
  world = await createEngineWorld()
  bulletins = []
})
afterEach(() => world.close())

const admin: Actor = {
  person: {
    userId: 'admin' as UserId,
    userName: 'ada',
    displayName: 'Ada',
    email: null,
    enabled: true,
    groupIds: new Set(),
  },
  roles: new Set(['requester', 'admin']),
}

const ports = () => ({
  db: world.database.db,
  clock: world,
  announce: async (_: unknown, event: string, requestId: string) =>
    void world.told.push({ event, requestId }),
  tellOverseers: async (_: unknown, bulletin: Bulletin) => void bulletins.push(bulletin),
})
const input = (keyId: number, comment: string | null = 'Handed to the platform team') => ({
  actor: admin,
  keyId,
  comment,
})
const release = (keyId: number, comment?: string | null) =>
  releaseKey(ports(), input(keyId, comment))

async function onlyKey(): Promise<number> {
  const { items } = await readKeys(ports(), admin, { limit: 50 })
  return Number(items[0]?.id)
}
const shown = async () => readKey(ports(), admin, await onlyKey())

async function events(action: string) {
  const rows = await world.database.db
    .selectFrom('audit_event')
    .select(['object_type', 'object_id', 'actor_name', 'payload'])
    .where('action', '=', action)
    .orderBy('seq')
    .execute()
  return rows.map((row) => ({ ...row, payload: JSON.parse(row.payload ?? '{}') }))
}

describe('a released key', () => {
  test('stays in AWS, now and after its time, and its grants are over', async () => {
    const active = await world.approved({ minutes: 30 })
    await world.pass(10)
    const later = await world.approved({ minutes: 60, startsInSeconds: 900 })
    const keyId = await onlyKey()
    await release(keyId)
    expect(await world.status(active)).toBe('revoked')
    expect(await world.status(later)).toBe('revoked')
    await world.pass(3_600)
    expect(world.held()).toBe(true)
    expect(world.calls('DeleteAccountAssignment')).toBe(0)
    expect(world.calls('CreateAccountAssignment')).toBe(1)
    expect(await readKey(ports(), admin, keyId)).toMatchObject({ held: false, grants: [] })
    expect(await world.grant(active)).toMatchObject({ excessSeconds: 0 })
  }, 30_000)

  test('is told: to the requester of each request, and to the auditors', async () => {
    const active = await world.approved()
    await world.pass(10)
    const keyId = await onlyKey()
    await release(keyId)
    expect(world.told).toContainEqual({ event: 'revoked', requestId: active })
    expect(bulletins).toMatchObject([
      {
        event: 'key_released',
        facts: { keyId, by: 'ada', comment: 'Handed to the platform team' },
      },
    ])
  })

  test('is in the trail with what was before and after, by whom, why, and what ended', async () => {
    const active = await world.approved()
    await world.pass(10)
    await release(await onlyKey())
    expect(await events('key.release')).toMatchObject([
      {
        actor_name: 'ada',
        object_type: 'key',
        payload: {
          comment: 'Handed to the platform team',
          before: { held: true, presence: 'present' },
          after: { held: false },
          requestIds: [active],
        },
      },
    ])
    expect(await events('access.released')).toMatchObject([
      { object_id: active, payload: { from: 'active', endState: 'revoked' } },
    ])
  })

  test('counts as standing access from then on: a new request for it fails', async () => {
    await world.approved()
    await world.pass(10)
    await release(await onlyKey())
    const again = await world.approved()
    await world.pass(10)
    expect(await world.status(again)).toBe('failed')
    expect(world.held()).toBe(true)
  })

  test('that should have been gone counts as excess until it was handed over', async () => {
    const late = await world.approved({ minutes: 1 })
    await world.pass(10)
    world.fault({ operation: 'DeleteAccountAssignment', error: 'AccessDeniedException' })
    await world.pass(130)
    expect(await world.status(late)).toBe('ending')
    const { endsAt } = await world.grant(late)
    expect(await shown()).toMatchObject({ late: { acknowledged: null } })
    await release(await onlyKey())
    expect(await world.status(late)).toBe('ended')
    const excess = (world.now().getTime() - (endsAt?.getTime() ?? 0)) / 1000
    expect(excess).toBeGreaterThan(60)
    expect(await world.grant(late)).toMatchObject({ excessSeconds: excess })
    expect(await readKeys(ports(), admin, { state: 'late', limit: 50 })).toMatchObject({
      items: [],
    })
  }, 30_000)
})

describe('a key is not handed over', () => {
  test('without a word why', async () => {
    await world.approved()
    await world.pass(10)
    await expect(release(await onlyKey(), '  ')).rejects.toMatchObject({ code: 'comment_required' })
  })

  test('while AWS still works on a call', async () => {
    const requestId = await world.approved()
    await world.pass(0)
    await expect(release(await onlyKey())).rejects.toMatchObject({ code: 'call_in_flight' })
    await world.pass(10)
    expect(await world.status(requestId)).toBe('active')
  })

  test('while a lost call may still land', async () => {
    world.fault({ operation: 'CreateAccountAssignment', dropConnection: 'before', times: 1 })
    await world.approved()
    await world.pass(5)
    await expect(release(await onlyKey())).rejects.toMatchObject({ code: 'key_unsettled' })
  })

  test('twice, nor one that nobody knows', async () => {
    await world.approved()
    await world.pass(10)
    const keyId = await onlyKey()
    await release(keyId)
    await expect(release(keyId)).rejects.toMatchObject({ code: 'not_held' })
    await expect(release(987_654)).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('the engine, about to remove what is released at that very moment', () => {
  async function stale() {
    await world.approved({ minutes: 1 })
    await world.pass(10)
    const keyId = await onlyKey()
    return { keyId, key: await loadKey(world.database.db, keyId, 600_000) }
  }
  async function removeStale(key: Awaited<ReturnType<typeof loadKey>>) {
    const log = { info: () => {}, warn: () => {}, error: () => {} }
    const { db } = world.database
    const { epoch } = await db.selectFrom('leader').select('epoch').executeTakeFirstOrThrow()
    const sent: unknown[] = []
    const leader = createLeader({ db, holder: 'test', log })
    const assignments = { remove: async (one: unknown) => void sent.push(one) }
    const calls = { take: async () => {}, waiting: () => 0 }
    const isHalted = () => false
    const lane = { enterLane: () => {}, leaveLane: () => {}, onAccepted: () => {} }
    const deps = { db, clock: world, leader, log, calls, assignments, isHalted, ...lane }
    await remove(deps as never, epoch, key)
    return sent
  }

  test('writes no intent and sends nothing, where a grant was ending', async () => {
    const { keyId, key } = await stale()
    await release(keyId)
    const grants = key.grants.map((grant) => ({ ...grant, status: 'ending' as const }))
    expect(grants).toHaveLength(1)
    expect(await removeStale({ ...key, grants })).toEqual([])
    expect(await events('access.delete_intended')).toEqual([])
  })

  test('nor where no grant is left that could tell', async () => {
    const { keyId, key } = await stale()
    await release(keyId)
    expect(await removeStale({ ...key, grants: [] })).toEqual([])
    expect(await events('access.delete_intended')).toEqual([])
  })
})

describe('an alarm', () => {
  async function makeLate(): Promise<string> {
    const late = await world.approved({ minutes: 1 })
    await world.pass(10)
    world.fault({ operation: 'DeleteAccountAssignment', error: 'AccessDeniedException' })
    await world.pass(130)
    return late
  }
  const acknowledge = async (comment = 'Asked the management account') =>
    acknowledgeAlarm(ports(), input(await onlyKey(), comment))

  test('that is acknowledged says by whom and why, and stays until removal is confirmed', async () => {
    const late = await makeLate()
    await acknowledge()
    const acknowledged = { userName: 'ada', comment: 'Asked the management account' }
    expect(await shown()).toMatchObject({ late: { acknowledged } })
    await expect(acknowledge()).rejects.toMatchObject({ code: 'already_acknowledged' })
    await world.pass(30)
    expect(await shown()).toMatchObject({ late: { acknowledged }, presence: 'present' })
    world.clearFaults()
    await world.pass(16 * 60)
    expect(await world.status(late)).toBe('ended')
    expect(await readKey(ports(), admin, 1)).toMatchObject({ late: null })
    expect(await events('key.acknowledge')).toHaveLength(1)
  }, 60_000)

  test('of the same key later is another one', async () => {
    await makeLate()
    await acknowledge()
    world.clearFaults()
    await world.pass(16 * 60)
    expect(world.held()).toBe(false)
    await makeLate()
    expect(await shown()).toMatchObject({ late: { acknowledged: null } })
    await acknowledge('Again')
    const alarms = await world.database.db.selectFrom('late_alarm').selectAll().execute()
    expect(alarms).toHaveLength(2)
    expect(alarms.map((one) => one.over_at !== null)).toEqual([true, false])
  }, 60_000)

  test('is refused where nothing is late, and without a word', async () => {
    await world.approved()
    await world.pass(10)
    await expect(acknowledge()).rejects.toMatchObject({ code: 'not_late' })
    await expect(acknowledge('')).rejects.toMatchObject({ code: 'comment_required' })
  })
})

describe('the list of keys', () => {
  let many: EngineWorld
  beforeAll(async () => {
    many = await createEngineWorld()
  })
  afterAll(() => many.close())

  test('has each state by itself, names who and what, and comes a page at a time', async () => {
    for (const person of ['test-user', 'sam.carter', 'naoko.mori']) await many.approved({ person })
    await many.pass(10)
    const list = (query: object) =>
      readKeys({ db: many.database.db }, admin, { limit: 2, ...query })
    const first = await list({ state: 'held' })
    expect(first.items).toHaveLength(2)
    const rest = await list({ state: 'held', cursor: first.nextCursor ?? '' })
    expect(rest.items).toHaveLength(1)
    expect(rest.nextCursor).toBeNull()
    for (const state of ['in_flight', 'unsettled', 'late']) {
      expect(await list({ state })).toEqual({ items: [], nextCursor: null })
    }
    expect((await list({ limit: 50 })).items).toHaveLength(3)
    expect(rest.items[0]).toMatchObject({
      held: true,
      presence: 'present',
      grants: [{ status: 'active' }],
      actions: [
        { name: 'release', allowed: true },
        { name: 'acknowledge', allowed: false, code: 'not_late' },
      ],
    })
    await expect(list({ cursor: 'bm90' })).rejects.toMatchObject({ code: 'malformed' })
  })
})
