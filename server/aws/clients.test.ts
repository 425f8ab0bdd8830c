import { ListUsersCommand } from '@aws-sdk/client-identitystore'
import { ListInstancesCommand } from '@aws-sdk/client-sso-admin'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AccountId, PermissionSetArn, UserId } from '#core/ids.ts'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import type { Budget } from '#server/engine/budget.ts'
import { clientsFor, control, type SandboxOrganization } from '#test/aws-clients.ts'
import { createAssignments } from './assignments.ts'
import { classify } from './errors.ts'
import { chooseInstance, createInstanceFinder } from './instance.ts'

let sandbox: Sandbox
let organization: SandboxOrganization
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, seed: 9, settings: { callsPerSecond: 100_000 } })
  organization = await control(sandbox, 'GET', 'organization')
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  await control(sandbox, 'DELETE', 'faults')
  await control(sandbox, 'PATCH', 'settings', { minimal: false })
})

const fault = (body: object) => control(sandbox, 'POST', 'faults', body)

function recording() {
  const taken: string[] = []
  const budget: Budget = {
    take: async (bucket) => void taken.push(bucket),
    pause: async (bucket) => void taken.push(`pause ${bucket}`),
  }
  return { taken, clients: clientsFor(sandbox, { budget, limits: { answer: 150 } }) }
}

const target = () => ({
  userId: organization.users[0]?.userId as UserId,
  accountId: organization.accounts.find((one) => one.name === 'Audit')?.accountId as AccountId,
  permissionSetArn: organization.permissionSets.find((one) => one.name === 'Billing')
    ?.arn as PermissionSetArn,
})

describe('every attempt', () => {
  test('is counted by what came of it, and pays its quota', async () => {
    const { clients, taken } = recording()
    await fault({ operation: 'ListUsers', error: 'InternalServerException', times: 1 })
    const command = new ListUsersCommand({ IdentityStoreId: organization.identityStoreId })
    await clients.identityStore('us-east-1').send(command)
    expect(clients.counted).toEqual([
      { service: 'identitystore', operation: 'ListUsers', outcome: 'unavailable' },
      { service: 'identitystore', operation: 'ListUsers', outcome: 'ok' },
    ])
    expect(taken).toEqual(['identitystore/ListUsers', 'identitystore/ListUsers'])
  })

  test('that is throttled pauses the whole of sso-admin', async () => {
    const { clients, taken } = recording()
    await fault({ operation: 'ListInstances', error: 'ThrottlingException', times: 1 })
    await clients.ssoAdmin('other').send(new ListInstancesCommand({}))
    expect(taken).toEqual([
      'sso-admin/other',
      'sso-admin',
      'pause sso-admin',
      'sso-admin/other',
      'sso-admin',
    ])
  })

  test('of the engine is paid by the engine, but for further attempts and pages', async () => {
    const { clients, taken } = recording()
    await fault({ operation: 'ListInstances', error: 'InternalServerException', times: 1 })
    await clients.ssoAdmin('engine').send(new ListInstancesCommand({}))
    expect(taken).toEqual(['sso-admin'])
    const further = new ListInstancesCommand({ NextToken: 'x' })
    await clients
      .ssoAdmin('engine')
      .send(further)
      .catch(() => undefined)
    expect(taken).toEqual(['sso-admin', 'sso-admin'])
  })

  test('that hangs is given up, three times for a read', async () => {
    const { clients } = recording()
    await fault({ operation: 'ListInstances', delayMs: 60_000, delayWhen: 'before' })
    const error = await clients.ssoAdmin('other').send(new ListInstancesCommand({})).catch(classify)
    expect(error).toMatchObject({ kind: 'unavailable' })
    expect(clients.counted).toHaveLength(3)
  })

  test('of a mutation that hangs is the only one, and its outcome unknown', async () => {
    const { clients } = recording()
    const instance = createInstanceFinder(clients)
    await fault({ operation: 'CreateAccountAssignment', delayMs: 60_000 })
    const assignments = createAssignments({ clients, instance, lane: 'engine' })
    expect(await assignments.create(target(), () => true)).toMatchObject({ kind: 'unknown' })
    const counted = clients.counted.filter((call) => call.operation === 'CreateAccountAssignment')
    expect(counted).toEqual([
      { service: 'sso-admin', operation: 'CreateAccountAssignment', outcome: 'unavailable' },
    ])
  })
})

describe('the instance', () => {
  test('is found once, in its primary Region, and looked for again after a failure', async () => {
    const { clients } = recording()
    const instance = createInstanceFinder(clients)
    await fault({ operation: 'ListInstances', error: 'AccessDeniedException', times: 1 })
    await expect(instance.find()).rejects.toMatchObject({ kind: 'denied' })
    const found = await instance.find()
    expect(found).toMatchObject({
      instanceArn: organization.instanceArn,
      identityStoreId: organization.identityStoreId,
    })
    expect(found.region).toBe(found.primaryRegion)
    clients.counted.length = 0
    expect(await instance.find()).toBe(found)
    expect(clients.counted).toEqual([])
  })

  test('tells the management account where DescribeOrganization is denied', async () => {
    const { clients } = recording()
    const { managementAccountId } = await createInstanceFinder(clients).find()
    await fault({ operation: 'DescribeOrganization', error: 'AccessDeniedException' })
    expect(await createInstanceFinder(clients).find()).toMatchObject({ managementAccountId })
  })

  test('is in the configured Region where AWS does not name a primary one', async () => {
    await control(sandbox, 'PATCH', 'settings', { minimal: true })
    const { clients } = recording()
    expect(await createInstanceFinder(clients).find()).toMatchObject({
      primaryRegion: null,
      region: 'us-east-1',
    })
  })

  test('knows who calls', async () => {
    const { clients } = recording()
    const caller = await createInstanceFinder(clients).caller()
    expect(caller.arn).toContain(caller.accountId)
    expect(caller.accountId).toMatch(/^\d{12}$/)
  })

  const mine = { InstanceArn: 'a', OwnerAccountId: '1', Status: 'ACTIVE' as const }
  const others = [
    { ...mine, InstanceArn: 'b', OwnerAccountId: '2' },
    { ...mine, InstanceArn: 'c', Status: 'DELETE_IN_PROGRESS' as const },
  ]
  const where = { managementAccountId: '1', region: 'eu-west-1' }

  test('of the organisation is told from those of single accounts and those going away', () => {
    expect(chooseInstance([...others, mine], where)).toBe(mine)
    const bare = { InstanceArn: 'd' }
    expect(chooseInstance([bare], where)).toBe(bare)
  })

  test('that is missing, or one of several, is told with the Region to change', () => {
    expect(() => chooseInstance(others, where)).toThrow(/eu-west-1.*AWS_REGION/)
    expect(() => chooseInstance([mine, { ...mine, InstanceArn: 'e' }], where)).toThrow(
      /there are 2/,
    )
  })
})
