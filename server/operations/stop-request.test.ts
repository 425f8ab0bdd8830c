import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RequestId } from '#core/ids.ts'
import { createWorld, type PersonName, people, prodReadOnly, type World } from '#test/factory.ts'
import { approveRequest } from './approve-request.ts'
import { cancelRequest } from './cancel-request.ts'
import { returnAccess } from './return-access.ts'
import { revokeAccess } from './revoke-access.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
  await world.eligibility()
  await world.approval()
})
afterEach(() => world.close())

type Stage = 'pending' | 'scheduled' | 'activating' | 'active' | 'ending' | 'rejected'

async function bringTo(stage: Stage, options: { startsInMinutes?: number } = {}) {
  const { startsInMinutes } = options
  const startsAt =
    startsInMinutes === undefined
      ? null
      : new Date(world.clock.now().getTime() + startsInMinutes * 60_000)
  const id = await world.submit('alice', { startsAt })
  if (stage === 'rejected') {
    await world.db.updateTable('request').set({ status: 'rejected' }).execute()
    return id
  }
  if (stage === 'pending') return id
  const bob = await world.actor('bob')
  await approveRequest(world.ports, { actor: bob, requestId: id, comment: null })
  if (stage === 'scheduled') return id
  if (stage === 'activating') {
    await world.db
      .updateTable('request')
      .set({ status: 'activating' })
      .where('request_id', '=', id)
      .execute()
    return id
  }
  await world.activate(id)
  if (stage === 'ending') await give(id)
  world.told.length = 0
  return id
}

const input = async (name: PersonName, requestId: RequestId, comment: string | null = null) => ({
  actor: await world.actor(name),
  requestId,
  comment,
})
const cancel = async (id: RequestId, name: PersonName = 'alice') =>
  cancelRequest(world.ports, await input(name, id))
const give = async (id: RequestId, name: PersonName = 'alice') =>
  returnAccess(world.ports, await input(name, id))
const revoke = async (id: RequestId, name: PersonName = 'bob', comment: string | null = null) =>
  revokeAccess(world.ports, await input(name, id, comment))

async function nudges(): Promise<number[]> {
  const rows = await world.db.selectFrom('ledger_key').select('nudges').execute()
  return rows.map((row) => row.nudges)
}

describe('cancelling', () => {
  test('a pending request ends it, and tells of it', async () => {
    const id = await bringTo('pending')
    await cancel(id)
    expect(await world.request(id)).toMatchObject({
      status: 'cancelled',
      endReason: 'cancelled',
      stoppedBy: { userId: people.alice },
    })
    expect(world.told.at(-1)).toEqual({ event: 'cancelled', requestId: id })
  })

  test('a scheduled one closes its grant, which was never begun', async () => {
    const id = await bringTo('scheduled', { startsInMinutes: 60 })
    await cancel(id)
    const request = await world.request(id)
    expect(request.status).toBe('cancelled')
    expect(request.grant?.overAt).toEqual(world.clock.now())
  })

  test('one that is being activated leaves the rest to the engine, which tells of it then', async () => {
    const id = await bringTo('activating')
    const before = await nudges()
    const toldBefore = [...world.told]
    await cancel(id)
    const row = await world.db.selectFrom('request').selectAll().executeTakeFirstOrThrow()
    expect(row).toMatchObject({ status: 'ending', end_state: 'cancelled' })
    const grant = await world.db.selectFrom('access_grant').selectAll().executeTakeFirstOrThrow()
    expect(grant).toMatchObject({ stopped_at: world.clock.now(), over_at: null })
    expect(await nudges()).toEqual(before.map((count) => count + 1))
    expect(world.told).toEqual(toldBefore)
  })

  const refused: [Stage, PersonName, string][] = [
    ['active', 'alice', 'already_active'],
    ['ending', 'alice', 'already_ending'],
    ['rejected', 'alice', 'already_over'],
    ['pending', 'bob', 'not_allowed'],
    ['pending', 'ada', 'not_allowed'],
    ['pending', 'mallory', 'not_found'],
  ]
  for (const [stage, name, code] of refused) {
    test(`is refused while ${stage}, for ${name}: ${code}`, async () => {
      const id = await bringTo(stage)
      await expect(cancel(id, name)).rejects.toMatchObject({ code })
    })
  }
})

