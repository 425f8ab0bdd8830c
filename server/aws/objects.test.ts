import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AccountId, PermissionSetArn } from '#core/ids.ts'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import { clientsFor, control, type SandboxOrganization } from '#test/aws-clients.ts'
import { createInstanceFinder } from './instance.ts'
import { createObjects } from './objects.ts'
import { createProvisionedSets } from './provisioned-sets.ts'

let sandbox: Sandbox
let accountId: AccountId
let arn: PermissionSetArn
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, seed: 1, settings: { callsPerSecond: 100_000 } })
  const { accounts, permissionSets } = await control<SandboxOrganization>(
    sandbox,
    'GET',
    'organization',
  )
  accountId = accounts.find((one) => one.name === 'Audit')?.accountId as AccountId
  arn = permissionSets.find((one) => one.name === 'ReadOnlyAccess')?.arn as PermissionSetArn
})
afterAll(() => sandbox.close())
beforeEach(() => control(sandbox, 'DELETE', 'faults'))

const addFault = (operation: string, how: object) =>
  control(sandbox, 'POST', 'faults', { operation, ...how })

function open() {
  const clients = clientsFor(sandbox)
  const instance = createInstanceFinder(clients)
  return {
    objects: createObjects({ clients, instance }),
    provisioned: createProvisionedSets({ clients, instance, lane: 'other' }),
  }
}

describe('an account or a permission set', () => {
  test('is gone when AWS does not know it', async () => {
    const { objects } = open()
    expect(await objects.readAccount('999999999999' as AccountId)).toEqual({ kind: 'gone' })
    const unknown = arn.replace(/ps-.*$/, 'ps-0000000000000000') as PermissionSetArn
    expect(await objects.readPermissionSet(unknown)).toEqual({ kind: 'gone' })
  })

  test('is not gone where no instance is found', async () => {
    await addFault('ListInstances', { loses: 1 })
    const { objects, provisioned } = open()
    const unavailable = { kind: 'unavailable' }
    await expect(objects.readAccount(accountId)).rejects.toMatchObject(unavailable)
    await expect(objects.readPermissionSet(arn)).rejects.toMatchObject(unavailable)
    await expect(provisioned.provisionedIn(accountId)).rejects.toMatchObject(unavailable)
  })

  test('is not gone because the way to it through the units breaks off', async () => {
    await addFault('ListParents', { error: 'ChildNotFoundException' })
    await expect(open().objects.readAccount(accountId)).rejects.toThrow()
  })

  test('is not gone because TEAM’s own account has left the organisation', async () => {
    await addFault('DescribeAccount', { error: 'AWSOrganizationsNotInUseException' })
    await expect(open().objects.readAccount(accountId)).rejects.toThrow()
  })
})
