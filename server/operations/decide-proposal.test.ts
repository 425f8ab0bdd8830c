import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ApproverPolicyBody, EligibilityPolicyBody } from '#contract/policy.ts'
import type { SettingsPatch } from '#contract/settings.ts'
import { createWorld, groups, type PersonName, people, type World } from '#test/factory.ts'
import {
  createApproverPolicy,
  createEligibilityPolicy,
  deleteEligibilityPolicy,
  updateEligibilityPolicy,
} from '#test/save-policies.ts'
import { changeSettings, readSettings } from './change-settings.ts'
import { acceptProposal, dropProposal } from './decide-proposal.ts'
import { eligibilityKind } from './policy-kinds.ts'
import { expireProposals } from './propose-change.ts'
import { readPolicy } from './read-policies.ts'
import { readProposal, readProposals } from './read-proposals.ts'

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

const body = (change: object = {}) =>
  EligibilityPolicyBody.parse({
    subject: { type: 'group', id: groups.users },
    targets: { accounts: [], organizationalUnits: [], root: true },
    permissionSets: ['ReadOnlyAccess'],
    maxDurationMinutes: 60,
    ...change,
  })

const create = async (change: object = {}, name: PersonName = 'ada') =>
  createEligibilityPolicy(world.ports, { actor: await world.actor(name), body: body(change) })
const update = async (id: string, version: number, change: object, confirmEnding?: number) =>
  updateEligibilityPolicy(world.ports, {
    actor: await world.actor('ada'),
    ...{ id, version, body: body(change), confirmEnding },
  })
const patch = async (change: SettingsPatch, name: PersonName = 'ada') =>
  changeSettings(world.ports, { actor: await world.actor(name), patch: change, version: null })
const accept = async (id: string, name: PersonName = 'dan', more: object = {}) =>
  acceptProposal(world.ports, { actor: await world.actor(name), id, ...more })
const drop = async (action: 'refuse' | 'withdraw', id: string, name: PersonName) =>
  dropProposal(world.ports, action, { actor: await world.actor(name), id })
const read = async (id: string) => readProposal(world.ports, await world.actor('dan'), id)

async function proposed(changing: Promise<{ kind: string; proposalId?: string }>) {
  const { proposalId } = await changing
  if (proposalId === undefined) throw new Error('It was written, and not proposed')
  return proposalId
}

/** Before the setting is on, so that there is something to widen. */
async function policyAndSecondAdmin(change: object = {}): Promise<string> {
  const made = await create(change)
  if (made.kind !== 'saved') throw new Error('It was proposed')
  await patch({ secondAdmin: true })
  return made.id
}

