import {
  DeregisterDelegatedAdministratorCommand,
  DescribeOrganizationCommand,
  DisableAWSServiceAccessCommand,
  EnableAWSServiceAccessCommand,
  ListAccountsCommand,
  ListAWSServiceAccessForOrganizationCommand,
  ListDelegatedAdministratorsCommand,
  ListDelegatedServicesForAccountCommand,
  OrganizationsClient,
  RegisterDelegatedAdministratorCommand,
} from '@aws-sdk/client-organizations'
import { GetAccountCommand, GetEmailIdentityCommand, SESv2Client } from '@aws-sdk/client-sesv2'
import {
  ListInstancesCommand,
  ListPermissionSetsCommand,
  SSOAdminClient,
} from '@aws-sdk/client-sso-admin'
import { beforeEach, describe, expect, test } from 'vitest'
import { control } from '../control/control.ts'
import { changesThatMake } from '../model/changes-that-make.ts'
import { managementAccount } from '../model/principals.ts'
import { State } from '../model/state.ts'
import type { World } from '../model/world.ts'
import { clientOptions, drivenClock, drivenWorld, idsOf } from '../test-kit.ts'

const sso = 'sso.amazonaws.com'
const cloudTrail = 'cloudtrail.amazonaws.com'

let world: World
let owner: OrganizationsClient
let member: OrganizationsClient

async function found(bare: boolean) {
  const clock = drivenClock()
  ;({ world } = await drivenWorld({ clock, bare }))
  owner = new OrganizationsClient(clientOptions(world, managementAccount))
  member = new OrganizationsClient(clientOptions(world))
}

const enable = (ServicePrincipal: string) =>
  owner.send(new EnableAWSServiceAccessCommand({ ServicePrincipal }))
const register = (ServicePrincipal: string, AccountId: string) =>
  owner.send(new RegisterDelegatedAdministratorCommand({ ServicePrincipal, AccountId }))

async function refused(call: Promise<unknown>) {
  const error = await call.then(
    () => null,
    (thrown: { name: string; Reason?: string }) => thrown,
  )
  return [error?.name, error?.Reason].filter((one) => one !== undefined)
}

