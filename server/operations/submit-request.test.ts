import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SubmissionId } from '#core/ids.ts'
import type { Submission } from '#core/submission.ts'
import {
  accounts,
  createWorld,
  devReadOnly,
  groups,
  ous,
  people,
  permissionSets,
  plainSubmission,
  prodAdmin,
  prodReadOnly,
  type World,
} from '#test/factory.ts'
import { submitRequest } from './submit-request.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.close())

async function usualPolicies() {
  await world.eligibility()
  await world.approval()
}

async function outcome(submission: Partial<Submission>, name: 'alice' | 'mallory' = 'alice') {
  try {
    await world.submit(name, submission)
    return 'made'
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}

describe('a submission', () => {
  test('becomes a pending request that says what was decided and on what grounds', async () => {
    await usualPolicies()
    const id = await world.submit('alice', { ticket: ' １２-障害 ' })
    const request = await world.request(id)
    expect(request).toMatchObject({
      status: 'pending',
      version: 1,
      requester: { userId: people.alice, userName: 'alice@example.com' },
      accountName: 'Prod payments',
      permissionSetName: 'ReadOnlyAccess',
      ticket: '１２-障害',
      approvalsRequired: 1,
      grant: null,
    })
    expect(request.expiresAt.getTime() - request.createdAt.getTime()).toBe(180 * 60_000)
    const [event] = await world.events(id)
    expect(event).toMatchObject({ action: 'request.submit', payload: { status: 'pending' } })
    expect(event?.payload.explanation).toMatchObject({ failed: null })
    expect(world.told).toEqual([{ event: 'requested', requestId: id }])
  })

  test('of several targets makes one request each, tied by the submission', async () => {
    await usualPolicies()
    const { submissionId, requestIds } = await submitRequest(world.ports, {
      actor: await world.actor('alice'),
      submission: { ...plainSubmission, targets: [prodReadOnly, devReadOnly] },
    })
    const made = await Promise.all(requestIds.map((id) => world.request(id)))
    expect(made.map((one) => one.submissionId)).toEqual([submissionId, submissionId])
    expect(made.map((one) => one.target)).toEqual([prodReadOnly, devReadOnly])
  })

  test('makes nothing at all if one of its targets is refused', async () => {
    await usualPolicies()
    expect(await outcome({ targets: [prodReadOnly, prodAdmin] })).toBe('not_eligible')
    const rows = await world.db.selectFrom('request').selectAll().execute()
    expect(rows).toEqual([])
    expect(world.told).toEqual([])
  })

  test('that nobody needs to approve is granted in the same transaction', async () => {
    await world.eligibility({ approvalRequired: false })
    const id = await world.submit('alice')
    const { status, grant } = await world.request(id)
    expect(status).toBe('scheduled')
    expect(grant).toMatchObject({ immediate: true, dueAt: world.clock.now() })
    const key = await world.db.selectFrom('ledger_key').selectAll().executeTakeFirstOrThrow()
    expect(key).toMatchObject({ user_id: people.alice, held: false, next_at: world.clock.now() })
    expect(world.told).toEqual([])
  })

  test('for later keeps its start; one in the past is for now', async () => {
    await world.eligibility({ approvalRequired: false })
    const later = new Date(world.clock.now().getTime() + 3_600_000)
    const earlier = new Date(world.clock.now().getTime() - 3_600_000)
    const a = await world.request(await world.submit('alice', { startsAt: later }))
    const b = await world.request(
      await world.submit('alice', { startsAt: earlier, targets: [devReadOnly] }),
    )
    expect(a.grant).toMatchObject({ immediate: false, dueAt: later })
    expect(b.requestedStartsAt).toBeNull()
    expect(b.grant).toMatchObject({ immediate: true, dueAt: world.clock.now() })
  })

  test('made twice under one id is made once', async () => {
    await usualPolicies()
    const actor = await world.actor('alice')
    const submissionId = '00000000-0000-4000-8000-0000000000ff' as SubmissionId
    const first = await submitRequest(world.ports, {
      actor,
      submission: plainSubmission,
      submissionId,
    })
    const again = await submitRequest(world.ports, {
      actor,
      submission: plainSubmission,
      submissionId,
    })
    expect(again).toEqual(first)
  })
})

describe('a submission is refused', () => {
  const day = 24 * 3_600_000
  const cases: [string, Partial<Submission>, string][] = [
    ['for a permission set that no policy names', { targets: [prodAdmin] }, 'not_eligible'],
    [
      'for an account that the directory does not know',
      { targets: [{ ...prodReadOnly, accountId: '999999999999' as typeof accounts.prod }] },
      'not_eligible',
    ],
    [
      'for the management account',
      { targets: [{ ...prodReadOnly, accountId: accounts.management }] },
      'out_of_reach',
    ],
    [
      'for a suspended account',
      { targets: [{ ...prodReadOnly, accountId: accounts.closed }] },
      'out_of_reach',
    ],
    [
      'for a permission set that is used in the management account',
      { targets: [{ ...prodReadOnly, permissionSetArn: permissionSets.organizations }] },
      'out_of_reach',
    ],
    ['for no target', { targets: [] }, 'targets_empty'],
    ['for 21 targets', { targets: Array(21).fill(prodReadOnly) }, 'too_many_targets'],
    ['that names one target twice', { targets: [prodReadOnly, prodReadOnly] }, 'duplicate_target'],
    ['for longer than the policy allows', { durationMinutes: 121 }, 'duration_too_long'],
    ['for half a minute', { durationMinutes: 0.5 }, 'duration_malformed'],
    [
      'for a start beyond 30 days',
      { startsAt: new Date(Date.parse('2026-11-24T09:00:00Z') + 30 * day + 1) },
      'start_too_far',
    ],
    ['without a justification', { justification: ' 　' }, 'text_malformed'],
    ['with a right-to-left override', { justification: 'all \u202egood' }, 'text_malformed'],
    ['with a ticket of two lines', { ticket: 'A\nB' }, 'text_malformed'],
    [
      'as break-glass, where policies give access only with approval',
      { breakGlass: true },
      'not_eligible',
    ],
  ]
  for (const [what, submission, code] of cases) {
    test(what, async () => {
      await usualPolicies()
      expect(await outcome(submission)).toBe(code)
      expect(await world.events()).toEqual([])
    })
  }

  test('for a person whom no policy names, saying so', async () => {
    await usualPolicies()
    await expect(world.submit('mallory')).rejects.toMatchObject({
      code: 'not_eligible',
      params: { failed: 'subject' },
      errors: [{ field: 'targets.0' }],
    })
  })

  test('if nobody but the requester could approve it', async () => {
    await world.eligibility({ subject: { type: 'user', id: people.dan } })
    await world.approval({ approverGroups: [groups.seconds] })
    await expect(world.submit('dan')).rejects.toMatchObject({ code: 'too_few_approvers' })
  })

  test('if two approvals are needed and only one other person could give one', async () => {
    await usualPolicies()
    await world.approval({ approvalsRequired: 2 })
    // Bob is one of the two approvers himself.
    await expect(world.submit('bob')).rejects.toMatchObject({ code: 'too_few_approvers' })
    expect(await outcome({})).toBe('made')
  })

  test('without a ticket where a policy wants one, and with one that does not fit the pattern', async () => {
    await world.eligibility({ ticketRequired: true })
    await world.approval()
    await world.settings({ ticketPattern: '(INC|障害)-[0-9]+' })
    expect(await outcome({})).toBe('ticket_required')
    expect(await outcome({ ticket: 'INC-' })).toBe('ticket_malformed')
    expect(await outcome({ ticket: '障害-12' })).toBe('made')
  })

  test('while another one for the same key waits, naming it', async () => {
    await usualPolicies()
    const first = await world.submit('alice')
    await expect(world.submit('alice')).rejects.toMatchObject({
      code: 'duplicate_pending',
      params: { requestId: first },
    })
  })

  test('no longer once that other one has expired, even if nobody has noticed yet', async () => {
    await usualPolicies()
    const first = await world.submit('alice')
    world.pass(180 * 60)
    const second = await world.submit('alice')
    expect((await world.request(first)).status).toBe('expired')
    expect((await world.request(second)).status).toBe('pending')
    expect(world.told).toContainEqual({ event: 'expired', requestId: first })
  })

  test('for a person who was disabled in AWS a minute ago', async () => {
    await usualPolicies()
    world.aws.disable('alice')
    world.pass(61)
    expect(await outcome({})).toBe('person_disabled')
  })

  test('while AWS cannot be asked about the person', async () => {
    await usualPolicies()
    world.pass(61)
    world.aws.answers = false
    expect(await outcome({})).toBe('unconfirmed_with_aws')
  })
})

describe('standing access', () => {
  test('is refused if it is direct', async () => {
    await usualPolicies()
    world.aws.assign(prodReadOnly, { userId: people.alice })
    expect(await outcome({})).toBe('already_held')
  })

  test('through a group is no hindrance', async () => {
    await usualPolicies()
    world.aws.assign(prodReadOnly, { groupId: groups.users })
    expect(await outcome({})).toBe('made')
  })

  test('is not what the ledger holds', async () => {
    await world.eligibility({ approvalRequired: false })
    await world.submit('alice')
    await world.db.updateTable('ledger_key').set({ held: true, presence: 'present' }).execute()
    world.pass(61)
    world.aws.assign(prodReadOnly, { userId: people.alice })
    expect(await outcome({})).toBe('made')
  })

  test('is not what TEAM removed less than a minute before the look', async () => {
    await world.eligibility({ approvalRequired: false })
    await world.submit('alice')
    const removedAt = world.clock.now()
    await world.db
      .updateTable('ledger_key')
      .set({ held: false, presence: 'absent', confirmed_at: removedAt })
      .execute()
    world.aws.assign(prodReadOnly, { userId: people.alice })
    world.pass(59)
    await world.db.deleteFrom('target_look').execute()
    expect(await outcome({ targets: [prodReadOnly] })).toBe('made')
    world.pass(62)
    expect(await outcome({ targets: [prodReadOnly] })).toBe('already_held')
  })

  test('is looked for once a minute, whoever asks', async () => {
    await usualPolicies()
    await world.submit('alice')
    await world.submit('erin')
    expect(world.aws.looks).toBe(1)
    world.pass(61)
    await world.submit('bob')
    expect(world.aws.looks).toBe(2)
  })

  test('is not looked for where the submission is refused anyhow', async () => {
    await usualPolicies()
    await outcome({ targets: [prodAdmin] })
    expect(world.aws.looks).toBe(0)
  })

  test('that AWS cannot be asked about refuses the submission', async () => {
    await usualPolicies()
    world.aws.answers = false
    expect(await outcome({})).toBe('unconfirmed_with_aws')
  })
})

test('an OU policy reaches accounts below it, at the depth it says', async () => {
  const unit = (scope: 'children' | 'subtree') => ({
    accounts: [],
    organizationalUnits: [{ id: ous.workloads, scope }],
    root: false,
  })
  await world.approval()
  const id = await world.eligibility({ targets: unit('children') })
  expect(await outcome({})).toBe('not_eligible')
  await world.removePolicy(id)
  await world.eligibility({ targets: unit('subtree') })
  expect(await outcome({})).toBe('made')
})
