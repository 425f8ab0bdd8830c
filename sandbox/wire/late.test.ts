import {
  CreateAccountAssignmentCommand,
  DeleteAccountAssignmentCommand,
  DescribeAccountAssignmentCreationStatusCommand,
  DescribeAccountAssignmentDeletionStatusCommand,
  ListAccountAssignmentCreationStatusCommand,
  ListAccountAssignmentsCommand,
  ListInstancesCommand,
  SSOAdminClient,
} from '@aws-sdk/client-sso-admin'
import { beforeEach, describe, expect, test } from 'vitest'
import { addFault } from '#sandbox/control/behaviour.ts'
import { control } from '#sandbox/control/control.ts'
import type { Settings } from '#sandbox/model/types.ts'
import type { World } from '#sandbox/model/world.ts'
import {
  clientOptions,
  type DrivenClock,
  drivenClock,
  drivenWorld,
  idsOf,
  signByClock,
} from '../test-kit.ts'
import { inProcessHandler } from './in-process.ts'

let clock: DrivenClock
let world: World
let ids: ReturnType<typeof idsOf>
let client: SSOAdminClient

beforeEach(async () => {
  clock = drivenClock()
  ;({ world } = await drivenWorld({ clock, wallClock: clock.now }))
  ids = idsOf(world)
  client = new SSOAdminClient(clientOptions(world))
  signByClock(client, clock.now)
})

const set = (settings: Partial<Settings>) =>
  world.commit({ type: 'settings', value: { ...world.settings, ...settings } })

const target = (account = 'payments-dev', permissionSet = 'ReadOnlyAccess') => ({
  InstanceArn: ids.instanceArn,
  TargetId: ids.account(account),
  TargetType: 'AWS_ACCOUNT' as const,
  PermissionSetArn: ids.set(permissionSet),
  PrincipalType: 'USER' as const,
  PrincipalId: ids.user('test-user'),
})

async function create(account?: string, permissionSet?: string, by = client) {
  const command = new CreateAccountAssignmentCommand(target(account, permissionSet))
  return (await by.send(command)).AccountAssignmentCreationStatus!.RequestId!
}

async function remove(account?: string, permissionSet?: string) {
  const command = new DeleteAccountAssignmentCommand(target(account, permissionSet))
  return (await client.send(command)).AccountAssignmentDeletionStatus!.RequestId!
}

async function creation(id: string) {
  const { instanceArn: InstanceArn } = ids
  const answer = await client.send(
    new DescribeAccountAssignmentCreationStatusCommand({
      InstanceArn,
      AccountAssignmentCreationRequestId: id,
    }),
  )
  return answer.AccountAssignmentCreationStatus!
}

async function deletion(id: string) {
  const { instanceArn: InstanceArn } = ids
  const answer = await client.send(
    new DescribeAccountAssignmentDeletionStatusCommand({
      InstanceArn,
      AccountAssignmentDeletionRequestId: id,
    }),
  )
  return answer.AccountAssignmentDeletionStatus!
}

async function isHeld() {
  const { InstanceArn, PermissionSetArn, TargetId: AccountId } = target()
  const list = new ListAccountAssignmentsCommand({ InstanceArn, PermissionSetArn, AccountId })
  return (await client.send(list)).AccountAssignments!.length > 0
}

async function listedInProgress() {
  const Filter = { Status: 'IN_PROGRESS' as const }
  const { instanceArn: InstanceArn } = ids
  const list = new ListAccountAssignmentCreationStatusCommand({ InstanceArn, Filter })
  return (await client.send(list)).AccountAssignmentsCreationStatus!.map((row) => row.RequestId)
}

const unknown = { name: 'ResourceNotFoundException' }