describe('with a second administrator demanded', () => {
  test('a change that widens is not made, but kept whole until somebody says yes', async () => {
    const id = await policyAndSecondAdmin()
    const proposalId = await proposed(update(id, 1, { maxDurationMinutes: 90, note: 'longer' }))
    expect(await readPolicy(world.ports, eligibilityKind, id)).toMatchObject({
      version: 1,
      maxDurationMinutes: 60,
    })
    expect(await read(proposalId)).toMatchObject({
      status: 'waiting',
      object: { type: 'eligibility-policy', id, version: 1 },
      verb: 'update',
      subject: { type: 'group', name: 'TEAM users' },
      changed: ['maxDurationMinutes', 'note'],
      widens: ['longer'],
      proposedBy: { userId: people.ada },
      differences: [
        { field: 'maxDurationMinutes', before: 60, after: 90, widens: true },
        { field: 'note', before: '', after: 'longer', widens: false },
      ],
      actions: [
        { name: 'accept', allowed: true },
        { name: 'refuse', allowed: true },
      ],
    })
    expect(world.bulletins.at(-1)).toEqual({ event: 'change_proposed', facts: { proposalId } })
    await accept(proposalId)
    expect(await readPolicy(world.ports, eligibilityKind, id)).toMatchObject({
      version: 2,
      maxDurationMinutes: 90,
      note: 'longer',
      updatedBy: { userId: people.ada },
    })
    const [, changed] = await world.events(id)
    expect(changed).toMatchObject({
      action: 'eligibility-policy.update',
      payload: { widens: ['longer'], acceptedBy: { userId: people.dan }, proposalId },
    })
    expect((await world.events(proposalId)).map(({ action }) => action)).toEqual([
      'proposal.propose',
      'proposal.accept',
    ])
    expect(world.bulletins.at(-1)).toMatchObject({
      event: 'rules_changed',
      facts: {
        widens: ['longer'],
        by: 'ada@example.com',
        acceptedBy: 'dan@example.com',
      },
    })
  })

  test('a change that narrows is made at once', async () => {
    const id = await policyAndSecondAdmin()
    expect(await update(id, 1, { maxDurationMinutes: 30 })).toMatchObject({ kind: 'saved' })
    expect(await patch({ maxDurationMinutes: 60, banner: 'x' })).toEqual({ kind: 'saved' })
  })

  const widening: [string, (id: string) => Promise<{ kind: string }>][] = [
    ['a new policy', () => create()],
    [
      'narrowing and widening in one',
      (id) => update(id, 1, { maxDurationMinutes: 1, breakGlass: true }),
    ],
    [
      'an approver policy',
      async () =>
        createApproverPolicy(world.ports, {
          actor: await world.actor('ada'),
          body: ApproverPolicyBody.parse({
            targets: { accounts: [], organizationalUnits: [], root: true },
            approverGroups: [groups.approvers],
          }),
        }),
    ],
    [
      'the deletion of a policy that demands approval',
      async (id) =>
        deleteEligibilityPolicy(world.ports, { actor: await world.actor('ada'), id, version: 1 }),
    ],
    ['a longer maximum', () => patch({ maxDurationMinutes: 600 })],
    ['a longer chain', () => patch({ extensionChainFactor: 3 })],
    ['approval switched off', () => patch({ approvalRequired: false })],
    ['another auditor group', () => patch({ auditorGroupId: groups.users })],
    ['turning it off alone', () => patch({ secondAdmin: false })],
    [
      'turning it off beside a narrowing',
      () => patch({ secondAdmin: false, maxDurationMinutes: 5 }),
    ],
  ]
  test.each(widening)('%s is proposed, and changes nothing', async (_, change) => {
    const id = await policyAndSecondAdmin()
    const before = [await world.rules.load(world.db), await readSettings(world.ports)]
    expect(await change(id)).toMatchObject({ kind: 'proposed' })
    expect([await world.rules.load(world.db), await readSettings(world.ports)]).toEqual(before)
  })

  test('a policy made disabled opens nothing by being enabled later', async () => {
    await patch({ secondAdmin: true })
    const made = await create({ enabled: false })
    if (made.kind !== 'saved') throw new Error('It was proposed')
    expect(await update(made.id, 1, { enabled: true })).toMatchObject({ kind: 'proposed' })
  })

  test('it can be turned off by two', async () => {
    await patch({ secondAdmin: true })
    await accept(await proposed(patch({ secondAdmin: false })))
    expect((await readSettings(world.ports)).secondAdmin).toBe(false)
    expect(await patch({ maxDurationMinutes: 600 })).toEqual({ kind: 'saved' })
  })

  test('it cannot be turned on by the only administrator', async () => {
    await world.db.deleteFrom('directory_membership').where('user_id', '=', people.dan).execute()
    await expect(patch({ secondAdmin: true })).rejects.toMatchObject({
      code: 'too_few_administrators',
    })
  })
})

