import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EligibilityPolicyBody } from '#contract/policy.ts'
import { change } from '#server/store/change.ts'
import {
  createWorld,
  groups,
  type PersonName,
  people,
  plainSubmission,
  type World,
} from '#test/factory.ts'
import { createEligibilityPolicy, updateEligibilityPolicy } from '#test/save-policies.ts'
import { saved } from '#test/saved.ts'
import { changeSettings } from './change-settings.ts'
import { createCheckActivation } from './check-activation.ts'
import { acceptProposal } from './decide-proposal.ts'
import { previewRequest } from './preview-request.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
  await world.db
    .insertInto('directory_membership')
    .values({ group_id: groups.admins, user_id: people.dan })
    .execute()
  await world.db.updateTable('directory_version').set({ version: sql`version + 1` }).execute()
})
afterEach(() => world.close())

const days = (count: number) => count * 24 * 3600

const body = (part: object = {}) =>
  EligibilityPolicyBody.parse({
    subject: { type: 'group', id: groups.admins },
    targets: { accounts: [], organizationalUnits: [], root: true },
    permissionSets: ['ReadOnlyAccess'],
    maxDurationMinutes: 60,
    approvalRequired: false,
    ...part,
  })
const create = async (name: PersonName, part: object = {}) =>
  saved(createEligibilityPolicy(world.ports, { actor: await world.actor(name), body: body(part) }))
const statusOf = async (name: PersonName, part: object = {}) =>
  (await world.request(await world.submit(name, part))).status
const preview = async (name: PersonName) => {
  const actor = await world.actor(name)
  const { targets } = await previewRequest(world.ports, actor, plainSubmission)
  return targets[0]
}

describe('who made a policy for themselves', () => {
  beforeEach(async () => {
    await create('ada')
  })

  test('needs another’s approval for 30 days, whatever it says, and no day longer', async () => {
    await world.approval()
    expect(await preview('ada')).toMatchObject({
      allowed: true,
      approvalRequired: true,
      explanation: { ownWidening: true },
    })
    const id = await world.submit('ada')
    expect(await world.request(id)).toMatchObject({ status: 'pending', approvalsRequired: 1 })
    const [event] = await world.events(id)
    expect(event?.payload).toMatchObject({
      explanation: { won: { approvalRequired: { value: true, otherwise: 'own_widening' } } },
    })
    world.pass(days(30) - 1)
    expect(await preview('ada')).toMatchObject({ approvalRequired: true })
    world.pass(1)
    expect(await preview('ada')).toMatchObject({
      approvalRequired: false,
      explanation: { ownWidening: false },
    })
    expect(await statusOf('ada')).toBe('scheduled')
  })

  test('is not let through where nobody else could approve', async () => {
    await expect(world.submit('ada')).rejects.toMatchObject({ code: 'too_few_approvers' })
    expect(await preview('ada')).toMatchObject({ allowed: false, code: 'too_few_approvers' })
  })

  test('gives others by it what it says', async () => {
    expect(await statusOf('dan')).toBe('scheduled')
  })

  test('needs none where another administrator gave the same', async () => {
    await create('dan', { subject: { type: 'user', id: people.ada } })
    expect(await statusOf('ada')).toBe('scheduled')
  })
})

test('break-glass by one’s own policy is refused, and says why', async () => {
  await world.approval()
  await create('ada', { breakGlass: true })
  await expect(world.submit('ada', { breakGlass: true })).rejects.toMatchObject({
    code: 'break_glass_not_allowed',
    params: { reason: 'own_widening' },
  })
  expect(await statusOf('dan', { breakGlass: true })).toBe('scheduled')
})

test('a setting that its changer profits from counts, until turned on again or thirty days on', async () => {
  await world.approval()
  await create('dan', { approvalRequired: true })
  const actor = await world.actor('ada')
  await changeSettings(world.ports, { actor, patch: { approvalRequired: false }, version: null })
  expect(await preview('ada')).toMatchObject({ approvalRequired: true })
  // Dan made the policy, so his own request is by his own hand, too.
  expect(await preview('dan')).toMatchObject({ approvalRequired: true })
  world.pass(days(30))
  expect(await preview('ada')).toMatchObject({ approvalRequired: false })
})

test('turning a second administrator on afterwards does not wipe it out', async () => {
  await create('ada')
  const actor = await world.actor('ada')
  await changeSettings(world.ports, { actor, patch: { secondAdmin: true }, version: null })
  await expect(world.submit('ada')).rejects.toMatchObject({ code: 'too_few_approvers' })
})

test('what another administrator accepted is nobody’s own', async () => {
  const actor = await world.actor('ada')
  await changeSettings(world.ports, { actor, patch: { secondAdmin: true }, version: null })
  const made = await createEligibilityPolicy(world.ports, { actor, body: body() })
  if (made.kind !== 'proposed') throw new Error('It was written')
  await acceptProposal(world.ports, { actor: await world.actor('dan'), id: made.proposalId })
  expect(await statusOf('ada')).toBe('scheduled')
  expect(await preview('dan')).toMatchObject({ approvalRequired: false })
})

test('who widens after asking is found out before access is given', async () => {
  await create('dan', { maxDurationMinutes: 60, approvalRequired: true })
  await world.approval()
  const actor = await world.actor('ada')
  await changeSettings(world.ports, { actor, patch: { approvalRequired: false }, version: null })
  world.pass(days(31))
  const id = await world.submit('ada', { startsAt: new Date(world.clock.now().getTime() + 1e8) })
  expect((await world.request(id)).status).toBe('scheduled')
  const check = createCheckActivation(world.rules)
  const activation = () =>
    change(world.db, world.clock.now(), (c) => check(c.tx, id, world.clock.now()))
  expect(await activation()).toBeNull()
  await changeSettings(world.ports, { actor, patch: { approvalRequired: true }, version: null })
  await changeSettings(world.ports, { actor, patch: { approvalRequired: false }, version: null })
  expect(await activation()).toMatchObject({ code: 'approvals_no_longer_suffice' })
})

test('a longer time of one’s own hand is only so long for others', async () => {
  await world.approval()
  const id = await create('dan')
  await updateEligibilityPolicy(world.ports, {
    ...{ actor: await world.actor('ada'), id, version: 1 },
    body: body({ maxDurationMinutes: 240 }),
  })
  expect(await statusOf('ada', { durationMinutes: 60 })).toBe('scheduled')
  expect(await statusOf('ada', { durationMinutes: 61 })).toBe('pending')
})
