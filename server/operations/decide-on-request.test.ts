import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RequestId } from '#core/ids.ts'
import { createWorld, groups, type PersonName, people, type World } from '#test/factory.ts'
import { approveRequest } from './approve-request.ts'
import { createCheckActivation } from './check-activation.ts'
import { rejectRequest } from './reject-request.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.close())

async function approve(name: PersonName, requestId: RequestId, comment: string | null = null) {
  await approveRequest(world.ports, { actor: await world.actor(name), requestId, comment })
}

async function reject(name: PersonName, requestId: RequestId, comment: string | null = null) {
  await rejectRequest(world.ports, { actor: await world.actor(name), requestId, comment })
}

async function waiting(options: { approvalsRequired?: number; startsInMinutes?: number } = {}) {
  const { approvalsRequired = 1, startsInMinutes = 0 } = options
  await world.eligibility()
  await world.approval({ approvalsRequired })
  const startsAt =
    startsInMinutes === 0 ? null : new Date(world.clock.now().getTime() + startsInMinutes * 60_000)
  return world.submit('alice', { startsAt })
}

describe('an approval', () => {
  test('that carries schedules the request and grants the access, due now', async () => {
    const id = await waiting()
    world.pass(10)
    await approve('bob', id, '了解です')
    const request = await world.request(id)
    expect(request.status).toBe('scheduled')
    expect(request.grant).toMatchObject({ immediate: true, dueAt: world.clock.now() })
    expect(request.decisions).toMatchObject([
      { userId: people.bob, decision: 'approved', comment: '了解です' },
    ])
    expect(world.told.at(-1)).toEqual({ event: 'approved', requestId: id })
    const event = (await world.events(id)).at(-1)
    expect(event).toMatchObject({ action: 'request.approve', payload: { outcome: 'approved' } })
  })

  test('keeps a start that is still ahead, and makes one that has passed immediate', async () => {
    const ahead = await waiting({ startsInMinutes: 60 })
    await approve('bob', ahead)
    expect((await world.request(ahead)).grant).toMatchObject({ immediate: false })
    const passed = await world.submit('erin', {
      startsAt: new Date(world.clock.now().getTime() + 60_000),
    })
    world.pass(120)
    await approve('bob', passed)
    expect((await world.request(passed)).grant).toMatchObject({
      immediate: true,
      dueAt: world.clock.now(),
    })
  })

  test('of two leaves it pending after the first, and tells nobody yet', async () => {
    const id = await waiting({ approvalsRequired: 2 })
    await approve('bob', id)
    const half = await world.request(id)
    expect(half).toMatchObject({ status: 'pending', version: 2 })
    expect(world.told.map(({ event }) => event)).toEqual(['requested'])
    await approve('carol', id)
    expect((await world.request(id)).status).toBe('scheduled')
  })

  test('of somebody who has left since does not count', async () => {
    const id = await waiting({ approvalsRequired: 2 })
    await approve('bob', id)
    world.aws.takeOut('bob', 'approvers')
    world.aws.takeOut('bob', 'users')
    world.pass(40)
    await approve('carol', id)
    expect((await world.request(id)).status).toBe('pending')
  })

  test('asks AWS about the decider and every earlier approver, if the last answer is older than 30 s', async () => {
    const id = await waiting({ approvalsRequired: 2 })
    await approve('bob', id)
    expect(world.aws.reads).toEqual([])
    world.pass(40)
    await approve('carol', id)
    expect(world.aws.reads.toSorted()).toEqual([people.bob, people.carol])
  })

  test('asks AWS again about whoever voted while AWS was being asked', async () => {
    const id = await waiting({ approvalsRequired: 2 })
    world.pass(40)
    let once = true
    world.aws.meanwhile = async () => {
      if (!once) return
      once = false
      await approve('bob', id)
      // Bob was read for his own vote; by now that is too long ago.
      world.pass(31)
    }
    await approve('carol', id)
    expect(world.aws.reads.filter((userId) => userId === people.bob)).toHaveLength(2)
    expect((await world.request(id)).status).toBe('scheduled')
  })
})

