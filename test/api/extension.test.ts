/** Longer access, by those who may have it and by those who should not: over HTTP and the engine. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import type { Person, ProblemBody } from '#test/person.ts'
import { createScene, type Scene, type TargetNamed } from './scene.ts'

let scene: Scene
let admin: Person
let owner: Person
let approver: Person
let stranger: Person
let targets: TargetNamed[]

beforeAll(async () => {
  scene = await createScene()
  const { world } = scene
  admin = await world.person('test-admin')
  owner = await world.person('test-user')
  approver = await world.person('sam.carter')
  stranger = await world.person('priya.raman')
  await scene.eligibility(admin, { maxDurationMinutes: 10 })
  await scene.approval(admin)
  const accounts = ['payments-prod', 'storefront-prod', 'payments-dev', 'storefront-dev']
  const sets = ['AdministratorAccess', 'PowerUserAccess', 'ReadOnlyAccess', 'Billing']
  targets = accounts.flatMap((account) => sets.map((set) => scene.target(account, set)))
})
afterAll(() => scene.close())

const asked = (change: object = {}) => ({ durationMinutes: 5, justification: 'More', ...change })
const extend = (person: Person, { id }: Request, change: object = {}) =>
  person.post<Request & ProblemBody>(`/requests/${id}/extend`, asked(change))
const approve = async ({ id }: Request) => {
  const { status } = await approver.post(`/requests/${id}/approve`)
  expect(status).toBe(200)
}
const isHeld = (target: TargetNamed) => scene.holders(target).length > 0

function nextTarget(): TargetNamed {
  const target = targets.shift()
  if (target === undefined) throw new Error('No targets are left')
  return target
}

/** Access that AWS has confirmed. */
async function activeAccess(minutes = 5): Promise<Request> {
  const request = await scene.ask(owner, nextTarget(), { durationMinutes: minutes })
  await approve(request)
  await scene.world.pass(6)
  const active = await owner.request(request.id)
  expect(active.status).toBe('active')
  return active
}

const callsThatChange = () =>
  scene.world.sandbox.world.state.calls.filter(({ operation }) =>
    /^(Create|Delete)AccountAssignment$/.test(operation),
  ).length

async function passUntil(instant: string | null, seconds = 0): Promise<void> {
  const ms = Date.parse(instant ?? '') - scene.world.now().getTime()
  await scene.world.pass(Math.ceil(ms / 1000) + seconds)
}

test('approved, it goes on without a gap and without a call, and then it ends', async () => {
  const first = await activeAccess()
  const { status, body: second } = await extend(owner, first)
  expect(status).toBe(201)
  expect(second).toMatchObject({
    status: 'pending',
    extends: first.id,
    requestedStartsAt: first.endsAt,
    expiresAt: first.endsAt,
  })
  await approve(second)
  const calls = callsThatChange()
  await passUntil(first.endsAt, -1)
  for (let second = 0; second < 5; second += 1) {
    expect(isHeld(first)).toBe(true)
    await scene.world.pass(1)
  }
  expect(callsThatChange()).toBe(calls)
  expect(await owner.request(first.id)).toMatchObject({
    status: 'ended',
    coveredBy: second.id,
    excessSeconds: 0,
  })
  const live = await owner.request(second.id)
  const endsAt = new Date(Date.parse(first.endsAt ?? '') + 5 * 60_000).toISOString()
  expect(live).toMatchObject({ status: 'active', startsAt: first.endsAt, endsAt })
  await passUntil(endsAt, 15)
  expect(isHeld(first)).toBe(false)
  expect((await owner.request(second.id)).status).toBe('ended')
})

test('undecided, it expires with its parent, and the access ends on time', async () => {
  const first = await activeAccess(2)
  const { body: second } = await extend(owner, first)
  await passUntil(first.endsAt, 15)
  expect(isHeld(first)).toBe(false)
  expect(await owner.request(second.id)).toMatchObject({
    status: 'expired',
    endReason: 'parent_over',
    grantedAt: null,
  })
  const late = await approver.post<ProblemBody>(`/requests/${second.id}/approve`)
  expect(late).toMatchObject({ status: 409, body: { code: 'not_pending' } })
  await scene.world.pass(5)
  expect(isHeld(first)).toBe(false)
})

describe('given back or revoked, nothing comes after it', () => {
  for (const [verb, by, expected] of [
    ['return', () => owner, 'cancelled'],
    ['revoke', () => approver, 'revoked'],
  ] as const) {
    test(`${verb} ends a granted extension too`, async () => {
      const first = await activeAccess()
      const { body: second } = await extend(owner, first)
      await approve(second)
      await by().post(`/requests/${first.id}/${verb}`)
      await scene.world.pass(15)
      expect((await owner.request(second.id)).status).toBe(expected)
      expect(isHeld(first)).toBe(false)
      await passUntil(first.endsAt, 10)
      expect(isHeld(first)).toBe(false)
    })
  }
})

