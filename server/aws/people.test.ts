import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { GroupId, UserId } from '#core/ids.ts'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import { callsOf, clientsFor, control, type SandboxOrganization } from '#test/aws-clients.ts'
import { createInstanceFinder } from './instance.ts'
import { createPeople, userOf } from './people.ts'

let sandbox: Sandbox
let organization: SandboxOrganization
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, seed: 7, settings: { callsPerSecond: 100_000 } })
  organization = await control(sandbox, 'GET', 'organization')
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  await control(sandbox, 'DELETE', 'faults')
  await control(sandbox, 'DELETE', 'calls')
  await control(sandbox, 'PATCH', 'settings', { minimal: false })
})

function open() {
  const clients = clientsFor(sandbox)
  return createPeople({
    clients,
    instance: createInstanceFinder(clients),
    knownGroups: async () => organization.groups.map((group) => group.groupId as GroupId),
  })
}

const fault = (operation: string, error: string, more: object = {}) =>
  control(sandbox, 'POST', 'faults', { operation, error, ...more })
const userIdOf = (userName: string) =>
  organization.users.find((user) => user.userName === userName)?.userId as UserId
const groupIdOf = (displayName: string) =>
  organization.groups.find((group) => group.displayName === displayName)?.groupId as GroupId
const nobody = '1234567890-00000000-0000-4000-8000-000000000000' as UserId

describe('a person', () => {
  const offers = ['everything', 'ListGroupMembershipsForMember missing', 'minimal'] as const
  for (const offered of offers) {
    test(`is read with all their groups where AWS offers ${offered}`, async () => {
      if (offered === 'minimal') await control(sandbox, 'PATCH', 'settings', { minimal: true })
      if (offered === 'ListGroupMembershipsForMember missing') {
        await fault('ListGroupMembershipsForMember', 'UnknownOperationException')
      }
      const reading = await open().readPerson(userIdOf('test-admin'))
      expect(reading).toMatchObject({
        kind: 'read',
        user: { userName: 'test-admin', email: 'test-admin@example.com', enabled: true },
        groupIds: new Set([groupIdOf('TEAM admins')]),
      })
    })
  }

  test('whom AWS has disabled is disabled', async () => {
    const userName = 'test-auditor'
    await control(sandbox, 'POST', 'users', { userName, status: 'DISABLED' })
    expect(await open().readPerson(userIdOf(userName))).toMatchObject({ user: { enabled: false } })
    await control(sandbox, 'POST', 'users', { userName, status: 'ENABLED' })
  })

  test('whom AWS does not know is gone', async () => {
    expect(await open().readPerson(nobody)).toEqual({ kind: 'gone' })
  })

  test('is not gone because their memberships were not found', async () => {
    await fault('ListGroupMembershipsForMember', 'ResourceNotFoundException')
    await expect(open().readPerson(userIdOf('test-user'))).rejects.toMatchObject({
      kind: 'not_found',
      operation: 'ListGroupMembershipsForMember',
    })
  })

  const failures = [
    ['AccessDeniedException', 'denied'],
    ['ThrottlingException', 'throttled'],
    ['InternalServerException', 'unavailable'],
  ] as const
  for (const [error, kind] of failures) {
    test(`is neither enabled nor gone when AWS answers ${error}`, async () => {
      await fault('DescribeUser', error)
      await expect(open().readPerson(userIdOf('test-user'))).rejects.toMatchObject({ kind })
    })
  }
})

describe('a user name', () => {
  for (const missing of [false, true]) {
    test(`is found, and an unknown one is nobody, ${missing ? 'without' : 'with'} GetUserId`, async () => {
      if (missing) await fault('GetUserId', 'UnknownOperationException')
      const people = open()
      expect(await people.findUserId('test-user')).toBe(userIdOf('test-user'))
      expect(await people.findUserId('test-use')).toBeNull()
      expect(await callsOf(sandbox, 'GetUserId')).toBe(missing ? 1 : 2)
    })
  }

  test('is not unknown because AWS could not be asked', async () => {
    await fault('GetUserId', 'InternalServerException')
    await expect(open().findUserId('test-user')).rejects.toMatchObject({ kind: 'unavailable' })
  })
})

describe('membership of several', () => {
  const ask = async () => {
    const people = [userIdOf('test-admin'), userIdOf('test-user'), nobody]
    const groups = [groupIdOf('TEAM admins'), groupIdOf('TEAM users')]
    return open().areMembers(people, groups)
  }
  const expected = () =>
    new Map([
      [userIdOf('test-admin'), new Set([groupIdOf('TEAM admins')])],
      [userIdOf('test-user'), new Set([groupIdOf('TEAM users')])],
      [nobody, new Set()],
    ])

  test('tells each person their groups, and somebody unknown none', async () => {
    expect(await ask()).toEqual(expected())
  })

  test('is the same where IsMemberInGroups is missing', async () => {
    await fault('IsMemberInGroups', 'UnknownOperationException')
    expect(await ask()).toEqual(expected())
  })

  test('is the same when one of the groups is no longer known', async () => {
    await fault('IsMemberInGroups', 'ResourceNotFoundException')
    expect(await ask()).toEqual(expected())
  })
})

const namings: [string, Partial<Parameters<typeof userOf>[0]>, object][] = [
  ['an absent status is enabled', {}, { enabled: true }],
  ['a status that nobody knows is enabled', { UserStatus: 'ODD' as 'ENABLED' }, { enabled: true }],
  ['DISABLED is disabled', { UserStatus: 'DISABLED' }, { enabled: false }],
  ['the display name is shown', { DisplayName: '田中' }, { displayName: '田中' }],
  [
    'else given and family name',
    { Name: { GivenName: 'A', FamilyName: 'B' } },
    { displayName: 'A B' },
  ],
  ['else the user name', {}, { displayName: 'ann' }],
  ['no address is none', { Emails: [{ Value: '' }] }, { email: null }],
  ['half a character is made whole', { DisplayName: 'a\ud842' }, { displayName: 'a\ufffd' }],
]

describe('of a user', () => {
  for (const [what, more, seen] of namings) {
    test(what, () => {
      const required = { IdentityStoreId: 'd-1', UserId: 'u-1', UserArn: '', Revision: '1' }
      expect(userOf({ ...required, UserName: 'ann', ...more })).toMatchObject(seen)
    })
  }
})