describe('a decision is refused', () => {
  const deciders: [string, PersonName, string][] = [
    ['on one’s own request', 'alice', 'own_request'],
    ['by a stranger, who is not told that it exists', 'mallory', 'not_found'],
    ['by a colleague of the requester, likewise', 'erin', 'not_found'],
    ['by an auditor, who may see it', 'audrey', 'not_allowed'],
    ['by an administrator who is no approver', 'ada', 'not_allowed'],
    ['by an approver of other targets', 'dan', 'not_found'],
  ]
  for (const [what, name, code] of deciders) {
    test(what, async () => {
      const id = await waiting()
      await expect(approve(name, id)).rejects.toMatchObject({ code })
      await expect(reject(name, id)).rejects.toMatchObject({ code })
      expect((await world.request(id)).version).toBe(1)
    })
  }

  test('on one’s own request even by a member of the approvers', async () => {
    await waiting()
    const id = await world.submit('bob')
    await expect(approve('bob', id)).rejects.toMatchObject({ code: 'own_request' })
  })

  test('for a request that does not exist', async () => {
    await waiting()
    const id = '00000000-0000-4000-8000-00000000dead' as RequestId
    await expect(approve('bob', id)).rejects.toMatchObject({ code: 'not_found' })
  })

  test('once it is decided, saying by whom and when', async () => {
    const id = await waiting()
    await reject('bob', id)
    const at = world.clock.now().toISOString()
    world.pass(5)
    await expect(approve('carol', id)).rejects.toMatchObject({
      code: 'already_decided',
      params: { by: people.bob, byName: 'bob@example.com', at },
    })
  })

  test('by somebody who has voted', async () => {
    const id = await waiting({ approvalsRequired: 2 })
    await approve('bob', id)
    await expect(approve('bob', id)).rejects.toMatchObject({ code: 'already_voted' })
    await expect(reject('bob', id)).rejects.toMatchObject({ code: 'already_voted' })
  })

  test('after its time, and it expires by that', async () => {
    const id = await waiting()
    world.pass(180 * 60)
    await expect(approve('bob', id)).rejects.toMatchObject({ code: 'not_pending' })
    expect((await world.request(id)).status).toBe('expired')
    expect(world.told.at(-1)).toEqual({ event: 'expired', requestId: id })
  })

  test('while AWS cannot be asked about the decider', async () => {
    const id = await waiting()
    world.pass(31)
    world.aws.answers = false
    await expect(approve('bob', id)).rejects.toMatchObject({ code: 'unconfirmed_with_aws' })
    await expect(reject('bob', id)).rejects.toMatchObject({ code: 'unconfirmed_with_aws' })
    expect((await world.request(id)).decisions).toEqual([])
  })

  test('by somebody whom AWS disabled a moment ago', async () => {
    const id = await waiting()
    world.aws.disable('bob')
    world.pass(31)
    await expect(approve('bob', id)).rejects.toMatchObject({ code: 'person_disabled' })
  })

  test('by somebody who was taken out of the approvers a moment ago', async () => {
    const id = await waiting()
    world.aws.takeOut('bob', 'approvers')
    world.pass(31)
    await expect(approve('bob', id)).rejects.toMatchObject({ code: 'not_found' })
  })

  test('without a comment, where the settings ask for one', async () => {
    const id = await waiting()
    await world.settings({ commentRequired: true })
    await expect(approve('bob', id, ' ')).rejects.toMatchObject({
      code: 'comment_required',
      errors: [{ field: 'comment' }],
    })
    await approve('bob', id, 'ok')
  })

  test('with a control character in the comment', async () => {
    const id = await waiting()
    await expect(approve('bob', id, 'ok\u0007')).rejects.toMatchObject({ code: 'text_malformed' })
  })
})

