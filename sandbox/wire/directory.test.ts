import {
  DescribeUserCommand,
  GetGroupIdCommand,
  GetUserIdCommand,
  IdentitystoreClient,
  IsMemberInGroupsCommand,
  ListGroupMembershipsCommand,
  ListGroupMembershipsForMemberCommand,
  ListUsersCommand,
  paginateListUsers,
} from '@aws-sdk/client-identitystore'
import {
  DescribeOrganizationCommand,
  ListAccountsCommand,
  ListAccountsForParentCommand,
  ListParentsCommand,
  ListRootsCommand,
  OrganizationsClient,
  paginateListAccounts,
  paginateListOrganizationalUnitsForParent,
} from '@aws-sdk/client-organizations'
import {
  DescribeInstanceCommand,
  DescribePermissionSetCommand,
  ListAccountAssignmentCreationStatusCommand,
  ListInstancesCommand,
  ListPermissionSetsCommand,
  ListPermissionSetsProvisionedToAccountCommand,
  SSOAdminClient,
} from '@aws-sdk/client-sso-admin'
import { describe, expect, test } from 'vitest'
import type { Size } from '#sandbox/model/organisation.ts'
import { clientOptions, drivenClock, drivenWorld, idsOf } from '../test-kit.ts'

async function opened(options: { minimal?: boolean; size?: 'large' | Size } = {}) {
  const clock = drivenClock()
  const { world } = await drivenWorld({
    clock,
    ...(options.size === undefined ? {} : { size: options.size }),
    settings: { minimal: options.minimal ?? false },
  })
  const client = clientOptions(world)
  return {
    clock,
    world,
    ids: idsOf(world),
    sso: new SSOAdminClient(client),
    store: new IdentitystoreClient(client),
    organizations: new OrganizationsClient(client),
  }
}

describe('Organizations', () => {
  const throttled = { name: 'TooManyRequestsException' }

  test('throttles each API by its own rate, and the lists of the tree together', async () => {
    const { organizations, world, ids, clock } = await opened()
    world.commit({ type: 'settings', value: { ...world.settings, callsPerSecond: 20 } })
    const roots = () => organizations.send(new ListRootsCommand({}))
    const parents = () =>
      organizations.send(new ListParentsCommand({ ChildId: ids.account('Audit') }))
    const children = () =>
      organizations.send(new ListAccountsForParentCommand({ ParentId: ids.unit('Dev') }))
    for (let call = 0; call < 2; call += 1) await roots()
    await expect(roots()).rejects.toMatchObject(throttled)
    for (let call = 0; call < 4; call += 1) await parents()
    for (let call = 0; call < 4; call += 1) await children()
    await expect(parents()).rejects.toMatchObject(throttled)
    await expect(children()).rejects.toMatchObject(throttled)
    clock.pass(200)
    await expect(children()).resolves.toBeDefined()
    await expect(parents()).rejects.toMatchObject(throttled)
    await expect(roots()).rejects.toMatchObject(throttled)
    clock.pass(800)
    await expect(roots()).resolves.toBeDefined()
  })
})

