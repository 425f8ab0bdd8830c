import {
  CreateAccountAssignmentCommand,
  DeleteAccountAssignmentCommand,
  DescribeAccountAssignmentCreationStatusCommand,
  DescribeAccountAssignmentDeletionStatusCommand,
  ListAccountAssignmentCreationStatusCommand,
  ListAccountAssignmentsCommand,
  ListAccountAssignmentsForPrincipalCommand,
  ListPermissionSetsProvisionedToAccountCommand,
  SSOAdminClient,
} from '@aws-sdk/client-sso-admin'
import { beforeEach, describe, expect, test } from 'vitest'
import { addFault } from '#sandbox/control/behaviour.ts'
import { control } from '#sandbox/control/control.ts'
import { delegatedAdministrator, managementAccount } from '#sandbox/model/principals.ts'
import type { World } from '#sandbox/model/world.ts'
import { clientOptions, type DrivenClock, drivenClock, drivenWorld, idsOf } from '../test-kit.ts'

let clock: DrivenClock
let world: World
let ids: ReturnType<typeof idsOf>
let client: SSOAdminClient

beforeEach(async () => {
  clock = drivenClock()
  ;({ world } = await drivenWorld({ clock }))
  ids = idsOf(world)
  client = new SSOAdminClient(clientOptions(world))
})

interface Asked {
  user?: string
  group?: string
  account?: string
  set?: string
}

function input(asked: Asked = {}) {
  return {
    InstanceArn: ids.instanceArn,
    TargetId: ids.account(asked.account ?? 'payments-dev'),
    TargetType: 'AWS_ACCOUNT' as const,
    PermissionSetArn: ids.set(asked.set ?? 'ReadOnlyAccess'),
    PrincipalType: asked.group === undefined ? ('USER' as const) : ('GROUP' as const),
    PrincipalId:
      asked.group === undefined ? ids.user(asked.user ?? 'test-user') : ids.group(asked.group),
  }
}

async function create(asked: Asked = {}, by = client) {
  const answer = await by.send(new CreateAccountAssignmentCommand(input(asked)))
  return answer.AccountAssignmentCreationStatus!
}

async function remove(asked: Asked = {}, by = client) {
  const answer = await by.send(new DeleteAccountAssignmentCommand(input(asked)))
  return answer.AccountAssignmentDeletionStatus!
}

async function creation(id: string) {
  const answer = await client.send(
    new DescribeAccountAssignmentCreationStatusCommand({
      InstanceArn: ids.instanceArn,
      AccountAssignmentCreationRequestId: id,
    }),
  )
  return answer.AccountAssignmentCreationStatus!
}

async function deletion(id: string) {
  const answer = await client.send(
    new DescribeAccountAssignmentDeletionStatusCommand({
      InstanceArn: ids.instanceArn,
      AccountAssignmentDeletionRequestId: id,
    }),
  )
  return answer.AccountAssignmentDeletionStatus!
}

async function holders(asked: Asked = {}) {
  const { InstanceArn, PermissionSetArn, TargetId } = input(asked)
  const answer = await client.send(
    new ListAccountAssignmentsCommand({ InstanceArn, PermissionSetArn, AccountId: TargetId }),
  )
  return answer.AccountAssignments!.map((row) => row.PrincipalId)
}

