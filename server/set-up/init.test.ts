import {
  OrganizationsClient,
  RegisterDelegatedAdministratorCommand,
} from '@aws-sdk/client-organizations'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { managementAccount } from '#sandbox/model/principals.ts'
import { clientOptions } from '#sandbox/test-kit.ts'
import { control } from '#test/aws-clients.ts'
import { createSetUpWorld, type SetUpWorld } from '#test/set-up-world.ts'

let world: SetUpWorld
let account: string
beforeEach(async () => {
  world = await createSetUpWorld({ bare: true })
  account = world.ids.account('Audit')
  await configure({})
})
afterEach(() => world.close())

const configure = (config: object) =>
  world.writeConfig({
    region: 'us-east-1',
    teamAccount: account,
    orgMasterProfile: 'org-master',
    teamAccountProfile: 'team-account',
    ...config,
  })

async function changes(): Promise<string[]> {
  const calls = await control<{ operation: string }[]>(world.sandbox, 'GET', 'calls')
  return calls.map(({ operation }) => operation).filter((name) => /^(Enable|Register)/.test(name))
}

const services = () => world.sandbox.world.state.services

test('a dry run says what would be done, and does nothing', async () => {
  const { code, out } = await world.team('init', '--dry-run')
  expect(code).toBe(0)
  expect(out).toContain(
    `${account} would be configured as delegated Admin for AWS IAM Identity Center`,
  )
  expect(out).toMatch(/Nothing was changed \(--dry-run\)\.$/)
  expect(await changes()).toEqual([])
})

test('a first run delegates the three services; a second finds that all is there', async () => {
  const first = await world.team('init')
  expect([first.code, first.out.split('\n')]).toEqual([
    0,
    [
      `Management account ${world.ids.managementAccountId}; TEAM's account ${account} (Audit)`,
      'Trusted access for AWS Account Management enabled',
      `${account} configured as delegated Admin for AWS Account Management`,
      'Trusted access for AWS CloudTrail enabled',
      `${account} configured as delegated Admin for AWS CloudTrail`,
      'Trusted access for AWS IAM Identity Center enabled',
      `${account} configured as delegated Admin for AWS IAM Identity Center`,
      'Done. Next: team integration',
    ],
  ])
  const after = services()
  expect(after.delegated.map(({ service }) => service)).toEqual([
    'account.amazonaws.com',
    'cloudtrail.amazonaws.com',
    'sso.amazonaws.com',
  ])
  const done = await changes()

  const second = await world.team('init')
  expect(second.out).toContain(
    `${account} is already configured as delegated Admin for AWS IAM Identity Center`,
  )
  expect(second.out).toMatch(/Nothing had to be changed\.$/)
  expect(await changes()).toEqual(done)
  const { out } = await world.team('init', '--json')
  expect(JSON.parse(out).steps.map(({ outcome }: { outcome: string }) => outcome)).toEqual(
    Array(6).fill('already'),
  )
})

test('a run that was cut short is finished by the next', async () => {
  await control(world.sandbox, 'POST', 'faults', {
    operation: 'RegisterDelegatedAdministrator',
    error: 'ServiceException',
  })
  expect(await world.team('init')).toMatchObject({
    code: 1,
    text: expect.stringMatching(/AWS refused, with the profile org-master: RegisterDelegatedAdmin/),
  })
  await control(world.sandbox, 'DELETE', 'faults')
  const { code, out } = await world.team('init')
  expect(code).toBe(0)
  expect(out).toContain('Trusted access for AWS Account Management is already enabled')
  expect(services().delegated).toHaveLength(3)
})

test('the parameters of the sample are enough', async () => {
  const { writeFile } = await import('node:fs/promises')
  const path = `${world.folder}/parameters.sh`
  await writeFile(
    path,
    `REGION=us-east-1\nTEAM_ACCOUNT=${account}\nORG_MASTER_PROFILE=org-master\nTEAM_ACCOUNT_PROFILE=team-account\n`,
  )
  expect((await world.team('init', '--config', 'parameters.sh')).code).toBe(0)
  expect(services().delegated).toHaveLength(3)
})

describe('nothing is changed, and the reason said,', () => {
  afterEach(async () => {
    expect(await changes()).toEqual([])
  })
  const refusal = async () => {
    const { code, text } = await world.team('init')
    expect(code).toBe(1)
    return text
  }

  test('where the profile is not of the management account', async () => {
    await configure({ orgMasterProfile: 'team-account' })
    expect(await refusal()).toMatch(
      new RegExp(`The profile team-account is of account ${account}.*orgMasterProfile`),
    )
  })

  test("where the other profile is not of TEAM's account", async () => {
    await configure({ teamAccountProfile: 'org-master' })
    expect(await refusal()).toMatch(/The profile org-master \(teamAccountProfile\) is of account/)
  })

  test('where AWS does not know the keys, or there is no such profile', async () => {
    await configure({ orgMasterProfile: 'stale' })
    expect(await refusal()).toMatch(/AWS refused, with the profile stale:.*token.*invalid/)
    await configure({ orgMasterProfile: 'nowhere' })
    expect(await refusal()).toMatch(/AWS refused, with the profile nowhere: /)
  })

  test('where the account is not there, is suspended or is not said', async () => {
    const one = { teamAccountProfile: undefined }
    await configure({ ...one, teamAccount: '999999999999' })
    expect(await refusal()).toMatch(/999999999999 is not in this organisation/)
    await configure({ ...one, teamAccount: world.ids.account('legacy-dev') })
    expect(await refusal()).toMatch(/\(legacy-dev\) is not active/)
    await configure({ ...one, teamAccount: undefined })
    expect(await refusal()).toMatch(/names no account.*"teamAccount": "111122223333"/)
  })
})

test('where another account administers Identity Center, both ways out are shown', async () => {
  const owner = new OrganizationsClient(clientOptions(world.sandbox.world, managementAccount))
  const security = world.ids.account('Log Archive')
  world.sandbox.world.commit({
    type: 'organization-services',
    value: { trusted: [{ service: 'sso.amazonaws.com', since: 0 }], delegated: [] },
  })
  await owner.send(
    new RegisterDelegatedAdministratorCommand({
      AccountId: security,
      ServicePrincipal: 'sso.amazonaws.com',
    }),
  )
  const before = await changes()
  const { code, text } = await world.team('init')
  expect(code).toBe(1)
  expect(text).toContain(
    `AWS IAM Identity Center can have only one delegated administrator, and has ${security} (Log Archive). Nothing was changed.`,
  )
  expect(text).toContain(`"teamAccount": "${security}"`)
  expect(text).toContain(
    `aws organizations deregister-delegated-administrator --account-id ${security} --service-principal sso.amazonaws.com`,
  )
  expect(await changes()).toEqual(before)
})

test('the management account itself needs nothing, and is advised against', async () => {
  const management = world.ids.managementAccountId
  await configure({ teamAccount: management, teamAccountProfile: 'org-master' })
  const { code, out } = await world.team('init')
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/needs no delegation\. AWS advises against/),
  ])
})