test('one rejection rejects, whatever was approved before', async () => {
  const id = await waiting({ approvalsRequired: 2 })
  await approve('bob', id)
  await reject('carol', id, 'not today')
  expect(await world.request(id)).toMatchObject({ status: 'rejected', grant: null })
  expect(world.told.at(-1)).toEqual({ event: 'rejected', requestId: id })
})

describe('the rules may change while a request waits', () => {
  test('a policy that is gone fails it at approval, and both are told why', async () => {
    const policy = await world.eligibility()
    await world.approval()
    const id = await world.submit('alice')
    await world.removePolicy(policy)
    await expect(approve('bob', id)).rejects.toMatchObject({ code: 'no_longer_eligible' })
    expect(await world.request(id)).toMatchObject({
      status: 'failed',
      failure: { code: 'not_eligible' },
      decisions: [],
      grant: null,
    })
    expect(world.told.at(-1)).toEqual({ event: 'failed', requestId: id })
  })

  test('a longest duration that is shorter now fails it too', async () => {
    const id = await waiting()
    await world.settings({ maxDurationMinutes: 30 })
    await expect(approve('bob', id)).rejects.toMatchObject({ code: 'no_longer_eligible' })
    expect((await world.request(id)).failure?.code).toBe('duration_too_long')
  })

  test('approval switched off leaves it pending', async () => {
    const id = await waiting()
    await world.settings({ approvalRequired: false })
    expect((await world.request(id)).status).toBe('pending')
    await approve('bob', id)
    expect((await world.request(id)).status).toBe('scheduled')
  })

  test('a number that was raised counts, and one that was lowered does not', async () => {
    const one = await waiting({ approvalsRequired: 2 })
    await world.db.updateTable('approver_policy').set({ approvals_required: 1 }).execute()
    await world.settings({})
    await approve('bob', one)
    expect((await world.request(one)).status).toBe('pending')
    await approve('carol', one)

    const two = await world.submit('erin')
    await world.db.updateTable('approver_policy').set({ approvals_required: 2 }).execute()
    await world.settings({})
    await approve('bob', two)
    expect((await world.request(two)).status).toBe('pending')
  })
})

describe('before access is given', () => {
  async function check(id: RequestId) {
    const checkActivation = createCheckActivation(world.rules)
    return world.db.transaction().execute((tx) => checkActivation(tx, id, world.clock.now()))
  }

  test('nothing speaks against a request that was approved', async () => {
    const id = await waiting()
    await approve('bob', id)
    expect(await check(id)).toBeNull()
  })

  test('a vote of somebody who has left since was good when it was cast', async () => {
    const id = await waiting()
    await approve('bob', id)
    await world.db.deleteFrom('directory_membership').where('user_id', '=', people.bob).execute()
    await world.db.updateTable('directory_version').set({ version: 99 }).execute()
    expect(await check(id)).toBeNull()
  })

  test('a person who is disabled, or whom no policy names any more, gets none', async () => {
    const policy = await world.eligibility()
    await world.approval()
    const id = await world.submit('alice')
    await approve('bob', id)
    await world.db
      .updateTable('directory_user')
      .set({ enabled: false })
      .where('user_id', '=', people.alice)
      .execute()
    expect(await check(id)).toMatchObject({ code: 'person_disabled' })
    await world.db.updateTable('directory_user').set({ enabled: true }).execute()
    await world.removePolicy(policy)
    expect(await check(id)).toMatchObject({ code: 'not_eligible' })
  })

  test('more approvals than were given fail it, and so does approval that nobody asked for', async () => {
    const id = await waiting()
    await approve('bob', id)
    await world.approval({ approvalsRequired: 2, approverGroups: [groups.approvers] })
    expect(await check(id)).toMatchObject({ code: 'approvals_no_longer_suffice' })

    await world.settings({ approvalRequired: false })
    const free = await world.submit('erin')
    await world.settings({ approvalRequired: true })
    expect(await check(free)).toMatchObject({ code: 'approvals_no_longer_suffice' })
  })
})
