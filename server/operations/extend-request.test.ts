import { sql, type Transaction } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RequestId, SubmissionId } from '#core/ids.ts'
import type { Schema } from '#server/store/schema.ts'
import { createWorld, type PersonName, prodReadOnly, type World } from '#test/factory.ts'
import { approveRequest } from './approve-request.ts'
import { cancelRequest } from './cancel-request.ts'
import { type ExtendInput, extendRequest } from './extend-request.ts'
import { readRequest } from './read-request.ts'
import { rejectRequest } from './reject-request.ts'
import { returnAccess } from './return-access.ts'
import { revokeAccess } from './revoke-access.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
  await world.eligibility()
  await world.approval()
})
afterEach(() => world.close())

const minuteMs = 60_000
const input = async (name: PersonName, requestId: RequestId) => ({
  actor: await world.actor(name),
  requestId,
  comment: null,
})
const approve = async (id: RequestId, name: PersonName = 'bob') =>
  approveRequest(world.ports, await input(name, id))

/** Alice's access of an hour, begun just now. */
async function activeAccess(durationMinutes = 60): Promise<RequestId> {
  const id = await world.submit('alice', { durationMinutes })
  await approve(id)
  await world.activate(id)
  world.told.length = 0
  return id
}

async function extend(
  id: RequestId,
  asked: Partial<ExtendInput['asked']> & { submissionId?: SubmissionId } = {},
  name: PersonName = 'alice',
): Promise<RequestId> {
  const { submissionId, ...rest } = asked
  return extendRequest(world.ports, {
    actor: await world.actor(name),
    requestId: id,
    asked: { durationMinutes: 60, justification: 'The backlog is longer', ticket: null, ...rest },
    ...(submissionId && { submissionId }),
  })
}

const codeOf = (made: Promise<unknown>) =>
  made.then(
    () => 'made',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )

/** What the engine would write at the end of the parent, and at the begin of its extension. */
async function carryOver(parent: RequestId, extension: RequestId): Promise<void> {
  const { grant } = await world.request(parent)
  const move = (id: RequestId, status: 'ending' | 'ended' | 'activating' | 'active') =>
    world.db
      .updateTable('request')
      .set({ status, ...(status === 'ending' && { end_state: 'ended' }) })
      .where('request_id', '=', id)
      .execute()
  await move(parent, 'ending')
  await move(parent, 'ended')
  await world.db
    .updateTable('access_grant')
    .set({ over_at: grant?.endsAt ?? null })
    .where('request_id', '=', parent)
    .execute()
  await move(extension, 'activating')
  await move(extension, 'active')
  const startsAt = grant?.endsAt as Date
  const { durationMinutes } = await world.request(extension)
  await world.db
    .updateTable('access_grant')
    .set({
      starts_at: startsAt,
      granted_at: startsAt,
      ends_at: new Date(startsAt.getTime() + durationMinutes * minuteMs),
    })
    .where('request_id', '=', extension)
    .execute()
}