describe('an account assignment', () => {
  test('is in progress, and not there, until its delay is over', async () => {
    const { RequestId, Status } = await create()
    expect(Status).toBe('IN_PROGRESS')
    clock.pass(1_999)
    expect(await holders()).toEqual([])
    expect((await creation(RequestId!)).Status).toBe('IN_PROGRESS')
    clock.pass(1)
    expect((await creation(RequestId!)).Status).toBe('SUCCEEDED')
    expect(await holders()).toEqual([ids.user('test-user')])
  })

  test('can be created twice, and is still one', async () => {
    await create()
    clock.pass(2_000)
    const { RequestId } = await create()
    clock.pass(2_000)
    expect((await creation(RequestId!)).Status).toBe('SUCCEEDED')
    expect(await holders()).toHaveLength(1)
  })

  test('is removed whoever made it', async () => {
    const body = { userName: 'test-user', accountId: ids.account('payments-dev') }
    control(world, {
      method: 'POST',
      path: '/_sandbox/assignments',
      host: '',
      origin: undefined,
      body: Buffer.from(JSON.stringify({ ...body, permissionSetName: 'ReadOnlyAccess' })),
    })
    const { RequestId } = await remove()
    expect(await holders()).toHaveLength(1)
    clock.pass(2_000)
    expect((await deletion(RequestId!)).Status).toBe('SUCCEEDED')
    expect(await holders()).toEqual([])
  })

  test('that is not there is deleted with an outcome of FAILED, not with an error', async () => {
    const { RequestId } = await remove()
    clock.pass(2_000)
    expect(await deletion(RequestId!)).toMatchObject({
      Status: 'FAILED',
      FailureReason: 'Received a 404 status error: Assignment not found.',
    })
  })

  test('of a deleted person stays, and can be removed', async () => {
    await create()
    clock.pass(2_000)
    const asked = input()
    world.commit({ type: 'user-removed', userId: asked.PrincipalId })
    const list = new ListAccountAssignmentsCommand({
      InstanceArn: asked.InstanceArn,
      AccountId: asked.TargetId,
      PermissionSetArn: asked.PermissionSetArn,
    })
    expect((await client.send(list)).AccountAssignments).toHaveLength(1)
    await client.send(new DeleteAccountAssignmentCommand(asked))
    clock.pass(2_000)
    expect((await client.send(list)).AccountAssignments).toHaveLength(0)
  })

  test('in a suspended account fails later, with a reason', async () => {
    const { RequestId } = await create({ account: 'legacy-dev' })
    clock.pass(2_000)
    const status = await creation(RequestId!)
    expect(status.Status).toBe('FAILED')
    expect(status.FailureReason).toContain('AWS SSO is unable to complete your request')
  })

  test('operations on one account come one after the other, on two at the same time', async () => {
    const first = await create({ set: 'ReadOnlyAccess' })
    const second = await create({ set: 'Billing' })
    const elsewhere = await create({ account: 'storefront-dev' })
    clock.pass(2_000)
    expect((await creation(first.RequestId!)).Status).toBe('SUCCEEDED')
    expect((await creation(elsewhere.RequestId!)).Status).toBe('SUCCEEDED')
    expect((await creation(second.RequestId!)).Status).toBe('IN_PROGRESS')
    clock.pass(2_000)
    expect((await creation(second.RequestId!)).Status).toBe('SUCCEEDED')
  })

  test('operations on one account wait for each other whatever they do', async () => {
    const held = { account: 'Audit', group: 'AWSSecurityAuditors', set: 'ReadOnlyAccess' }
    const lastOfItsRole = await remove(held)
    const makesARole = await create({ account: 'Audit', set: 'Billing' })
    const absent = await remove({ account: 'Audit', set: 'PowerUserAccess' })
    clock.pass(2_000)
    expect((await deletion(lastOfItsRole.RequestId!)).Status).toBe('SUCCEEDED')
    expect((await creation(makesARole.RequestId!)).Status).toBe('IN_PROGRESS')
    clock.pass(2_000)
    expect((await creation(makesARole.RequestId!)).Status).toBe('SUCCEEDED')
    expect((await deletion(absent.RequestId!)).Status).toBe('IN_PROGRESS')
    clock.pass(2_000)
    expect((await deletion(absent.RequestId!)).Status).toBe('FAILED')
  })

  test('of somebody who is disabled stays', async () => {
    await create()
    clock.pass(2_000)
    const user = world.state.users.get(ids.user('test-user'))!
    world.commit({ type: 'user', value: { ...user, status: 'DISABLED' } })
    expect(await holders()).toEqual([user.userId])
  })

  test('status is forgotten after a day', async () => {
    const { RequestId } = await create()
    clock.pass(24 * 60 * 60 * 1000 - 1)
    expect((await creation(RequestId!)).Status).toBe('SUCCEEDED')
    clock.pass(1)
    await expect(creation(RequestId!)).rejects.toThrow(/does not exist/)
  })

  test('ends as a fault says', async () => {
    addFault(world, { operation: 'CreateAccountAssignment', failureReason: 'role quota', times: 1 })
    const failing = await create()
    clock.pass(2_000)
    expect(await creation(failing.RequestId!)).toMatchObject({
      Status: 'FAILED',
      FailureReason: 'role quota',
    })
    const working = await create()
    clock.pass(2_000)
    expect((await creation(working.RequestId!)).Status).toBe('SUCCEEDED')
  })
})