describe('a proposal is not accepted', () => {
  let proposalId: string
  let policyId: string
  beforeEach(async () => {
    policyId = await policyAndSecondAdmin()
    proposalId = await proposed(update(policyId, 1, { maxDurationMinutes: 90 }))
  })
  afterEach(async () => {
    const policy = await readPolicy(world.ports, eligibilityKind, policyId)
    expect(policy.maxDurationMinutes).not.toBe(90)
  })

  test('by its own author, who may only withdraw it', async () => {
    await expect(accept(proposalId, 'ada')).rejects.toMatchObject({ code: 'own_proposal' })
    await expect(drop('refuse', proposalId, 'ada')).rejects.toMatchObject({ code: 'own_proposal' })
    await drop('withdraw', proposalId, 'ada')
    expect(await read(proposalId)).toMatchObject({ status: 'withdrawn', actions: [] })
    await expect(accept(proposalId)).rejects.toMatchObject({
      code: 'already_decided',
      status: 409,
      params: { status: 'withdrawn', byName: 'ada@example.com' },
    })
  })

  test('by a program, whatever it may change', async () => {
    const actor = await world.actor('dan')
    const token = { id: 't', name: 'n', kind: 'service' as const, scopes: new Set(['*']) }
    await expect(
      acceptProposal(world.ports, { actor: { ...actor, token }, id: proposalId }),
    ).rejects.toMatchObject({ code: 'not_allowed', status: 403 })
  })

  test('by somebody who is no administrator, nor taken back by another', async () => {
    await expect(accept(proposalId, 'audrey')).rejects.toMatchObject({ code: 'not_allowed' })
    await expect(drop('withdraw', proposalId, 'dan')).rejects.toMatchObject({ code: 'not_allowed' })
  })

  test('once its policy has been changed: it is void, and that is said', async () => {
    await update(policyId, 1, { maxDurationMinutes: 30 })
    expect(await read(proposalId)).toMatchObject({ status: 'void', voidReason: 'changed' })
    await expect(accept(proposalId)).rejects.toMatchObject({
      code: 'version_conflict',
      status: 409,
    })
  })

  test('after its author lost the role, as AWS says when asked', async () => {
    world.aws.takeOut('ada', 'admins')
    world.pass(120)
    await expect(accept(proposalId)).rejects.toMatchObject({ code: 'author_not_administrator' })
    expect(world.aws.reads).toContain(people.ada)
  })

  test('after its author or its accepter was disabled', async () => {
    const dan = await world.actor('dan')
    world.aws.disable('dan')
    world.pass(120)
    await expect(acceptProposal(world.ports, { actor: dan, id: proposalId })).rejects.toMatchObject(
      { code: 'not_allowed' },
    )
  })

  test('while AWS does not answer', async () => {
    world.pass(120)
    world.aws.answers = false
    await expect(accept(proposalId)).rejects.toMatchObject({ code: 'unconfirmed_with_aws' })
    expect(await read(proposalId)).toMatchObject({ status: 'waiting' })
    world.aws.answers = true
    await drop('refuse', proposalId, 'dan')
  })

  test('after seven days: it is void, before the timer says so and after', async () => {
    world.pass(7 * 24 * 3600)
    expect(await read(proposalId)).toMatchObject({ status: 'void', voidReason: 'expired' })
    await expect(accept(proposalId)).rejects.toMatchObject({ code: 'proposal_expired' })
    expect(await expireProposals(world.db, world.clock.now())).toBe(1)
    expect(await expireProposals(world.db, world.clock.now())).toBe(0)
    expect((await world.events(proposalId)).at(-1)).toMatchObject({
      action: 'proposal.void',
      payload: { reason: 'expired' },
    })
    await expect(accept(proposalId)).rejects.toMatchObject({ code: 'proposal_expired' })
  })

  test('if what it says is refused by now, and it goes on waiting', async () => {
    await patch({ ticketRequiredForPolicies: true })
    await expect(accept(proposalId)).rejects.toMatchObject({ code: 'ticket_required' })
    expect(await read(proposalId)).toMatchObject({ status: 'waiting' })
  })
})

describe('two at once', () => {
  test('accept it once', async () => {
    const id = await policyAndSecondAdmin()
    const proposalId = await proposed(update(id, 1, { maxDurationMinutes: 90 }))
    const results = await Promise.allSettled([accept(proposalId), accept(proposalId)])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'already_decided' },
    })
    expect((await readPolicy(world.ports, eligibilityKind, id)).version).toBe(2)
  })

  test('accept and withdraw it: one of them', async () => {
    const id = await policyAndSecondAdmin()
    const proposalId = await proposed(update(id, 1, { maxDurationMinutes: 90 }))
    const [accepted, withdrawn] = await Promise.allSettled([
      accept(proposalId),
      drop('withdraw', proposalId, 'ada'),
    ])
    const { status } = await read(proposalId)
    const { maxDurationMinutes } = await readPolicy(world.ports, eligibilityKind, id)
    const outcome = [accepted.status, withdrawn.status, status, maxDurationMinutes]
    expect([
      ['fulfilled', 'rejected', 'accepted', 90],
      ['rejected', 'fulfilled', 'withdrawn', 60],
    ]).toContainEqual(outcome)
  })

  test('of two proposals for one policy the first accepted voids the other', async () => {
    const id = await policyAndSecondAdmin()
    const first = await proposed(update(id, 1, { maxDurationMinutes: 90 }))
    const second = await proposed(update(id, 1, { breakGlass: true }))
    await accept(first)
    await expect(accept(second)).rejects.toMatchObject({ code: 'version_conflict', status: 409 })
  })
})