describe('an extension', () => {
  test('is a request that waits like any other, and says what it extends', async () => {
    const parent = await activeAccess()
    const id = await extend(parent)
    const { endsAt } = (await world.request(parent)).grant ?? {}
    expect(await world.request(id)).toMatchObject({
      status: 'pending',
      extendsId: parent,
      target: prodReadOnly,
      requestedStartsAt: endsAt,
      expiresAt: endsAt,
      chainMinutes: 120,
      grant: null,
    })
    expect(world.told).toEqual([{ event: 'requested', requestId: id }])
    const [event] = await world.events(id)
    expect(event).toMatchObject({ action: 'request.submit', payload: { extends: parent } })
    const shown = await readRequest(world.ports, await world.actor('alice'), parent)
    expect(shown.extendedBy).toBe(id)
  })

  test('asks AWS about no target: what it extends is TEAM’s own', async () => {
    const parent = await activeAccess()
    const looks = world.aws.looks
    await extend(parent)
    expect(world.aws.looks).toBe(looks)
  })

  test('that is approved earns the time that adjoins, and nothing before', async () => {
    const parent = await activeAccess()
    const id = await extend(parent, { durationMinutes: 45 })
    world.pass(600)
    await approve(id)
    const from = (await world.request(parent)).grant
    expect(await world.request(id)).toMatchObject({
      status: 'scheduled',
      grant: { dueAt: from?.endsAt, immediate: false, keyId: from?.keyId },
    })
    const row = await world.db
      .selectFrom('access_grant')
      .selectAll()
      .where('request_id', '=', id)
      .executeTakeFirstOrThrow()
    expect(row).toMatchObject({ extends_grant_id: from?.grantId, duration_minutes: 45 })
  })

  test('that nobody needs to approve is granted at once, for the same time', async () => {
    const parent = await activeAccess()
    await world.settings({ approvalRequired: false })
    const { status, grant } = await world.request(await extend(parent))
    const { endsAt } = (await world.request(parent)).grant ?? {}
    expect({ status, dueAt: grant?.dueAt }).toEqual({ status: 'scheduled', dueAt: endsAt })
  })

  test('made twice under one id is made once', async () => {
    const parent = await activeAccess()
    const submissionId = '00000000-0000-4000-8000-0000000000fe' as SubmissionId
    const first = await extend(parent, { submissionId })
    expect(await extend(parent, { submissionId })).toBe(first)
  })

  test('of an extension is of the same chain, which has an end', async () => {
    const first = await activeAccess(100)
    const second = await extend(first, { durationMinutes: 100 })
    await approve(second)
    world.pass(100 * 60)
    await carryOver(first, second)
    expect(await codeOf(extend(second, { durationMinutes: 41 }))).toBe('chain_too_long')
    const third = await extend(second, { durationMinutes: 40 })
    expect((await world.request(third)).chainMinutes).toBe(240)
    await approve(third)
    world.pass(100 * 60)
    await carryOver(second, third)
    expect(await codeOf(extend(third, { durationMinutes: 1 }))).toBe('chain_too_long')
    const shown = await readRequest(world.ports, await world.actor('alice'), third)
    expect(shown.actions.find(({ name }) => name === 'extend')).toMatchObject({
      allowed: false,
      code: 'chain_too_long',
    })
  })

  test('is offered with how much may be asked for', async () => {
    const parent = await activeAccess(100)
    const shown = await readRequest(world.ports, await world.actor('alice'), parent)
    expect(shown.actions.find(({ name }) => name === 'extend')).toMatchObject({
      allowed: true,
      params: { leftMinutes: 120, approvalRequired: true, ticketRequired: false },
    })
  })
})

describe('extending is refused', () => {
  test('to everybody but the requester', async () => {
    const parent = await activeAccess()
    expect(await codeOf(extend(parent, {}, 'bob'))).toBe('not_allowed')
    expect(await codeOf(extend(parent, {}, 'audrey'))).toBe('not_allowed')
    expect(await codeOf(extend(parent, {}, 'erin'))).toBe('not_found')
    expect(await codeOf(extend(parent, {}, 'mallory'))).toBe('not_found')
  })

  test('before access has begun and once it is ending', async () => {
    const waiting = await world.submit('alice')
    expect(await codeOf(extend(waiting))).toBe('not_active_yet')
    await approve(waiting)
    await world.activate(waiting)
    await returnAccess(world.ports, await input('alice', waiting))
    expect(await codeOf(extend(waiting))).toBe('already_ending')
  })

  test('from the moment of the end, though the engine has not ended it yet', async () => {
    const parent = await activeAccess()
    world.pass(60 * 60)
    expect(await codeOf(extend(parent))).toBe('already_ending')
  })

  test('while one waits, and once one is granted; not after one has come to nothing', async () => {
    const parent = await activeAccess()
    const first = await extend(parent)
    expect(await codeOf(extend(parent))).toBe('extension_pending')
    await rejectRequest(world.ports, await input('bob', first))
    const second = await extend(parent)
    await approve(second)
    expect(await codeOf(extend(parent))).toBe('already_extended')
    expect(await codeOf(extend(second))).toBe('not_active_yet')
    await cancelRequest(world.ports, await input('alice', second))
    expect(await codeOf(extend(parent))).toBe('made')
  })

  test('not because one waited whose time is up', async () => {
    const parent = await activeAccess(120)
    await world.settings({ requestExpiryMinutes: 10 })
    const first = await extend(parent)
    world.pass(11 * 60)
    await extend(parent)
    expect(await world.request(first)).toMatchObject({
      status: 'expired',
      endReason: 'not_decided_in_time',
    })
  })

  test('where the setting forbids it', async () => {
    const parent = await activeAccess()
    await world.settings({ extensionAllowed: false })
    expect(await codeOf(extend(parent))).toBe('extension_not_allowed')
  })

  test('to one of two that come at once', async () => {
    const parent = await activeAccess()
    const made = await Promise.all([codeOf(extend(parent)), codeOf(extend(parent))])
    expect(made.toSorted()).toEqual(['extension_pending', 'made'])
    const rows = await world.db
      .selectFrom('request')
      .select('request_id')
      .where('extends_request_id', '=', parent)
      .execute()
    expect(rows).toHaveLength(1)
  })
})