describe('giving back', () => {
  test('ends that grant as ended, from this moment on', async () => {
    const id = await bringTo('active')
    world.pass(60)
    await give(id)
    const row = await world.db.selectFrom('request').selectAll().executeTakeFirstOrThrow()
    expect(row).toMatchObject({ status: 'ending', end_state: 'ended', end_reason: 'returned' })
    const grant = await world.db.selectFrom('access_grant').selectAll().executeTakeFirstOrThrow()
    expect(grant.stopped_at).toEqual(world.clock.now())
  })

  const refused: [Stage, PersonName, string][] = [
    ['pending', 'alice', 'not_active_yet'],
    ['scheduled', 'alice', 'not_active_yet'],
    ['ending', 'alice', 'already_ending'],
    ['active', 'bob', 'not_allowed'],
    ['active', 'audrey', 'not_allowed'],
    ['active', 'erin', 'not_found'],
  ]
  for (const [stage, name, code] of refused) {
    test(`is refused while ${stage}, for ${name}: ${code}`, async () => {
      const id = await bringTo(stage)
      await expect(give(id, name)).rejects.toMatchObject({ code })
    })
  }

  test('works while AWS is silent, as cancelling and revoking do', async () => {
    const id = await bringTo('active')
    world.aws.answers = false
    world.pass(120)
    await give(id)
    expect((await world.request(id)).status).toBe('ending')
  })
})

describe('revoking', () => {
  test('ends every grant of that person and target, scheduled ones too, and leaves what is pending', async () => {
    const active = await bringTo('active')
    const later = await bringTo('scheduled', { startsInMinutes: 240 })
    const pending = await world.submit('alice')
    world.told.length = 0
    await revoke(active, 'bob', 'laptop lost')
    expect(await world.request(active)).toMatchObject({
      status: 'ending',
      endReason: 'revoked',
      stoppedBy: { userId: people.bob },
      stopComment: 'laptop lost',
    })
    const scheduled = await world.request(later)
    expect(scheduled.status).toBe('revoked')
    expect(scheduled.grant?.overAt).toEqual(world.clock.now())
    expect((await world.request(pending)).status).toBe('pending')
    const actions = [...(await world.events(active)), ...(await world.events(later))]
    expect(actions.filter(({ action }) => action === 'request.revoke')).toHaveLength(2)
    expect(world.told).toEqual([{ event: 'revoked', requestId: later }])
  })

  test('reaches nobody else on that target', async () => {
    const alices = await bringTo('active')
    const erins = await world.submit('erin', { targets: [prodReadOnly] })
    const bob = await world.actor('bob')
    await approveRequest(world.ports, { actor: bob, requestId: erins, comment: null })
    await revoke(alices)
    expect((await world.request(erins)).status).toBe('scheduled')
  })

  test('is for administrators too, who approve nothing', async () => {
    const id = await bringTo('active')
    await revoke(id, 'ada')
    expect((await world.request(id)).status).toBe('ending')
  })

  const refused: [Stage, PersonName, string][] = [
    ['pending', 'bob', 'not_granted_yet'],
    ['ending', 'bob', 'already_ending'],
    ['rejected', 'bob', 'already_over'],
    ['active', 'audrey', 'not_allowed'],
    ['active', 'alice', 'not_allowed'],
    ['active', 'dan', 'not_found'],
  ]
  for (const [stage, name, code] of refused) {
    test(`is refused while ${stage}, for ${name}: ${code}`, async () => {
      const id = await bringTo(stage)
      await expect(revoke(id, name)).rejects.toMatchObject({ code })
    })
  }
})

describe('expiry', () => {
  test('ends what has waited for its time, and nothing sooner', async () => {
    const first = await bringTo('pending')
    world.pass(60)
    const second = await world.submit('erin')
    world.pass(179 * 60)
    expect(await world.expireDue(world.clock.now())).toBe(1)
    expect((await world.request(first)).status).toBe('expired')
    expect((await world.request(second)).status).toBe('pending')
    expect(world.told.at(-1)).toEqual({ event: 'expired', requestId: first })
  })

  test('leaves what somebody is deciding on just now, and takes it the next time', async () => {
    const id = await bringTo('pending')
    world.pass(180 * 60)
    await world.db.transaction().execute(async (tx) => {
      await tx.selectFrom('request').select('request_id').forUpdate().execute()
      expect(await world.expireDue(world.clock.now())).toBe(0)
    })
    expect(await world.expireDue(world.clock.now())).toBe(1)
    expect((await world.request(id)).status).toBe('expired')
  })
})
