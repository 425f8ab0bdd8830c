import { IdentitystoreClient, ListUsersCommand } from '@aws-sdk/client-identitystore'
import {
  DescribeOrganizationCommand,
  ListAccountsCommand,
  ListAccountsForParentCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations'
import { ListPermissionSetsCommand, SSOAdminClient } from '@aws-sdk/client-sso-admin'
import { beforeEach, expect, test } from 'vitest'
import { addFault } from '#sandbox/control/behaviour.ts'
import type { World } from '#sandbox/model/world.ts'
import { clientOptions, drivenClock, drivenWorld, idsOf } from '../test-kit.ts'

let world: World
let ids: ReturnType<typeof idsOf>

beforeEach(async () => {
  ;({ world } = await drivenWorld({ clock: drivenClock() }))
  ids = idsOf(world)
})

async function users(page: { MaxResults?: number; NextToken?: string } = {}) {
  const client = new IdentitystoreClient(clientOptions(world))
  const { identityStoreId: IdentityStoreId } = ids
  const answer = await client.send(new ListUsersCommand({ IdentityStoreId, ...page }))
  return { names: answer.Users!.map((user) => user.UserName), next: answer.NextToken }
}

test('a list that loses a quarter of its rows says nothing of it, and is whole the next time', async () => {
  const all = (await users()).names
  addFault(world, { operation: 'ListUsers', loses: 0.25, times: 1 })
  const { names, next } = await users()
  expect(names).toHaveLength(all.length * 0.75)
  expect(all).toEqual(expect.arrayContaining(names))
  expect(next).toBeUndefined()
  expect((await users()).names).toEqual(all)
})

test('a page that is lost is followed by no other', async () => {
  addFault(world, { operation: 'ListUsers', missesPage: true, times: 1 })
  const first = await users({ MaxResults: 3 })
  expect(first.names).toHaveLength(3)
  expect(first.next).toBeUndefined()
  expect((await users({ MaxResults: 3 })).next).toBeDefined()
})

test('a fault for every operation loses rows of each list, and leaves the other calls alone', async () => {
  addFault(world, { operation: '*', loses: 1 })
  const organizations = new OrganizationsClient(clientOptions(world))
  const sso = new SSOAdminClient(clientOptions(world))
  const { InstanceArn, ParentId } = { InstanceArn: ids.instanceArn, ParentId: ids.unit('Dev') }
  expect((await users()).names).toEqual([])
  expect((await organizations.send(new ListAccountsCommand({}))).Accounts).toEqual([])
  const inUnit = await organizations.send(new ListAccountsForParentCommand({ ParentId }))
  expect(inUnit.Accounts).toEqual([])
  const sets = await sso.send(new ListPermissionSetsCommand({ InstanceArn }))
  expect(sets.PermissionSets).toEqual([])
  await organizations.send(new DescribeOrganizationCommand({}))
  const { hits } = [...world.state.faults.values()][0]!
  expect(hits).toBe(4)
})

test.each([{ loses: 0.5 }, { missesPage: true }])(
  '%j is refused for a call that lists nothing',
  (effect) => {
    expect(() => addFault(world, { operation: 'DescribeUser', ...effect })).toThrow(
      /must be a list/,
    )
  },
)