test('extending waits for whoever is changing the parent, and sees what they made of it', async () => {
  const parent = await activeAccess()
  let extending: Promise<unknown> = Promise.resolve()
  let settled = false
  await world.db.transaction().execute(async (tx) => {
    await tx
      .updateTable('request')
      .set({ status: 'ending', end_state: 'ended' })
      .where('request_id', '=', parent)
      .execute()
    extending = codeOf(extend(parent)).finally(() => {
      settled = true
    })
    while (!settled && !(await somebodyWaitsFor(tx)));
  })
  expect(await extending).toBe('already_ending')
})

/** Whether another session waits for a row that this transaction has changed. */
async function somebodyWaitsFor(tx: Transaction<Schema>): Promise<boolean> {
  const { rows } = await sql<{ waiting: number }>`
    select count(*)::int as waiting from pg_locks
    where not granted and transactionid = pg_current_xact_id()::xid`.execute(tx)
  return (rows[0]?.waiting ?? 0) > 0
}

describe('what becomes of an extension when its parent is over', () => {
  test('an approval that comes too late finds it expired, with the reason', async () => {
    const parent = await activeAccess()
    const id = await extend(parent)
    world.pass(60 * 60)
    expect(await codeOf(approve(id))).toBe('not_pending')
    expect(await world.request(id)).toMatchObject({
      status: 'expired',
      endReason: 'parent_over',
      grant: null,
    })
    expect(world.told.at(-1)).toEqual({ event: 'expired', requestId: id })
  })

  test('revoked: one that waits expires by itself', async () => {
    const parent = await activeAccess()
    const waiting = await extend(parent)
    await revokeAccess(world.ports, await input('bob', parent))
    expect((await world.request(waiting)).status).toBe('pending')
    expect(await world.expireDue(world.clock.now())).toBe(1)
    expect(await world.request(waiting)).toMatchObject({
      status: 'expired',
      endReason: 'parent_over',
    })
  })

  test('revoked: one that is granted is revoked with it', async () => {
    const parent = await activeAccess()
    const granted = await extend(parent)
    await approve(granted)
    await revokeAccess(world.ports, await input('bob', parent))
    expect((await world.request(parent)).status).toBe('ending')
    expect((await world.request(granted)).status).toBe('revoked')
  })

  test.each(['waits', 'is granted'])(
    'given back: one that %s is cancelled with it',
    async (how) => {
      const parent = await activeAccess()
      const id = await extend(parent)
      if (how === 'is granted') await approve(id)
      await returnAccess(world.ports, await input('alice', parent))
      const { status, endReason, grant } = await world.request(id)
      expect({ status, endReason }).toEqual({ status: 'cancelled', endReason: 'parent_returned' })
      expect(grant?.overAt ?? null).toEqual(how === 'is granted' ? world.clock.now() : null)
      expect(world.told.at(-1)).toEqual({ event: 'cancelled', requestId: id })
    },
  )

  test('given back in the moment of an approval: nothing of it is left, whoever was first', async () => {
    const parent = await activeAccess()
    const id = await extend(parent)
    await Promise.all([
      codeOf(approve(id)),
      returnAccess(world.ports, await input('alice', parent)),
    ])
    expect((await world.request(id)).status).toBe('cancelled')
    const open = await world.db
      .selectFrom('access_grant')
      .select('grant_id')
      .where('request_id', '=', id)
      .where('over_at', 'is', null)
      .execute()
    expect(open).toEqual([])
  })
})

describe('an approval of an extension fails it', () => {
  test('when extensions were switched off since', async () => {
    const id = await extend(await activeAccess())
    await world.settings({ extensionAllowed: false })
    expect(await codeOf(approve(id))).toBe('no_longer_eligible')
    expect((await world.request(id)).failure?.code).toBe('extension_not_allowed')
  })

  test('when the chain may no longer be so long', async () => {
    const id = await extend(await activeAccess(120), { durationMinutes: 90 })
    await world.settings({ extensionChainFactor: 1 })
    expect(await codeOf(approve(id))).toBe('no_longer_eligible')
    expect((await world.request(id)).failure?.code).toBe('chain_too_long')
  })
})

test('a second extension of one grant cannot be stored, whatever the program believes', async () => {
  const parent = await activeAccess()
  await approve(await extend(parent))
  const { grant } = await world.request(parent)
  const other = await world.submit('alice')
  await approve(other)
  const stored = world.db
    .updateTable('access_grant')
    .set({ extends_grant_id: grant?.grantId ?? null })
    .where('request_id', '=', other)
    .execute()
  await expect(stored).rejects.toMatchObject({ constraint: 'one_extension_a_grant' })
})