describe('making roles', () => {
  const accounts = ['payments-dev', 'storefront-dev', 'payments-prod', 'storefront-prod']

  test('happens in three accounts at once; the fourth creation stays in progress longer', async () => {
    const made: string[] = []
    for (const account of accounts) made.push(await create(account))
    clock.pass(2_000)
    const statuses = async () => Promise.all(made.map(async (id) => (await creation(id)).Status))
    expect(await statuses()).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'IN_PROGRESS'])
    clock.pass(2_000)
    expect(await statuses()).toEqual(Array(4).fill('SUCCEEDED'))
  })

  test('holds up neither deletions nor creations whose role is there', async () => {
    const body = { permissionSetName: 'Billing', accountName: 'storefront-prod' }
    control(world, {
      method: 'POST',
      path: '/_sandbox/provision',
      host: '',
      origin: undefined,
      body: Buffer.from(JSON.stringify(body)),
    })
    for (const account of accounts.slice(0, 3)) await create(account)
    const withRole = await create('storefront-prod', 'Billing')
    const gone = await remove('Audit')
    clock.pass(2_000)
    expect((await creation(withRole)).Status).toBe('SUCCEEDED')
    expect((await deletion(gone)).Status).toBe('FAILED')
  })

  test('is bounded by the setting', async () => {
    set({ concurrentProvisionings: 1 })
    const first = await create('payments-dev')
    const second = await create('storefront-dev')
    clock.pass(2_000)
    expect((await creation(first)).Status).toBe('SUCCEEDED')
    expect((await creation(second)).Status).toBe('IN_PROGRESS')
  })

  test('fails in an account that has as many as it may, and leaves nothing', async () => {
    set({ rolesPerAccount: 1 })
    await create('payments-dev', 'Billing')
    clock.pass(2_000)
    const id = await create()
    clock.pass(2_000)
    expect(await creation(id)).toMatchObject({
      Status: 'FAILED',
      FailureReason: expect.stringContaining('Cannot exceed quota for RolesPerAccount: 1'),
    })
    expect(await isHeld()).toBe(false)
  })
})

describe('a status', () => {
  test('may come later than the effect; until then the write counts as unsettled', async () => {
    set({ statusDelayMs: 30_000 })
    const id = await create()
    clock.pass(2_000)
    expect(await isHeld()).toBe(true)
    expect((await creation(id)).Status).toBe('IN_PROGRESS')
    expect(await listedInProgress()).toEqual([id])
    await expect(remove()).rejects.toMatchObject({ name: 'ConflictException' })
    clock.pass(30_000)
    expect((await creation(id)).Status).toBe('SUCCEEDED')
    expect(await listedInProgress()).toEqual([])
    await expect(remove()).resolves.toBeDefined()
  })

  test('that is late says nothing of a failure either', async () => {
    addFault(world, { operation: 'DeleteAccountAssignment', statusDelayMs: 5_000, times: 1 })
    const id = await remove()
    clock.pass(2_000)
    expect(await deletion(id)).not.toHaveProperty('FailureReason')
    clock.pass(5_000)
    expect((await deletion(id)).FailureReason).toContain('Assignment not found')
  })

  test('is forgotten after as long as the setting says, but not while it is in progress', async () => {
    set({ statusKeptMs: 1_000 })
    const id = await create()
    clock.pass(1_999)
    expect((await creation(id)).Status).toBe('IN_PROGRESS')
    clock.pass(1)
    await expect(creation(id)).rejects.toMatchObject(unknown)
    expect(await isHeld()).toBe(true)
  })

  test('of an operation in flight can be forgotten, and its effect comes all the same', async () => {
    const id = await create()
    control(world, {
      method: 'POST',
      path: '/_sandbox/forget-statuses',
      host: '',
      origin: undefined,
      body: Buffer.alloc(0),
    })
    await expect(creation(id)).rejects.toMatchObject(unknown)
    expect(await listedInProgress()).toEqual([])
    await expect(create()).rejects.toMatchObject({ name: 'ConflictException' })
    clock.pass(2_000)
    await expect(creation(id)).rejects.toMatchObject(unknown)
    expect(await isHeld()).toBe(true)
  })
})

describe('a read that lags', () => {
  test('shows what was, of creations and of deletions', async () => {
    set({ readLagMs: 10_000 })
    await create()
    clock.pass(2_000)
    expect(await isHeld()).toBe(false)
    clock.pass(10_000)
    expect(await isHeld()).toBe(true)
    await remove()
    clock.pass(2_000)
    expect(world.state.assignmentsOfPrincipal.at(`USER/${ids.user('test-user')}`).size).toBe(0)
    clock.pass(9_999)
    expect(await isHeld()).toBe(true)
    clock.pass(1)
    expect(await isHeld()).toBe(false)
  })
})