describe('an organisation in which nothing has been set up', () => {
  beforeEach(() => found(true))

  test('trusts no service, and a member may ask only which organisation it is in', async () => {
    const listed = await owner.send(new ListAWSServiceAccessForOrganizationCommand({}))
    expect(listed.EnabledServicePrincipals).toEqual([])
    expect(await refused(member.send(new ListAccountsCommand({})))).toEqual([
      'AccessDeniedException',
    ])
    await member.send(new DescribeOrganizationCommand({}))
    const admin = new SSOAdminClient(clientOptions(world))
    const { Instances = [] } = await admin.send(new ListInstancesCommand({}))
    const { InstanceArn } = Instances[0] ?? {}
    expect(await refused(admin.send(new ListPermissionSetsCommand({ InstanceArn })))).toEqual([
      'AccessDeniedException',
    ])
  })

  test('registers an administrator only after the service is trusted', async () => {
    const audit = idsOf(world).account('Audit')
    expect(await refused(register(sso, audit))).toEqual([
      'ConstraintViolationException',
      'SERVICE_ACCESS_NOT_ENABLED',
    ])
    await enable(sso)
    await enable(sso)
    await register(sso, audit)
    expect(await refused(register(sso, audit))).toEqual(['AccountAlreadyRegisteredException'])
    const listed = await member.send(
      new ListDelegatedServicesForAccountCommand({ AccountId: audit }),
    )
    expect(listed.DelegatedServices?.map((one) => one.ServicePrincipal)).toEqual([sso])
  })

  test('lets one account administer IAM Identity Center, three CloudTrail, the owner none', async () => {
    const ids = idsOf(world)
    await Promise.all([enable(sso), enable(cloudTrail)])
    await register(sso, ids.account('Audit'))
    const max = 'MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED'
    const tooMany = ['ConstraintViolationException', max]
    expect(await refused(register(sso, ids.account('Log Archive')))).toEqual(tooMany)
    for (const name of ['Audit', 'Log Archive', 'payments-dev']) {
      await register(cloudTrail, ids.account(name))
    }
    expect(await refused(register(cloudTrail, ids.account('payments-prod')))).toEqual(tooMany)
    expect(await refused(register(sso, ids.account('Management')))).toEqual([
      'ConstraintViolationException',
      'CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR',
    ])
    expect(await refused(register(sso, ids.account('legacy-dev')))).toEqual([
      'ConstraintViolationException',
      'CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR',
    ])
    expect(await refused(register(sso, '999999999999'))).toEqual(['AccountNotFoundException'])
  })

  test('takes nothing back while somebody administers it', async () => {
    const audit = idsOf(world).account('Audit')
    await enable(sso)
    await register(sso, audit)
    const disable = () => owner.send(new DisableAWSServiceAccessCommand({ ServicePrincipal: sso }))
    expect(await refused(disable())).toEqual([
      'ConstraintViolationException',
      'DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE',
    ])
    const input = { AccountId: audit, ServicePrincipal: sso }
    await owner.send(new DeregisterDelegatedAdministratorCommand(input))
    expect(await refused(owner.send(new DeregisterDelegatedAdministratorCommand(input)))).toEqual([
      'AccountNotRegisteredException',
    ])
    await disable()
    const asked = new ListDelegatedServicesForAccountCommand({ AccountId: audit })
    expect(await refused(owner.send(asked))).toEqual(['AccountNotRegisteredException'])
  })

  test('is changed by the management account alone', async () => {
    await enable(sso)
    await register(sso, idsOf(world).account('Audit'))
    const change = new EnableAWSServiceAccessCommand({ ServicePrincipal: cloudTrail })
    expect(await refused(member.send(change))).toEqual(['AccessDeniedException'])
    await member.send(new ListAccountsCommand({}))
  })

  test('is kept in the journal as it is', async () => {
    await enable(sso)
    await register(sso, idsOf(world).account('Audit'))
    post('/_sandbox/email-identities', { identity: 'example.net', verified: false })
    const again = new State()
    for (const change of changesThatMake(world.state)) again.apply(change, 0)
    expect(again.services).toEqual(world.state.services)
    expect(again.emailIdentities).toEqual(world.state.emailIdentities)
  })

  test('has no mail domain until SES has verified it', async () => {
    const ses = new SESv2Client(clientOptions(world))
    const identity = new GetEmailIdentityCommand({ EmailIdentity: 'example.net' })
    expect(await refused(ses.send(identity))).toEqual(['NotFoundException'])
    post('/_sandbox/email-identities', { identity: 'example.net', verified: false })
    expect(await ses.send(identity)).toMatchObject({
      IdentityType: 'DOMAIN',
      VerifiedForSendingStatus: false,
      VerificationStatus: 'PENDING',
    })
    post('/_sandbox/email-identities', { identity: 'example.net' })
    expect(await ses.send(identity)).toMatchObject({ VerifiedForSendingStatus: true })
    world.commit({ type: 'settings', value: { ...world.settings, sesSendingEnabled: false } })
    expect(await ses.send(new GetAccountCommand({}))).toMatchObject({ SendingEnabled: false })
  })
})

test('the organisation that everybody meets has all three services delegated', async () => {
  await found(false)
  const { account } = idsOf(world)
  const asked = new ListDelegatedAdministratorsCommand({ ServicePrincipal: sso })
  const { DelegatedAdministrators = [] } = await member.send(asked)
  expect(DelegatedAdministrators.map(({ Id }) => Id)).toEqual([account('Audit')])
  const services = await member.send(
    new ListDelegatedServicesForAccountCommand({ AccountId: account('Audit') }),
  )
  expect(services.DelegatedServices).toHaveLength(3)
})

function post(path: string, body: object) {
  const answer = control(world, {
    method: 'POST',
    path,
    host: 'sandbox',
    origin: undefined,
    body: Buffer.from(JSON.stringify(body)),
  })
  expect(answer.status).toBe(200)
}
