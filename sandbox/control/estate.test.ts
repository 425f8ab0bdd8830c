import {
  DescribeAccountCommand,
  ListAccountsForParentCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations'
import {
  CreateAccountAssignmentCommand,
  DeleteAccountAssignmentCommand,
  DescribeAccountAssignmentCreationStatusCommand,
  DescribeAccountAssignmentDeletionStatusCommand,
  DescribePermissionSetCommand,
  ListAccountAssignmentsCommand,
  ListPermissionSetsProvisionedToAccountCommand,
  SSOAdminClient,
} from '@aws-sdk/client-sso-admin'
import { beforeEach, describe, expect, test } from 'vitest'
import { changesThatMake } from '#sandbox/model/changes-that-make.ts'
import { State } from '#sandbox/model/state.ts'
import type { World } from '#sandbox/model/world.ts'
import { clientOptions, type DrivenClock, drivenClock, drivenWorld, idsOf } from '../test-kit.ts'
import { control } from './control.ts'

let clock: DrivenClock
let world: World
let ids: ReturnType<typeof idsOf>
let sso: SSOAdminClient
let organizations: OrganizationsClient

beforeEach(async () => {
  clock = drivenClock()
  ;({ world } = await drivenWorld({ clock }))
  ids = idsOf(world)
  sso = new SSOAdminClient(clientOptions(world))
  organizations = new OrganizationsClient(clientOptions(world))
})

function ask(method: string, path: string, body?: object) {
  const request = { method, path: `/_sandbox/${path}`, host: '', origin: undefined }
  const bytes = Buffer.from(body === undefined ? '' : JSON.stringify(body))
  const answer = control(world, { ...request, body: bytes })
  return { status: answer.status, body: answer.body as Record<string, unknown> }
}

const target = (account = 'payments-dev', set = 'ReadOnlyAccess') => ({
  InstanceArn: ids.instanceArn,
  TargetId: ids.account(account),
  TargetType: 'AWS_ACCOUNT' as const,
  PermissionSetArn: ids.set(set),
  PrincipalType: 'USER' as const,
  PrincipalId: ids.user('test-user'),
})

const assign = (account?: string, set?: string) => {
  const { TargetId, PermissionSetArn } = target(account, set)
  const body = { accountId: TargetId, permissionSetArn: PermissionSetArn }
  return ask('POST', 'assignments', { userName: 'test-user', ...body })
}

async function creationEnds(input: ReturnType<typeof target>) {
  const { AccountAssignmentCreationStatus: begun } = await sso.send(
    new CreateAccountAssignmentCommand(input),
  )
  clock.pass(2_000)
  const answer = await sso.send(
    new DescribeAccountAssignmentCreationStatusCommand({
      InstanceArn: ids.instanceArn,
      AccountAssignmentCreationRequestId: begun!.RequestId!,
    }),
  )
  return answer.AccountAssignmentCreationStatus!
}

async function deletionEnds(input: ReturnType<typeof target>) {
  const { AccountAssignmentDeletionStatus: begun } = await sso.send(
    new DeleteAccountAssignmentCommand(input),
  )
  clock.pass(2_000)
  const answer = await sso.send(
    new DescribeAccountAssignmentDeletionStatusCommand({
      InstanceArn: ids.instanceArn,
      AccountAssignmentDeletionRequestId: begun!.RequestId!,
    }),
  )
  return answer.AccountAssignmentDeletionStatus!
}

const holders = async (input: ReturnType<typeof target>) => {
  const { InstanceArn, PermissionSetArn, TargetId: AccountId } = input
  const list = new ListAccountAssignmentsCommand({ InstanceArn, PermissionSetArn, AccountId })
  return (await sso.send(list)).AccountAssignments!.map((row) => row.PrincipalId)
}

describe('an account', () => {
  test.each(['SUSPENDED', 'PENDING_CLOSURE', 'CLOSED'] as const)(
    'that becomes %s keeps its assignments, and no operation on it succeeds until it is ACTIVE',
    async (state) => {
      assign()
      const accountId = ids.account('payments-dev')
      expect(ask('POST', 'accounts', { accountId, state }).status).toBe(200)
      const described = await organizations.send(
        new DescribeAccountCommand({ AccountId: accountId }),
      )
      expect(described.Account!.State).toBe(state)
      expect(await creationEnds(target('payments-dev', 'Billing'))).toMatchObject({
        Status: 'FAILED',
        FailureReason: expect.stringContaining('taking longer than usual'),
      })
      expect(await deletionEnds(target())).toMatchObject({ Status: 'FAILED' })
      expect(await holders(target())).toEqual([ids.user('test-user')])
      ask('POST', 'accounts', { name: 'payments-dev', state: 'ACTIVE' })
      expect(await deletionEnds(target())).toMatchObject({ Status: 'SUCCEEDED' })
      expect(await holders(target())).toEqual([])
    },
  )

  test('that leaves the organisation takes its assignments and roles with it', async () => {
    assign()
    const input = target()
    const { AccountAssignmentCreationStatus: begun } = await sso.send(
      new CreateAccountAssignmentCommand(target('payments-dev', 'Billing')),
    )
    expect(ask('DELETE', 'accounts', { name: 'payments-dev' }).status).toBe(204)
    const gone = { name: 'ResourceNotFoundException' }
    await expect(holders(input)).rejects.toMatchObject(gone)
    await expect(creationEnds(input)).rejects.toMatchObject(gone)
    await expect(deletionEnds(input)).rejects.toMatchObject(gone)
    expect([...world.state.roles()].map((role) => role.accountId)).not.toContain(input.TargetId)
    expect([...world.state.assignments.values()].map((row) => row.accountId)).not.toContain(
      input.TargetId,
    )
    clock.pass(2_000)
    expect(world.state.operations.get(begun!.RequestId!)).toMatchObject({
      status: 'FAILED',
      failureReason: 'Received a 404 status error: Account not found.',
    })
  })

  test('can be made, renamed by its id, and moved to another unit', async () => {
    const made = ask('POST', 'accounts', { name: 'new-dev', organizationalUnit: 'Dev' })
    expect(made.status).toBe(201)
    const { accountId } = made.body
    const moved = ask('POST', 'accounts', { accountId, name: 'new', organizationalUnit: 'Prod' })
    expect(moved.body).toMatchObject({ accountId, name: 'new', parentId: ids.unit('Prod') })
    const inUnit = async (unit: string) => {
      const list = new ListAccountsForParentCommand({ ParentId: ids.unit(unit) })
      return (await organizations.send(list)).Accounts!.map((account) => account.Name)
    }
    expect(await inUnit('Dev')).not.toContain('new-dev')
    expect(await inUnit('Prod')).toContain('new')
  })
})

describe('a permission set', () => {
  test('goes only by force while it is assigned, and its assignments and roles go with it', async () => {
    assign()
    const input = target()
    const refused = ask('DELETE', 'permission-sets', { name: 'ReadOnlyAccess' })
    expect(refused.body).toMatchObject({ errors: [{ field: 'force' }] })
    expect(await holders(input)).toHaveLength(1)
    const { AccountAssignmentDeletionStatus: begun } = await sso.send(
      new DeleteAccountAssignmentCommand(input),
    )
    expect(ask('DELETE', 'permission-sets', { name: 'ReadOnlyAccess', force: true }).status).toBe(
      204,
    )
    const gone = { name: 'ResourceNotFoundException' }
    await expect(holders(input)).rejects.toMatchObject(gone)
    const { InstanceArn, PermissionSetArn } = input
    const describeIt = new DescribePermissionSetCommand({ InstanceArn, PermissionSetArn })
    await expect(sso.send(describeIt)).rejects.toMatchObject(gone)
    expect(world.state.rolesOfAccount.at(input.TargetId).size).toBe(0)
    clock.pass(2_000)
    expect(world.state.operations.get(begun!.RequestId!)?.failureReason).toBe(
      'Received a 404 status error: Assignment not found.',
    )
  })

  test('provisioned in the management account is out of the delegated administrator’s reach', async () => {
    assign()
    const provision = { permissionSetName: 'ReadOnlyAccess', accountName: 'Management' }
    expect(ask('POST', 'provision', provision).status).toBe(201)
    const { instanceArn: InstanceArn, managementAccountId: AccountId } = ids
    const listed = await sso.send(
      new ListPermissionSetsProvisionedToAccountCommand({ InstanceArn, AccountId }),
    )
    expect(listed.PermissionSets).toContain(ids.set('ReadOnlyAccess'))
    const denied = { name: 'AccessDeniedException' }
    await expect(creationEnds(target('storefront-dev'))).rejects.toMatchObject(denied)
    await expect(deletionEnds(target())).rejects.toMatchObject(denied)
    expect(ask('DELETE', 'provision', provision).status).toBe(204)
    expect(await deletionEnds(target())).toMatchObject({ Status: 'SUCCEEDED' })
  })

  test('can be made, and given a longer session', async () => {
    const made = ask('POST', 'permission-sets', { name: 'Support' })
    expect(made).toMatchObject({ status: 201, body: { sessionDuration: 'PT1H' } })
    const changed = ask('POST', 'permission-sets', { name: 'Support', sessionDuration: 'PT12H' })
    expect(changed).toMatchObject({
      status: 200,
      body: { permissionSetArn: made.body.permissionSetArn, sessionDuration: 'PT12H' },
    })
  })
})

test('people and groups are renamed by their ids, and keep them', () => {
  const userId = ids.user('test-user')
  expect(ask('POST', 'users', { userId, userName: 'renamed' }).body).toMatchObject({ userId })
  expect(world.state.userByName('test-user')).toBeUndefined()
  expect(world.state.userByName('renamed')?.userId).toBe(userId)
  const groupId = ids.group('TEAM users')
  ask('POST', 'groups', { groupId, displayName: 'Everybody' })
  expect(world.state.groupByName('Everybody')?.groupId).toBe(groupId)
  const taken = ask('POST', 'users', { userId, userName: 'test-admin' })
  expect(taken.body).toMatchObject({ errors: [{ field: 'userName' }] })
})

test('what a deleted person held can be taken away by their id', () => {
  assign()
  const userId = ids.user('test-user')
  ask('DELETE', 'users', { userName: 'test-user' })
  const { TargetId: accountId } = { TargetId: ids.account('payments-dev') }
  const rows = () =>
    (ask('GET', 'assignments').body as unknown as { userId: string; userName: unknown }[]).filter(
      (row) => row.userId === userId,
    )
  expect(rows()).toMatchObject([{ userName: null }])
  ask('DELETE', 'assignments', { userId, accountId, permissionSetName: 'ReadOnlyAccess' })
  expect(rows()).toEqual([])
})

test('a unit can be made, moved with all below it, and removed when empty', () => {
  const made = ask('POST', 'organizational-units', { name: 'Sandbox', parent: 'Dev' })
  expect(made).toMatchObject({ status: 201, body: { parentId: ids.unit('Dev') } })
  ask('POST', 'organizational-units', { name: 'Dev', parent: 'Security' })
  expect(world.state.unitsOf.at(ids.unit('Workloads')).keys()).toEqual([ids.unit('Prod')])
  const circle = ask('POST', 'organizational-units', { name: 'Dev', parent: 'Sandbox' })
  expect(circle.body).toMatchObject({ errors: [{ field: 'parent' }] })
  const full = ask('DELETE', 'organizational-units', { name: 'Dev' })
  expect(full.body).toMatchObject({ errors: [{ reason: 'The unit is not empty.' }] })
  expect(ask('DELETE', 'organizational-units', { name: 'Sandbox' }).status).toBe(204)
})

test('roles are listed with the names that they have in their accounts', () => {
  assign()
  const roles = ask('GET', 'roles').body as unknown as { accountName: string; roleName: string }[]
  const role = roles.find(({ accountName }) => accountName === 'payments-dev')
  expect(role?.roleName).toMatch(/^AWSReservedSSO_ReadOnlyAccess_[0-9a-f]{16}$/)
})

test('all of it is the same after a restart', () => {
  assign()
  ask('POST', 'provision', { permissionSetName: 'Billing', accountName: 'Management' })
  ask('DELETE', 'accounts', { name: 'storefront-prod' })
  ask('POST', 'organizational-units', { name: 'Prod', parent: 'Root' })
  const before = structuredClone([...changesThatMake(world.state)])
  const again = new State()
  for (const change of before) again.apply(change, clock.now().getTime())
  expect([...changesThatMake(again)]).toEqual(before)
  expect(before.filter((change) => change.type === 'role')).toHaveLength(1)
})

const refused: [string, string, object, string][] = [
  ['DELETE', 'accounts', { name: 'Management' }, 'accountId'],
  ['DELETE', 'accounts', { name: 'Audit' }, 'accountId'],
  ['POST', 'accounts', { accountId: '000000000000', state: 'ACTIVE' }, 'accountId'],
  ['POST', 'accounts', { state: 'ACTIVE' }, 'name'],
  ['POST', 'accounts', { name: 'x', organizationalUnit: 'none' }, 'organizationalUnit'],
  ['POST', 'accounts', { name: 'payments-dev', state: 'OPEN' }, 'state'],
  ['DELETE', 'permission-sets', { name: 'none' }, 'name'],
  ['POST', 'permission-sets', { name: 'two words' }, 'name'],
  ['POST', 'provision', { permissionSetName: 'Billing', accountName: 'none' }, 'accountName'],
  ['DELETE', 'organizational-units', { name: 'none' }, 'name'],
]
test.each(refused)(
  '%s %s with %j is refused, naming what is wrong',
  (method, path, body, field) => {
    const answer = ask(method, path, body)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ errors: [{ field }] })
  },
)
