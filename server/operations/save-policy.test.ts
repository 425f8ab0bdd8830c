import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ApproverPolicyBody, EligibilityPolicyBody } from '#contract/policy.ts'
import {
  accounts,
  createWorld,
  groups,
  ous,
  people,
  permissionSets,
  type World,
} from '#test/factory.ts'
import {
  createApproverPolicy,
  createEligibilityPolicy,
  deleteEligibilityPolicy,
  updateEligibilityPolicy,
} from '#test/save-policies.ts'
import { saved } from '#test/saved.ts'
import { approverKind, eligibilityKind } from './policy-kinds.ts'
import { listPolicies, readPolicy, readPolicyHistory } from './read-policies.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.close())

const body = (change: object = {}) =>
  EligibilityPolicyBody.parse({
    subject: { type: 'group', id: groups.users },
    targets: {
      accounts: [accounts.prod],
      organizationalUnits: [{ id: ous.dev, scope: 'children' }],
      root: false,
    },
    permissionSets: ['ReadOnly*', permissionSets.admin],
    maxDurationMinutes: 60,
    note: '本番の読み取り',
    ...change,
  })

const approverBody = (change: object = {}) =>
  ApproverPolicyBody.parse({
    targets: { accounts: [], organizationalUnits: [], root: true },
    approverGroups: [groups.approvers],
    ...change,
  })

const create = async (change: object = {}) =>
  saved(
    createEligibilityPolicy(world.ports, { actor: await world.actor('ada'), body: body(change) }),
  )
const update = async (id: string, version: number, change: object) =>
  updateEligibilityPolicy(world.ports, {
    actor: await world.actor('ada'),
    id,
    version,
    body: body(change),
  })