describe('the reserved role', () => {
  const roleName = () =>
    world.state.rolesOfAccount.at(ids.account('payments-dev')).get(ids.set('ReadOnlyAccess'))

  test('goes with the last assignment, and comes back under another suffix', async () => {
    await create({ user: 'test-user' })
    clock.pass(2_000)
    await create({ group: 'TEAM approvers' })
    clock.pass(2_000)
    const suffix = roleName()
    expect(suffix).toMatch(/^[0-9a-f]{16}$/)
    await remove({ user: 'test-user' })
    clock.pass(2_000)
    expect(roleName()).toBe(suffix)
    await remove({ group: 'TEAM approvers' })
    clock.pass(2_000)
    expect(roleName()).toBeUndefined()
    await create()
    clock.pass(2_000)
    expect(roleName()).toMatch(/^[0-9a-f]{16}$/)
    expect(roleName()).not.toBe(suffix)
  })
})

describe('what is refused at once', () => {
  const conflict = { name: 'ConflictException' }
  test.each<[string, (asked?: Asked) => Promise<unknown>]>([
    ['creation', create],
    ['deletion', remove],
  ])(
    'a write on a target whose earlier %s has not settled, whoever it is for',
    async (_, earlier) => {
      await earlier()
      for (const asked of [{}, { user: 'sam.carter' }, { group: 'TEAM users' }]) {
        await expect(create(asked)).rejects.toMatchObject(conflict)
        await expect(remove(asked)).rejects.toMatchObject(conflict)
      }
      await expect(create({ set: 'Billing' })).resolves.toBeDefined()
      await expect(create({ account: 'storefront-dev' })).resolves.toBeDefined()
      clock.pass(2_000)
      await expect(remove({ user: 'sam.carter' })).resolves.toMatchObject({ Status: 'IN_PROGRESS' })
    },
  )

  test('under conflictScope key, only a write on the same assignment', async () => {
    world.commit({ type: 'settings', value: { ...world.settings, conflictScope: 'key' } })
    await create()
    await expect(create()).rejects.toMatchObject(conflict)
    await expect(remove()).rejects.toMatchObject(conflict)
    await expect(create({ user: 'sam.carter' })).resolves.toBeDefined()
  })

  test('a sixteenth outstanding creation, until one is over; deletions do not count', async () => {
    const sets = ['AdministratorAccess', 'PowerUserAccess', 'ReadOnlyAccess', 'Billing']
    const accounts = ['payments-dev', 'storefront-dev', 'payments-prod', 'storefront-prod']
    const all = accounts.flatMap((account) => sets.map((set) => ({ account, set })))
    for (const asked of all.slice(0, 15)) await create(asked)
    await remove({ account: 'Audit' })
    const error = { name: 'ServiceQuotaExceededException' }
    await expect(create(all[15])).rejects.toMatchObject(error)
    clock.pass(2_000)
    await expect(create(all[15])).resolves.toBeDefined()
  })

  test.each<[string, Asked]>([
    ['the management account', { account: 'Management' }],
    ['a permission set provisioned there', { set: 'AWSOrganizationsFullAccess' }],
  ])('a delegated administrator who would change %s', async (_, asked) => {
    const error = { name: 'AccessDeniedException' }
    await expect(create(asked)).rejects.toMatchObject(error)
    await expect(remove(asked)).rejects.toMatchObject(error)
    const owner = new SSOAdminClient(clientOptions(world, managementAccount))
    await expect(create(asked, owner)).resolves.toMatchObject({ Status: 'IN_PROGRESS' })
  })

  const unknown = {
    account: { TargetId: '000000000000' },
    set: {
      PermissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-0000000000000000/ps-0000000000000000',
    },
    person: { PrincipalId: '00000000-0000-4000-8000-000000000000' },
    instance: { InstanceArn: 'arn:aws:sso:::instance/ssoins-0000000000000000' },
  }
  test.each(Object.entries(unknown))('an unknown %s', async (_, member) => {
    const command = new CreateAccountAssignmentCommand({ ...input(), ...member })
    await expect(client.send(command)).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  })

  const malformed: [string, object, string][] = [
    ['a short account id', { TargetId: '12345' }, 'targetId'],
    ['a missing principal', { PrincipalId: undefined }, 'principalId'],
    ['an unknown principal type', { PrincipalType: 'ROBOT' }, 'principalType'],
    [
      'an ARN of something else',
      { PermissionSetArn: 'arn:aws:iam::aws:policy/X' },
      'permissionSetArn',
    ],
  ]
  test.each(malformed)('%s, naming the member', async (_, member, name) => {
    const given = { ...input(), ...member } as ReturnType<typeof input>
    const refused = client.send(new CreateAccountAssignmentCommand(given))
    await expect(refused).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(`at '${name}' failed to satisfy constraint`),
    })
  })

  test('more calls in a second than the shared quota, over all operations', async () => {
    world.commit({ type: 'settings', value: { ...world.settings, callsPerSecond: 20 } })
    for (let call = 0; call < 10; call += 1) {
      await holders()
      await client.send(
        new ListPermissionSetsProvisionedToAccountCommand({
          InstanceArn: ids.instanceArn,
          AccountId: ids.managementAccountId,
        }),
      )
    }
    await expect(holders()).rejects.toMatchObject({ name: 'ThrottlingException' })
    clock.pass(50)
    await expect(holders()).resolves.toEqual([])
    await expect(holders()).rejects.toMatchObject({ name: 'ThrottlingException' })
  })
})