describe('the Identity Store', () => {
  test('finds a person by name and by address, in any case, under one id', async () => {
    const { store, ids } = await opened()
    const find = (AttributePath: string, AttributeValue: string) =>
      store.send(
        new GetUserIdCommand({
          IdentityStoreId: ids.identityStoreId,
          AlternateIdentifier: { UniqueAttribute: { AttributePath, AttributeValue } },
        }),
      )
    const UserId = ids.user('test-user')
    expect(UserId).toMatch(/^[0-9a-f]{10}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(await find('userName', 'Test-User')).toMatchObject({ UserId })
    expect(await find('emails.value', 'test-user@example.com')).toMatchObject({ UserId })
    await expect(find('userName', 'nobody')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      ResourceType: 'USER',
    })
    await expect(find('nickName', 'x')).rejects.toMatchObject({ name: 'ValidationException' })
  })

  test('says who is disabled and who has no address', async () => {
    const { store, ids } = await opened()
    const describeUser = (name: string) =>
      store.send(
        new DescribeUserCommand({ IdentityStoreId: ids.identityStoreId, UserId: ids.user(name) }),
      )
    expect(await describeUser('former.colleague')).toMatchObject({ UserStatus: 'DISABLED' })
    expect((await describeUser('build.operator')).Emails).toBeUndefined()
    expect(await describeUser('naoko.mori')).toMatchObject({ DisplayName: '森 直子' })
  })

  test('agrees with itself about memberships, from both sides', async () => {
    const { store, ids } = await opened()
    const IdentityStoreId = ids.identityStoreId
    const MemberId = { UserId: ids.user('naoko.mori') }
    const approvers = ids.group('TEAM approvers')
    const ofGroup = await store.send(
      new ListGroupMembershipsCommand({ IdentityStoreId, GroupId: approvers }),
    )
    expect(ofGroup.GroupMemberships).toHaveLength(2)
    const ofPerson = await store.send(
      new ListGroupMembershipsForMemberCommand({ IdentityStoreId, MemberId }),
    )
    expect(ofPerson.GroupMemberships!.map((row) => row.GroupId)).toContain(approvers)
    const GroupIds = [approvers, ids.group('TEAM admins')]
    const asked = await store.send(
      new IsMemberInGroupsCommand({ IdentityStoreId, MemberId, GroupIds }),
    )
    expect(asked.Results!.map((row) => row.MembershipExists)).toEqual([true, false])
    const found = await store.send(
      new GetGroupIdCommand({
        IdentityStoreId,
        AlternateIdentifier: {
          UniqueAttribute: { AttributePath: 'displayName', AttributeValue: 'TEAM approvers' },
        },
      }),
    )
    expect(found.GroupId).toBe(approvers)
  })

  test('gives every person once over small pages, though one leaves between two pages', async () => {
    const { world, store, ids } = await opened()
    const seen: (string | undefined)[] = []
    const pages = paginateListUsers(
      { client: store, pageSize: 3 },
      { IdentityStoreId: ids.identityStoreId },
    )
    let removed = ''
    for await (const page of pages) {
      seen.push(...page.Users!.map((user) => user.UserId))
      if (removed === '') {
        removed = seen[0] ?? ''
        world.commit({ type: 'user-removed', userId: removed })
      }
    }
    const left = [...world.state.users.values()].map((user) => user.userId)
    expect(seen.toSorted()).toEqual([...left, removed].toSorted())
  })

  test('throttles each API by itself', async () => {
    const { world, store, ids } = await opened()
    world.commit({ type: 'settings', value: { ...world.settings, callsPerSecond: 1 } })
    const IdentityStoreId = ids.identityStoreId
    await store.send(new ListUsersCommand({ IdentityStoreId }))
    await expect(store.send(new ListUsersCommand({ IdentityStoreId }))).rejects.toMatchObject({
      name: 'ThrottlingException',
      RetryAfterSeconds: 1,
    })
    const other = new DescribeUserCommand({ IdentityStoreId, UserId: ids.user('test-user') })
    await expect(store.send(other)).resolves.toBeDefined()
  })
})

describe('Organizations', () => {
  test('has the tree under the names of the interfaces page', async () => {
    const { organizations, ids } = await opened()
    const roots = await organizations.send(new ListRootsCommand({}))
    const names: string[] = []
    const walk = async (ParentId: string, path: string): Promise<void> => {
      const accounts = await organizations.send(new ListAccountsForParentCommand({ ParentId }))
      names.push(...accounts.Accounts!.map((account) => `${path}/${account.Name} ${account.State}`))
      const pages = paginateListOrganizationalUnitsForParent(
        { client: organizations },
        { ParentId },
      )
      for await (const page of pages) {
        for (const unit of page.OrganizationalUnits!) await walk(unit.Id!, `${path}/${unit.Name}`)
      }
    }
    await walk(roots.Roots![0]!.Id!, '')
    expect(names.toSorted()).toEqual(
      [
        '/Management ACTIVE',
        '/Security/Audit ACTIVE',
        '/Security/Log Archive ACTIVE',
        '/Workloads/Dev/legacy-dev SUSPENDED',
        '/Workloads/Dev/payments-dev ACTIVE',
        '/Workloads/Dev/storefront-dev ACTIVE',
        '/Workloads/Prod/payments-prod ACTIVE',
        '/Workloads/Prod/storefront-prod ACTIVE',
        '/Workloads/Prod/データ基盤-prod ACTIVE',
      ].toSorted(),
    )
    const { Organization } = await organizations.send(new DescribeOrganizationCommand({}))
    expect(Organization!.MasterAccountId).toBe(ids.account('Management'))
    const parents = await organizations.send(new ListParentsCommand({ ChildId: ids.unit('Dev') }))
    expect(parents.Parents).toEqual([{ Id: ids.unit('Workloads'), Type: 'ORGANIZATIONAL_UNIT' }])
  })

  test('some pages are empty and still go on, and every account comes once', async () => {
    const { organizations } = await opened()
    let empty = 0
    for (let walk = 0; walk < 10; walk += 1) {
      const seen: (string | undefined)[] = []
      for await (const page of paginateListAccounts({ client: organizations, pageSize: 2 }, {})) {
        if (page.Accounts!.length === 0) empty += 1
        seen.push(...page.Accounts!.map((account) => account.Id))
      }
      expect(seen).toHaveLength(9)
      expect(new Set(seen).size).toBe(9)
    }
    expect(empty).toBeGreaterThan(0)
  })

  test('refuses a page size above 20 and a token of another list', async () => {
    const { organizations, ids } = await opened()
    const list = (input: object) => organizations.send(new ListAccountsCommand(input))
    await expect(list({ MaxResults: 21 })).rejects.toMatchObject({
      name: 'InvalidInputException',
      Reason: 'MAX_VALUE_EXCEEDED',
    })
    const { NextToken } = await list({ MaxResults: 1 })
    const ParentId = ids.unit('Prod')
    const other = new ListAccountsForParentCommand({ ParentId, NextToken: NextToken! })
    await expect(organizations.send(other)).rejects.toMatchObject({ Reason: 'INVALID_NEXT_TOKEN' })
  })
})