describe('a creation in flight', () => {
  test.each<[string, () => void, string]>([
    [
      'person',
      () => world.commit({ type: 'user-removed', userId: ids.user('test-user') }),
      'was not found in directory',
    ],
    [
      'permission set',
      () =>
        world.commit({
          type: 'permission-set-removed',
          permissionSetArn: ids.set('ReadOnlyAccess'),
        }),
      'PermissionSet not found',
    ],
  ])('whose %s vanishes ends FAILED, and leaves nothing', async (_, vanish, reason) => {
    const { PermissionSetArn, TargetId } = target()
    const id = await create()
    vanish()
    clock.pass(2_000)
    expect(await creation(id)).toMatchObject({
      Status: 'FAILED',
      FailureReason: expect.stringMatching(`^Received a 404 status error: .*${reason}`),
    })
    expect(world.state.assignmentsOfTarget.at(`${TargetId} ${PermissionSetArn}`).size).toBe(0)
  })
})

describe('an orphan', () => {
  test.each<[string, boolean, string, number]>([
    ['can be deleted', false, 'SUCCEEDED', 0],
    ['stays when the sandbox is told so', true, 'FAILED', 1],
  ])('%s', async (_, orphansStay, Status, left) => {
    set({ orphansStay })
    await create()
    clock.pass(2_000)
    const input = target()
    world.commit({ type: 'user-removed', userId: input.PrincipalId })
    const order = await client.send(new DeleteAccountAssignmentCommand(input))
    clock.pass(2_000)
    expect(await deletion(order.AccountAssignmentDeletionStatus!.RequestId!)).toMatchObject({
      Status,
    })
    const held = world.state.assignmentsOfPrincipal.at(`USER/${input.PrincipalId}`)
    expect(held.size).toBe(left)
  })
})

describe('a signature, by the clock that was handed in', () => {
  const minutes = 60_000

  test('is refused when it is older than fifteen minutes, and the SDK learns the time from it', async () => {
    clock.pass(365 * 24 * 60 * minutes)
    const unaware = new SSOAdminClient(clientOptions(world))
    const list = () => unaware.send(new ListInstancesCommand({}))
    await expect(list()).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      message: expect.stringContaining('Signature expired'),
    })
    await expect(list()).resolves.toBeDefined()
  })

  test.each([
    [14, 'lands', 1],
    [16, 'has no effect', 0],
  ])('a call that is on its way for %i minutes %s', async (late, _, effects) => {
    addFault(world, {
      operation: 'CreateAccountAssignment',
      delayMs: late * minutes,
      delayWhen: 'before',
    })
    const slow = new SSOAdminClient({
      ...clientOptions(world),
      requestHandler: inProcessHandler(world, {
        wait: async (ms) => {
          clock.pass(ms)
          return true
        },
      }),
    })
    signByClock(slow, clock.now)
    await create('payments-dev', 'ReadOnlyAccess', slow).catch(() => {})
    expect([...world.state.operations.values()]).toHaveLength(effects)
  })
})

test.each([
  ['before', 0],
  ['after', 1],
] as const)('a call that hangs %s its effect never answers, and has %i', async (hangs, effects) => {
  addFault(world, { operation: 'CreateAccountAssignment', hangs, times: 1 })
  let waits = 0
  const patient = new SSOAdminClient({
    ...clientOptions(world),
    requestHandler: inProcessHandler(world, {
      wait: async (ms) => {
        waits = ms
        return false
      },
    }),
  })
  signByClock(patient, clock.now)
  const hanging = create('payments-dev', 'ReadOnlyAccess', patient)
  await expect(hanging).rejects.toMatchObject({ name: 'AbortError' })
  expect(waits).toBeGreaterThan(365 * 24 * 60 * 60 * 1000)
  expect([...world.state.operations.values()]).toHaveLength(effects)
})
