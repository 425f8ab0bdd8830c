import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import type { Person } from '#test/person.ts'
import { createTeamWorld, type Organization, type TeamWorld } from '#test/team-world.ts'

/** The story that TEAM is for, told over HTTP; on an endpoint that offers everything, and on one
 * that leaves out every optional member and operation. */
describe.each([
  { endpoint: 'the whole of AWS', minimal: false },
  { endpoint: 'a minimal endpoint', minimal: true },
])('the walk on $endpoint', ({ minimal }) => {
  let world: TeamWorld
  let organization: Organization
  let admin: Person
  let user: Person
  let approver: Person

  beforeAll(async () => {
    world = await createTeamWorld({ minimal })
    organization = await world.organization()
    admin = await world.person('test-admin')
    user = await world.person('test-user')
    approver = await world.person('sam.carter')
  })
  afterAll(() => world.close())

  const idOf = (kind: 'groups', name: string) =>
    organization[kind].find((one) => one.displayName === name)?.groupId ?? ''
  const account = (name: string) =>
    organization.accounts.find((one) => one.name === name)?.accountId ?? ''
  const ou = (name: string) =>
    organization.organizationalUnits.find((one) => one.name === name)?.id ?? ''
  const set = (name: string) =>
    organization.permissionSets.find((one) => one.name === name)?.arn ?? ''

  test('before there are policies, nobody may ask for anything', async () => {
    const { body } = await user.get<{ items: unknown[] }>('/eligible-accounts')
    expect(body.items).toEqual([])
    const asked = await user.post<{ code: string }>('/requests', {
      targets: [{ accountId: account('payments-prod'), permissionSetArn: set('ReadOnlyAccess') }],
      durationMinutes: 60,
      justification: 'No policy yet',
    })
    expect(asked).toMatchObject({ status: 403, body: { code: 'not_eligible' } })
  })

  test('an administrator makes both policies; nobody else can', async () => {
    const eligibility = {
      subject: { type: 'group', id: idOf('groups', 'TEAM users') },
      targets: {
        accounts: [],
        organizationalUnits: [{ id: ou('Workloads'), scope: 'subtree' }],
        root: false,
      },
      permissionSets: [set('ReadOnlyAccess'), 'PowerUser*'],
      maxDurationMinutes: 240,
    }
    expect((await user.post('/eligibility-policies', eligibility)).status).toBe(403)
    const made = await admin.post('/eligibility-policies', eligibility)
    expect(made.status).toBe(201)
    const approvers = await admin.post('/approver-policies', {
      targets: { accounts: [], organizationalUnits: [], root: true },
      approverGroups: [idOf('groups', 'TEAM approvers')],
    })
    expect(approvers.status).toBe(201)
  })

  test('the management account and suspended accounts are never offered', async () => {
    const { body } = await user.get<{ items: { name: string }[] }>('/eligible-accounts')
    const names = body.items.map((one) => one.name).sort()
    expect(names).toEqual(
      [
        'payments-dev',
        'payments-prod',
        'storefront-dev',
        'storefront-prod',
        'データ基盤-prod',
      ].sort(),
    )
  })

  let asked: Request

  test('a preview says what will happen and changes nothing', async () => {
    const { status, body } = await user.post<{
      targets: { allowed: boolean; approverCount: number }[]
    }>('/requests/preview', {
      targets: [{ accountId: account('payments-prod'), permissionSetArn: set('ReadOnlyAccess') }],
      durationMinutes: 1,
      justification: '「障害対応」',
    })
    expect(status).toBe(200)
    expect(body.targets[0]).toMatchObject({ allowed: true, approverCount: 2 })
    const mine = await user.get<{ items: unknown[] }>('/requests?view=mine')
    expect(mine.body.items).toEqual([])
  })

  test('somebody asks, in Japanese, for one minute', async () => {
    const { status, body } = await user.post<{ requests: Request[] }>('/requests', {
      targets: [{ accountId: account('payments-prod'), permissionSetArn: set('ReadOnlyAccess') }],
      durationMinutes: 1,
      justification: '「障害対応」のため本番ログを確認します',
    })
    expect(status).toBe(201)
    asked = body.requests[0]!
    expect(asked).toMatchObject({ status: 'pending', approvalsRequired: 1, approverCount: 2 })
    await world.pass(0)
  })

  test('before agreeing, an approver sees that credentials outlive the access', async () => {
    const { sessionsMayLiveUntil, createdAt } = await approver.request(asked.id)
    const lastTaken = Date.parse(createdAt) + 60_000
    expect(Date.parse(sessionsMayLiveUntil!) - lastTaken).toBeGreaterThanOrEqual(60 * 60_000)
  })

  test('nobody approves their own, and strangers do not learn that it exists', async () => {
    expect((await user.post(`/requests/${asked.id}/approve`)).status).toBe(403)
    const stranger = await world.person('priya.raman')
    expect((await stranger.get(`/requests/${asked.id}`)).status).toBe(404)
    expect((await stranger.post(`/requests/${asked.id}/approve`)).status).toBe(404)
  })

  test('an approver says yes; the assignment appears in Identity Center', async () => {
    const waiting = await approver.get<{ items: Request[] }>('/requests?view=to-approve')
    expect(waiting.body.items.map((one) => one.id)).toEqual([asked.id])
    const { status } = await approver.post(`/requests/${asked.id}/approve`, { comment: '了解です' })
    expect(status).toBe(200)
    expect((await approver.post(`/requests/${asked.id}/approve`)).status).toBe(409)
    await world.pass(4)
    expect(await user.request(asked.id)).toMatchObject({ status: 'active' })
    expect(await world.assignments()).toMatchObject([
      { userName: 'test-user', accountId: account('payments-prod') },
    ])
  })

  test('it is gone by itself when the minute is over', async () => {
    await world.pass(70)
    const ended = await user.request(asked.id)
    expect(ended).toMatchObject({ status: 'ended' })
    expect(ended.excessSeconds).toBeLessThan(10)
    expect(await world.assignments()).toEqual([])
  })

  test('everybody was told, in order', async () => {
    const mails = await world.mails()
    const about = (address: string) =>
      mails.filter((mail) => mail.to.includes(address)).map((mail) => mail.subject)
    expect(about('test-user@example.com')).toHaveLength(4)
    expect(about('sam.carter@example.com')).toHaveLength(4)
    expect(about('naoko.mori@example.com').length).toBeGreaterThanOrEqual(2)
    const asking = mails.find((mail) => mail.to.includes('sam.carter@example.com'))
    expect(asking?.text).toContain('「障害対応」のため本番ログを確認します')
    expect(asking?.text).toContain(`/requests/${asked.id}`)
  })

  test('the auditor reads it all and the chain is whole', async () => {
    const auditor = await world.person('test-auditor')
    const { body } = await auditor.get<{ ok: boolean; events: number }>('/audit/verify')
    expect(body).toMatchObject({ ok: true })
    expect(body.events).toBeGreaterThan(8)
    expect((await auditor.post(`/requests/${asked.id}/revoke`)).status).toBe(403)
    expect((await user.get('/audit/events')).status).toBe(403)
  })

  test('its whole life took at most eight calls of sso-admin of its own', async () => {
    const calls = (await world.control('GET', 'calls')) as { service: string; operation: string }[]
    const own = [
      'ListAccountAssignments',
      'CreateAccountAssignment',
      'DescribeAccountAssignmentCreationStatus',
      'DeleteAccountAssignment',
      'DescribeAccountAssignmentDeletionStatus',
    ]
    const counted = calls.filter((call) => own.includes(call.operation))
    // One more, DescribePermissionSet, is told apart from the directory's own reading elsewhere.
    // Where the list of operations in progress is not offered, each is described each second.
    expect(counted.length + 1).toBeLessThanOrEqual(minimal ? 12 : 8)
  })
})