describe('a policy', () => {
  test('is read back as it was written, with names and who wrote it', async () => {
    const id = await create()
    expect(await readPolicy(world.ports, eligibilityKind, id)).toMatchObject({
      id,
      version: 1,
      subject: { type: 'group', id: groups.users, name: 'TEAM users' },
      targets: { accounts: [accounts.prod], organizationalUnits: [{ id: ous.dev }] },
      approvalRequired: true,
      ticket: null,
      note: '本番の読み取り',
      // There is no approver policy yet.
      warnings: [{ code: 'too_few_approvers', params: { targets: 4 } }],
      updatedBy: { userId: people.ada, userName: 'ada@example.com' },
    })
  })

  test('takes effect with the next decision', async () => {
    await createApproverPolicy(world.ports, {
      actor: await world.actor('ada'),
      body: approverBody(),
    })
    await expect(world.submit('alice')).rejects.toMatchObject({ code: 'not_eligible' })
    const id = await create()
    await world.submit('alice')
    await update(id, 1, { enabled: false })
    await expect(world.submit('erin')).rejects.toMatchObject({ code: 'not_eligible' })
  })

  test('makes its approvers approvers at once', async () => {
    expect((await world.actor('dan')).roles).toEqual(new Set(['requester']))
    const input = { actor: await world.actor('ada'), body: approverBody() }
    await createApproverPolicy(world.ports, {
      ...input,
      body: approverBody({ approverGroups: [groups.seconds] }),
    })
    expect((await world.actor('dan')).roles).toEqual(new Set(['requester', 'approver']))
  })

  test('keeps every version, and after it is deleted too', async () => {
    const id = await create()
    await update(id, 1, { maxDurationMinutes: 90 })
    await deleteEligibilityPolicy(world.ports, {
      actor: await world.actor('ada'),
      id,
      version: 2,
    })
    const { items } = await readPolicyHistory(world.ports, eligibilityKind, id)
    expect(items.map(({ version, body: kept }) => [version, kept?.maxDurationMinutes])).toEqual([
      [3, undefined],
      [2, 90],
      [1, 60],
    ])
    await expect(readPolicy(world.ports, eligibilityKind, id)).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  test('tells the trail before and after, and whether it widens', async () => {
    const id = await create()
    await update(id, 1, { maxDurationMinutes: 90, approvalRequired: false })
    const events = await world.events(id)
    expect(events.map(({ action }) => action)).toEqual([
      'eligibility-policy.create',
      'eligibility-policy.update',
    ])
    expect(events[1]?.payload).toMatchObject({
      before: { maxDurationMinutes: 60 },
      after: { maxDurationMinutes: 90 },
      changed: ['approvalRequired', 'maxDurationMinutes'],
      widens: ['longer', 'approval_lowered'],
    })
  })

  test('that does not change is not written', async () => {
    const id = await create()
    await update(id, 1, {})
    expect((await readPolicy(world.ports, eligibilityKind, id)).version).toBe(1)
    expect(await world.events(id)).toHaveLength(1)
  })
})

describe('a policy is refused', () => {
  const cases: [string, object, string, string][] = [
    [
      'that names an account the directory does not know',
      { targets: { accounts: ['999999999999'], organizationalUnits: [], root: false } },
      'unknown_id',
      'targets.accounts.0',
    ],
    [
      'that names an unknown OU',
      {
        targets: {
          accounts: [],
          organizationalUnits: [{ id: 'ou-test-unknown1', scope: 'subtree' }],
          root: false,
        },
      },
      'unknown_id',
      'targets.organizationalUnits.0.id',
    ],
    [
      'for a group that there is not',
      { subject: { type: 'group', id: people.alice } },
      'unknown_id',
      'subject.id',
    ],
    [
      'with an unknown permission set',
      { permissionSets: ['Read*', permissionSets.admin.replace(/2$/, '9')] },
      'unknown_id',
      'permissionSets.1',
    ],
    [
      'that reaches nothing',
      { targets: { accounts: [], organizationalUnits: [], root: false } },
      'targets_empty',
      'targets',
    ],
    [
      'with one thing twice',
      { permissionSets: ['Read*', 'Read*'] },
      'duplicate',
      'permissionSets.1',
    ],
    ['with a broken note', { note: 'a\u0000b' }, 'text_malformed', 'note'],
  ]
  for (const [what, change, code, field] of cases) {
    test(what, async () => {
      await expect(create(change)).rejects.toMatchObject({ code, errors: [{ field, code }] })
      expect(await world.events()).toEqual([])
    })
  }

  test('without a ticket where the settings demand one of policies', async () => {
    await world.settings({ ticketRequiredForPolicies: true, ticketPattern: 'CHG-[0-9]+' })
    await expect(create()).rejects.toMatchObject({ code: 'ticket_required' })
    await expect(create({ ticket: 'CHG-x' })).rejects.toMatchObject({ code: 'ticket_malformed' })
    await create({ ticket: 'CHG-7' })
  })

  test('if somebody else changed it in the meantime, or it is gone', async () => {
    const id = await create()
    await update(id, 1, { maxDurationMinutes: 90 })
    await expect(update(id, 1, { maxDurationMinutes: 30 })).rejects.toMatchObject({
      code: 'version_conflict',
      params: { version: 2 },
    })
    const unknown = '00000000-0000-4000-8000-00000000dead'
    await expect(update(unknown, 1, {})).rejects.toMatchObject({ code: 'not_found' })
  })

  test('by one of two who save the same version in one second', async () => {
    const id = await create()
    const results = await Promise.allSettled([
      update(id, 1, { maxDurationMinutes: 10 }),
      update(id, 1, { maxDurationMinutes: 20 }),
    ])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect((await readPolicy(world.ports, eligibilityKind, id)).version).toBe(2)
  })
})

test('a policy that names something deleted since is flagged, matches nothing by it, and can still be changed', async () => {
  const id = await create()
  await world.db
    .updateTable('directory_account')
    .set({ gone_at: world.clock.now() })
    .where('account_id', '=', accounts.prod)
    .execute()
  await world.db.updateTable('directory_version').set({ version: 7 }).execute()
  const { warnings } = await readPolicy(world.ports, eligibilityKind, id)
  expect(warnings).toMatchObject([
    { code: 'account_deleted', params: { accountId: accounts.prod }, field: 'targets.accounts.0' },
    { code: 'too_few_approvers', params: { targets: 2 } },
  ])
  await expect(world.submit('alice')).rejects.toMatchObject({ code: 'not_eligible' })
  await update(id, 1, { maxDurationMinutes: 45 })
})

test('an approver policy warns of a group that is empty and of a quorum out of reach', async () => {
  await createApproverPolicy(world.ports, {
    actor: await world.actor('ada'),
    body: approverBody({ approvalsRequired: 3 }),
  })
  const { items } = await listPolicies(world.ports, approverKind, { limit: 10 })
  expect(items[0]?.warnings).toMatchObject([
    { code: 'quorum_out_of_reach', params: { needed: 3, available: 2 } },
    { code: 'too_few_approvers', params: { targets: 6 } },
  ])
})

test('pages of policies show each once, newest first', async () => {
  const made: string[] = []
  for (let i = 0; i < 7; i += 1) {
    made.push(await create({ maxDurationMinutes: 10 + i }))
    if (i % 2 === 0) world.pass(1)
  }
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await listPolicies(world.ports, eligibilityKind, { limit: 3, cursor })
    seen.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  expect(seen.toSorted()).toEqual(made.toSorted())
  expect(seen.at(-1)).toBe(made[0])
  await expect(
    listPolicies(world.ports, eligibilityKind, { limit: 3, cursor: 'nonsense' }),
  ).rejects.toMatchObject({ code: 'malformed' })
})