test('the list is read in pages, newest first, by status', async () => {
  await patch({ secondAdmin: true })
  const made: string[] = []
  for (let i = 0; i < 5; i += 1) {
    made.push(await proposed(create({ maxDurationMinutes: 10 + i })))
    world.pass(1)
  }
  await drop('refuse', made[0]!, 'dan')
  const actor = await world.actor('audrey')
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await readProposals(world.ports, actor, { status: 'waiting', limit: 2, cursor })
    seen.push(...page.items.map(({ id }) => id))
    expect(page.items.flatMap(({ actions }) => actions)).toEqual([])
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  expect(seen).toEqual(made.slice(1).toReversed())
  const all = await readProposals(world.ports, actor, { limit: 50 })
  expect(all.items.map(({ status }) => status)).toEqual([...Array(4).fill('waiting'), 'refused'])
})

describe('a policy that gives live access', () => {
  async function liveGrant() {
    await world.approval()
    const made = await create({ approvalRequired: false, maxDurationMinutes: 120 })
    if (made.kind !== 'saved') throw new Error('It was proposed')
    const requestId = await world.submit('alice', { durationMinutes: 30 })
    await world.activate(requestId)
    return { id: made.id, requestId }
  }

  test('is not changed so that it ends, until the number is confirmed', async () => {
    const { id, requestId } = await liveGrant()
    const gone = { permissionSets: ['Billing'] }
    const refused = await update(id, 1, gone).catch((error: unknown) => error)
    expect(refused).toMatchObject({
      code: 'ends_live_grants',
      status: 409,
      params: { count: 1, grants: [{ requestId, userName: 'alice@example.com' }] },
    })
    await expect(update(id, 1, gone, 2)).rejects.toMatchObject({ code: 'ends_live_grants' })
    await expect(update(id, 1, gone, 0)).rejects.toMatchObject({ code: 'ends_live_grants' })
    expect(await update(id, 1, gone, 1)).toMatchObject({ kind: 'saved' })
  })

  test('is not disabled or deleted without that either', async () => {
    const { id } = await liveGrant()
    await expect(update(id, 1, { enabled: false })).rejects.toMatchObject({
      code: 'ends_live_grants',
    })
    const actor = await world.actor('ada')
    const named = { actor, id, version: 1 }
    await expect(deleteEligibilityPolicy(world.ports, named)).rejects.toMatchObject({
      code: 'ends_live_grants',
    })
    await deleteEligibilityPolicy(world.ports, { ...named, confirmEnding: 1 })
  })

  test('may be changed in time, approval and ticket, for that ends nothing', async () => {
    const { id } = await liveGrant()
    const stricter = { maxDurationMinutes: 5, approvalRequired: true, ticketRequired: true }
    expect(await update(id, 1, stricter)).toMatchObject({ kind: 'saved' })
  })

  test('may go where another gives the same, or where the setting lets access live on', async () => {
    const { id } = await liveGrant()
    const other = await create({ approvalRequired: false })
    expect(await update(id, 1, { enabled: false })).toMatchObject({ kind: 'saved' })
    await patch({ endOnLostEligibility: false })
    if (other.kind !== 'saved') throw new Error('It was proposed')
    expect(await update(other.id, 1, { enabled: false })).toMatchObject({ kind: 'saved' })
  })

  test('is confirmed by its author when proposed, and by the accepter if there are others', async () => {
    const { id } = await liveGrant()
    await patch({ secondAdmin: true })
    // Somebody else's access, wider, and alice's is over.
    const moved = { subject: { type: 'group', id: groups.approvers } }
    await expect(update(id, 1, moved)).rejects.toMatchObject({ code: 'ends_live_grants' })
    const proposalId = await proposed(update(id, 1, moved, 1))
    const second = await world.submit('erin', { durationMinutes: 30 })
    await world.activate(second)
    await expect(accept(proposalId)).rejects.toMatchObject({
      code: 'ends_live_grants',
      params: { count: 2 },
    })
    await accept(proposalId, 'dan', { confirmEnding: 2 })
    expect(await read(proposalId)).toMatchObject({ status: 'accepted' })
  })
})