describe('a minimal endpoint', () => {
  test('leaves optional members out, and goes on answering', async () => {
    const { sso, store, organizations, ids } = await opened({ minimal: true })
    const { Instances } = await sso.send(new ListInstancesCommand({}))
    expect(Instances![0]).toMatchObject({ InstanceArn: ids.instanceArn })
    expect(Instances![0]!.PrimaryRegion).toBeUndefined()
    const { Accounts } = await organizations.send(new ListAccountsCommand({}))
    expect(Accounts![0]!.State).toBeUndefined()
    expect(Accounts![0]!.Status).toBeDefined()
    const IdentityStoreId = ids.identityStoreId
    const { Users } = await store.send(new ListUsersCommand({ IdentityStoreId }))
    expect(Users!.every((user) => user.UserStatus === undefined)).toBe(true)
    expect(Users!.some((user) => user.Emails !== undefined)).toBe(true)
  })

  test('does not know optional operations', async () => {
    const { sso, ids } = await opened({ minimal: true })
    const InstanceArn = ids.instanceArn
    const unknown = { name: 'UnknownOperationException' }
    await expect(sso.send(new DescribeInstanceCommand({ InstanceArn }))).rejects.toMatchObject(
      unknown,
    )
    const list = new ListAccountAssignmentCreationStatusCommand({ InstanceArn })
    await expect(sso.send(list)).rejects.toMatchObject(unknown)
    await expect(sso.send(new ListPermissionSetsCommand({ InstanceArn }))).resolves.toBeDefined()
  })
})

test('only the fifth permission set is provisioned in the management account', async () => {
  const { sso, ids } = await opened()
  const InstanceArn = ids.instanceArn
  const AccountId = ids.managementAccountId
  const { PermissionSets } = await sso.send(
    new ListPermissionSetsProvisionedToAccountCommand({ InstanceArn, AccountId }),
  )
  expect(PermissionSets).toEqual([ids.set('AWSOrganizationsFullAccess')])
  const { PermissionSet } = await sso.send(
    new DescribePermissionSetCommand({ InstanceArn, PermissionSetArn: ids.set('PowerUserAccess') }),
  )
  expect(PermissionSet).toMatchObject({ Name: 'PowerUserAccess', SessionDuration: 'PT4H' })
})

test.each([50, 1_000, 5_000])('an organisation can have %i accounts', async (accounts) => {
  const size = { accounts, permissionSets: 20, users: 200, groups: 30 }
  const { state } = (await opened({ size })).world
  const counted = {
    accounts: state.accounts.size,
    permissionSets: state.permissionSets.size,
    users: state.users.size,
    groups: state.groups.size,
  }
  expect(counted).toEqual(size)
  const members = [...state.memberships.values()].map(({ userId }) => userId)
  expect(new Set(members).size).toBe(200)
})

test('what a size leaves out is as in the small organisation', async () => {
  const { state } = (await opened({ size: { users: 100 } })).world
  const small = (await opened()).world.state
  expect(state.users.size).toBe(100)
  expect(state.accounts.size).toBe(small.accounts.size)
  expect(state.groups.size).toBe(small.groups.size)
})

test('the large organisation has its sizes, and answers a page in milliseconds', async () => {
  const { world, store, organizations, ids } = await opened({ size: 'large' })
  const { accounts, users, groups, permissionSets } = world.state
  expect([accounts.size, users.size, groups.size, permissionSets.size]).toEqual([
    1_000, 20_000, 2_000, 750,
  ])
  const depth = (id: string): number => {
    const unit = world.state.organizationalUnits.get(id)
    return unit === undefined ? 0 : 1 + depth(unit.parentId)
  }
  const depths = [...accounts.values()].map((account) => depth(account.parentId))
  expect(Math.max(...depths)).toBe(7)

  const pagesMs: number[] = []
  const IdentityStoreId = ids.identityStoreId
  let startedAt = performance.now()
  const turn = () => {
    pagesMs.push(performance.now() - startedAt)
    startedAt = performance.now()
  }
  let seen = 0
  for await (const page of paginateListUsers(
    { client: store, pageSize: 100 },
    { IdentityStoreId },
  )) {
    seen += page.Users!.length
    turn()
  }
  for await (const page of paginateListAccounts({ client: organizations, pageSize: 20 }, {})) {
    seen += page.Accounts!.length
    turn()
  }
  expect(seen).toBe(21_000)
  const median = pagesMs.toSorted((one, other) => one - other)[(pagesMs.length / 2) | 0]
  expect(median).toBeLessThan(50)
})
