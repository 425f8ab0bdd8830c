/** What becomes of live grants when the world behind them changes, seen from AWS's side. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import type { Person } from '#test/person.ts'
import { createScene, type Scene, type TargetNamed } from './scene.ts'

let scene: Scene
let admin: Person
let user: Person
let policies: string[] = []
const target = () => scene.target('payments-dev', 'ReadOnlyAccess')

beforeAll(async () => {
  scene = await createScene()
  admin = await scene.world.person('test-admin')
  user = await scene.world.person('test-user')
  await scene.approval(admin)
})
afterAll(() => scene.close())
afterEach(async () => {
  scene.clearFaults()
  for (const id of policies) await scene.dropPolicy(admin, 'eligibility-policies', id)
  policies = []
  await scene.world.pass(10)
})

async function live(change: object = {}, where: TargetNamed = target()): Promise<Request> {
  policies.push(await scene.eligibility(admin, { approvalRequired: false, ...change }))
  const request = await scene.ask(user, where)
  await scene.world.pass(5)
  const { status } = await admin.request(request.id)
  expect(status).toBe('active')
  return request
}

async function ended(request: Request, reason: string, where: TargetNamed = target()) {
  const { status, endReason } = await admin.request(request.id)
  expect([status, endReason]).toEqual(['revoked', reason])
  expect(scene.holders(where)).toEqual([])
}

async function enabled(status: 'ENABLED' | 'DISABLED') {
  await scene.world.control('POST', 'users', { userName: 'test-user', status })
}

describe('a grant lives no longer than', () => {
  test('its person is enabled: gone within two minutes of being disabled', async () => {
    const request = await live()
    await enabled('DISABLED')
    await scene.world.pass(60)
    expect(['ending', 'revoked']).toContain((await admin.request(request.id)).status)
    await scene.world.pass(60)
    await ended(request, 'person_disabled')
    await enabled('ENABLED')
    user = await scene.world.person('test-user')
  })

  test('its person is in the group that the policy names', async () => {
    const request = await live()
    await scene.leave('test-user', 'TEAM users')
    await scene.world.pass(75)
    await ended(request, 'lost_eligibility')
    await scene.join('test-user', 'TEAM users')
    await user.post('/me/refresh')
  })

  test('some enabled policy matches', async () => {
    const request = await live()
    const [policy] = policies.splice(0)
    await scene.dropPolicy(admin, 'eligibility-policies', policy!)
    await scene.world.pass(5)
    await ended(request, 'lost_eligibility')
  })

  test('its account is active, at the next refresh', async () => {
    const request = await live()
    await scene.world.control('POST', 'accounts', { name: 'payments-dev', state: 'SUSPENDED' })
    await admin.post('/directory/refresh')
    await scene.world.pass(10)
    const { status, endReason } = await admin.request(request.id)
    expect([status, endReason]).toEqual(['ending', 'account_not_active'])
    await scene.world.control('POST', 'accounts', { name: 'payments-dev', state: 'ACTIVE' })
    // On a suspended account AWS is asked again each quarter of an hour.
    await scene.world.leap(901)
    await scene.world.pass(30)
    await ended(request, 'account_not_active')
    await admin.post('/directory/refresh')
    await scene.world.pass(10)
  })

  test('its permission set is out of the management account', async () => {
    const request = await live()
    const where = { permissionSetName: 'ReadOnlyAccess', accountName: 'Management' }
    await scene.world.control('POST', 'provision', where)
    await admin.post('/directory/refresh')
    await scene.world.pass(10)
    const { status, endReason } = await admin.request(request.id)
    expect([status, endReason]).toEqual(['ending', 'permission_set_in_management_account'])
    await scene.world.control('DELETE', 'provision', where)
    await scene.world.leap(901)
    await scene.world.pass(30)
    await ended(request, 'permission_set_in_management_account')
    await admin.post('/directory/refresh')
    await scene.world.pass(10)
  })
})

describe('a grant outlives', () => {
  test('a shorter maximum, an approval rule and a ticket rule that come later', async () => {
    const request = await live()
    const [policy] = policies.splice(0)
    policies.push(
      await scene.eligibility(admin, {
        maxDurationMinutes: 1,
        approvalRequired: true,
        ticketRequired: true,
      }),
    )
    await scene.dropPolicy(admin, 'eligibility-policies', policy!)
    await scene.world.pass(30)
    expect((await admin.request(request.id)).status).toBe('active')
    await user.post(`/requests/${request.id}/return`)
    await scene.world.pass(10)
  })

  test('the loss of eligibility, where the setting says so, and that setting too', async () => {
    const request = await live()
    await admin.call('PATCH', '/settings', { endOnLostEligibility: false })
    const [policy] = policies.splice(0)
    await scene.dropPolicy(admin, 'eligibility-policies', policy!)
    await scene.world.pass(30)
    expect((await admin.request(request.id)).status).toBe('active')
    await admin.call('PATCH', '/settings', { endOnLostEligibility: true })
    await scene.world.pass(30)
    expect((await admin.request(request.id)).status).toBe('active')
    await user.post(`/requests/${request.id}/return`)
    await scene.world.pass(10)
  })

  const badReads = [
    ['the people of a page', 'ListUsers', { loses: 0.34 }],
    ['everybody', 'ListUsers', { loses: 1 }],
    ['all groups', 'ListGroups', { loses: 1 }],
    ['all memberships', 'ListGroupMemberships', { loses: 1 }],
    ['all accounts', 'ListAccountsForParent', { loses: 1 }],
    ['all units', 'ListOrganizationalUnitsForParent', { loses: 1 }],
    ['all permission sets', 'ListPermissionSets', { loses: 1 }],
  ] as const
  for (const [what, operation, how] of badReads) {
    test(`a reading of the directory that misses ${what}`, async () => {
      const request = await live()
      await scene.world.control('POST', 'faults', { operation, ...how })
      await admin.post('/directory/refresh')
      await scene.world.pass(30)
      expect((await admin.request(request.id)).status).toBe('active')
      expect(scene.holders(target())).toEqual(['test-user'])
      scene.clearFaults()
      await admin.post('/directory/refresh')
      await scene.world.pass(10)
      expect((await admin.request(request.id)).status).toBe('active')
      await user.post(`/requests/${request.id}/return`)
      await scene.world.pass(10)
    })
  }

  async function forgetPerson() {
    await scene.world.database.owner.query(
      "update directory_user set gone_at = read_at, enabled = false where user_name = 'test-user'",
    )
    await scene.world.database.owner.query('update directory_version set version = version + 1')
  }

  test('a replica that lost its person, whom AWS still knows', async () => {
    const request = await live()
    await forgetPerson()
    await scene.world.pass(30)
    expect((await admin.request(request.id)).status).toBe('active')
    user = await scene.world.person('test-user')
    await user.post(`/requests/${request.id}/return`)
    await scene.world.pass(10)
  })

  test('three quarters of an hour in which AWS cannot be asked about its person', async () => {
    const request = await live()
    for (const operation of ['DescribeUser', 'ListUsers', 'ListGroupMembershipsForMember']) {
      scene.fault({ operation, error: 'InternalServerException' })
    }
    await forgetPerson()
    for (let quarters = 0; quarters < 4; quarters += 1) await scene.world.leap(660)
    expect((await admin.request(request.id)).status).toBe('active')
    scene.clearFaults()
    await scene.world.pass(30)
    expect((await admin.request(request.id)).status).toBe('active')
  })
})