test('a noisy neighbour leaves only the rest of the shared quota', async () => {
  const quota = { callsPerSecond: 20, otherCallersPerSecond: 15 }
  world.commit({ type: 'settings', value: { ...world.settings, ...quota } })
  const throttled = { name: 'ThrottlingException' }
  for (let call = 0; call < 20; call += 1) await holders()
  await expect(holders()).rejects.toMatchObject(throttled)
  clock.pass(1_000)
  for (let call = 0; call < 5; call += 1) await holders()
  await expect(holders()).rejects.toMatchObject(throttled)
})

test('statuses are listed by outcome, a page at a time', async () => {
  for (const set of ['ReadOnlyAccess', 'Billing', 'PowerUserAccess']) await create({ set })
  clock.pass(2_000)
  await create({ account: 'storefront-dev' })
  const InstanceArn = ids.instanceArn
  const Filter = { Status: 'IN_PROGRESS' as const }
  const list = new ListAccountAssignmentCreationStatusCommand({ InstanceArn, Filter })
  const inProgress = (await client.send(list)).AccountAssignmentsCreationStatus!
  expect(inProgress.map((status) => status.Status)).toEqual(Array(3).fill('IN_PROGRESS'))
  const seen: (string | undefined)[] = []
  let NextToken: string | undefined
  do {
    const page = await client.send(
      new ListAccountAssignmentCreationStatusCommand({
        InstanceArn,
        MaxResults: 1,
        ...(NextToken === undefined ? {} : { NextToken }),
      }),
    )
    seen.push(...page.AccountAssignmentsCreationStatus!.map((status) => status.RequestId))
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  expect(new Set(seen).size).toBe(4)
})

test('only the management account may ask what a principal has; groups count', async () => {
  await create({ group: 'TEAM users', account: 'payments-prod' })
  await create({ user: 'test-user', account: 'payments-dev' })
  clock.pass(4_000)
  const command = new ListAccountAssignmentsForPrincipalCommand({
    InstanceArn: ids.instanceArn,
    PrincipalId: ids.user('test-user'),
    PrincipalType: 'USER',
  })
  await expect(client.send(command)).rejects.toMatchObject({ name: 'AccessDeniedException' })
  const owner = new SSOAdminClient(clientOptions(world, managementAccount))
  const { AccountAssignments } = await owner.send(command)
  expect(AccountAssignments!.map((row) => row.PrincipalType).sort()).toEqual(['GROUP', 'USER'])
})

test('assignments are refused outside the primary Region', async () => {
  const options = { ...clientOptions(world, delegatedAdministrator), region: 'eu-central-1' }
  const elsewhere = new SSOAdminClient(options)
  await expect(create({}, elsewhere)).rejects.toMatchObject({ name: 'AccessDeniedException' })
})