test('never creates anew what somebody removed in AWS meanwhile', async () => {
  const first = await activeAccess(10)
  const { body: second } = await extend(owner, first)
  await approve(second)
  await scene.world.control('DELETE', 'assignments', {
    userName: 'test-user',
    accountId: first.accountId,
    permissionSetArn: first.permissionSetArn,
  })
  await passUntil(first.endsAt, 20)
  expect(await owner.request(first.id)).toMatchObject({ status: 'revoked' })
  expect(await owner.request(second.id)).toMatchObject({
    status: 'failed',
    failure: { code: 'parent_over' },
  })
  expect(isHeld(first)).toBe(false)
})

describe('somebody who should not', () => {
  test('cannot extend what another has, nor learn of it', async () => {
    const first = await activeAccess()
    expect(await extend(stranger, first)).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    })
    expect(await extend(approver, first)).toMatchObject({
      status: 403,
      body: { code: 'not_allowed' },
    })
    expect(await extend(admin, first)).toMatchObject({ status: 403, body: { code: 'not_allowed' } })
    const nothing = { ...first, id: '00000000-0000-4000-8000-000000000001' }
    expect((await extend(owner, nothing)).status).toBe(404)
    expect((await owner.request(first.id)).extendedBy).toBeNull()
  })

  test('cannot approve their own', async () => {
    const self = await scene.world.person('naoko.mori')
    await scene.join('naoko.mori', 'TEAM users')
    await admin.post('/directory/refresh')
    await scene.world.pass(2)
    const request = await scene.ask(self, nextTarget(), { durationMinutes: 5 })
    await approve(request)
    await scene.world.pass(6)
    const { body: longer } = await extend(self, request)
    const own = await self.post<ProblemBody>(`/requests/${longer.id}/approve`)
    expect(own).toMatchObject({ status: 403, body: { code: 'own_request' } })
  })

  test('cannot dodge the longest duration: not in one, not in a chain, not in parallel', async () => {
    const first = await activeAccess(8)
    expect(await extend(owner, first, { durationMinutes: 11 })).toMatchObject({
      status: 422,
      body: { code: 'duration_too_long' },
    })
    const many = await Promise.all(
      Array.from({ length: 5 }, () => extend(owner, first, { durationMinutes: 10 })),
    )
    expect(many.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409, 409])
    const second = many.find(({ status }) => status === 201)?.body as Request
    await approve(second)
    expect(await extend(owner, first)).toMatchObject({ body: { code: 'already_extended' } })
    expect(await extend(owner, second)).toMatchObject({ body: { code: 'not_active_yet' } })
    await passUntil(first.endsAt, 2)
    expect(await extend(owner, second, { durationMinutes: 3 })).toMatchObject({
      status: 422,
      body: { code: 'chain_too_long', params: { leftMinutes: 2, chainMinutesMax: 20 } },
    })
    expect(await extend(owner, second, { durationMinutes: 2 })).toMatchObject({ status: 201 })
  })

  test('cannot send along what the server decides', async () => {
    const first = await activeAccess()
    for (const field of [
      { breakGlass: true },
      { startsAt: '2026-12-24T00:00:00.000Z' },
      { extends: first.id },
      { targets: [scene.target('payments-prod', 'AdministratorAccess')] },
      { status: 'scheduled' },
      { durationMinutes: 0 },
      { durationMinutes: -5 },
      { durationMinutes: 1.5 },
    ]) {
      const answer = await extend(owner, first, field)
      expect(answer).toMatchObject({ status: 400, body: { code: 'malformed' } })
    }
    expect((await owner.request(first.id)).extendedBy).toBeNull()
  })
})

test('sent twice under one idempotency key, it is one extension', async () => {
  const first = await activeAccess()
  const send = (change: object = {}) =>
    owner.call<Request & ProblemBody>('POST', `/requests/${first.id}/extend`, asked(change), {
      'idempotency-key': 'longer-please',
    })
  const once = await send()
  const again = await send()
  expect(again).toMatchObject({ status: 201, body: { id: once.body.id } })
  expect(await send({ durationMinutes: 6 })).toMatchObject({
    status: 422,
    body: { code: 'idempotency_key_reused' },
  })
})

test('eligibility lost since fails it when somebody approves', async () => {
  const first = await activeAccess()
  const { body: second } = await extend(owner, first)
  const all = await admin.get<{ items: { id: string }[] }>('/eligibility-policies')
  for (const policy of all.body.items)
    await scene.dropPolicy(admin, 'eligibility-policies', policy.id)
  const answer = await approver.post<ProblemBody>(`/requests/${second.id}/approve`)
  expect(answer).toMatchObject({ status: 409, body: { code: 'no_longer_eligible' } })
  expect(await owner.request(second.id)).toMatchObject({
    status: 'failed',
    failure: { code: 'not_eligible' },
  })
  await scene.eligibility(admin, { maxDurationMinutes: 10 })
})
