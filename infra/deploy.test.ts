import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CloudFormationClient, CreateChangeSetCommand } from '@aws-sdk/client-cloudformation'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { delegatedAdministrator } from '#sandbox/model/principals.ts'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import { drivenClock } from '#sandbox/test-kit.ts'
import { CannotDo, type Shell } from '#server/command-line/shell.ts'
import { readConfigFile } from '#server/config-file/read.ts'
import {
  type DeployOptions,
  type DestroyOptions,
  runDeploy,
  runDestroy,
} from '#server/deploy/commands.ts'
import { endGrants, type GrantsPort, type LiveGrant } from '#server/deploy/live-grants.ts'
import { readyToDestroy } from '#server/deploy/ready-to-destroy.ts'
import { leastConfig, settingsFor } from './installation.fixture.ts'
import { stackSettings } from './settings.ts'
import { templateOf } from './synth.ts'

// One stack goes through its life from test to test.
const clock = drivenClock(new Date().toISOString())
let sandbox: Sandbox
let folder: string
let shell: Shell
const progress: string[] = []

let aws: Record<string, string>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'team-deploy-'))
  sandbox = await startSandbox({ port: 0, now: clock.now, wallClock: () => new Date() })
  aws = {
    AWS_ENDPOINT_URL: sandbox.url,
    AWS_ACCESS_KEY_ID: delegatedAdministrator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: delegatedAdministrator.secretAccessKey,
  }
  // The SDK looks nowhere else.
  Object.assign(process.env, aws)
  shell = {
    env: { ...aws, PATH: process.env.PATH },
    folder,
    out: () => undefined,
    err: () => undefined,
    stdin: () => {
      throw new Error('Nothing is read from it')
    },
  }
})
afterAll(async () => {
  for (const name of Object.keys(aws)) delete process.env[name]
  await sandbox.close()
  await rm(folder, { recursive: true, force: true })
})

const configure = (deploy: object = {}) =>
  writeFile(
    join(folder, 'team.config.json'),
    JSON.stringify({ ...leastConfig, deploy: { ...leastConfig.deploy, ...deploy } }),
  )

/** In this process, which has loaded the CDK already. */
async function templateHere(): Promise<string> {
  const { config } = await readConfigFile(shell, undefined)
  return JSON.stringify(templateOf(stackSettings(config)))
}

const ports = { pause: async (ms: number) => clock.pass(ms), now: clock.now }
const asked = <Options>(options: Options) => {
  progress.length = 0
  return { options, shell, progress: (line: string) => void progress.push(line) }
}
const deploy = (options: DeployOptions = {}, kind: 'deploy' | 'update' = 'deploy') =>
  runDeploy(kind, asked(options), { ports, template: templateHere })
const destroy = (options: DestroyOptions, grants: GrantsPort = noGrants) =>
  runDestroy(asked(options), { ports, grants })

const noGrants: GrantsPort = { live: async () => [], end: async () => undefined }

const stacks = async () =>
  [...sandbox.world.state.stacks.values()].map(({ name, doing, failure }) => ({
    name,
    doing,
    failure,
  }))

test('what is not in the configuration is told before AWS is asked anything', async () => {
  await writeFile(
    join(folder, 'team.config.json'),
    JSON.stringify({ region: 'eu-west-1', deploy: leastConfig.deploy }),
  )
  // By the program that commands use.
  const deployed = runDeploy('deploy', asked({}), { ports })
  await expect(deployed).rejects.toThrow(/^publicUrl is missing[\s\S]*samlMetadataUrl is missing/)
  expect(await stacks()).toEqual([])
})

test('there is nothing to update where nothing was deployed', async () => {
  await configure()
  await expect(deploy({}, 'update')).rejects.toThrow(/There is no stack team to update/)
})

test('a difference is shown, and nothing stays of having asked', async () => {
  const { text, json } = await deploy({ diff: true })
  expect(text).toMatch(/^\+ AWS::RDS::DBCluster DatabaseB269D8BB$/m)
  expect(text).toMatch(/\d+ changes; nothing was changed\.$/)
  expect(json).toMatchObject({ changed: false })
  expect(sandbox.world.state.changeSets.size).toBe(0)
  expect(await stacks()).toEqual([{ name: 'team', doing: 'DELETE', failure: null }])
})

test('the change set is made, shown, carried out, and waited for; a second time nothing would change', async () => {
  const { text } = await deploy()
  expect(text).toMatch(/^team: CREATE_COMPLETE/)
  expect(progress.slice(-2)).toEqual(['CREATE_IN_PROGRESS', 'CREATE_COMPLETE'])
  expect(progress.some((line) => line.startsWith('+ AWS::ECS::Service'))).toBe(true)
  expect((await deploy()).text).toBe('Nothing would change.')
})

test('a change is an update, and shows what it is', async () => {
  await configure({ copies: 3 })
  const { text, json } = await deploy({}, 'update')
  expect(text).toMatch(/^team: UPDATE_COMPLETE/)
  const { changes } = json as { changes: { action: string; type: string }[] }
  expect(changes.map(({ action, type }) => `${action} ${type}`).toSorted()).toEqual([
    'Modify AWS::CloudWatch::Alarm',
    'Modify AWS::ECS::Service',
  ])
})

test('what would lose data is refused, unless it is told', async () => {
  await configure({ database: { kind: 'instance' } })
  await expect(deploy()).rejects.toThrow(
    /^Data would be lost with Database\w+ \(AWS::RDS::DBCluster\)\. Nothing was changed/,
  )
  expect((await deploy({ diff: true })).text).toMatch(/AWS::RDS::DBCluster/)
  await configure({ copies: 3, database: { kind: 'aurora', readers: 0 } })
  expect((await deploy({ diff: true })).text).toMatch(/^- AWS::RDS::DBInstance DatabaseReader1/m)
  // A reader holds nothing that the writer does not.
  expect((await deploy()).text).toMatch(/^team: UPDATE_COMPLETE/)
})

const grant: LiveGrant = {
  id: 'r1',
  userName: 'test-user',
  accountName: 'payments-prod',
  permissionSetName: 'ReadOnlyAccess',
  status: 'active',
}

/** Ends a grant at the second look after it was told to. */
function grantsThatEnd(): GrantsPort & { ended: string[] } {
  const ended: string[] = []
  let looks = 0
  return {
    ended,
    live: async () => {
      if (ended.length > 0) looks += 1
      return looks < 2 ? [grant] : []
    },
    end: async (id) => void ended.push(id),
  }
}

test('while a grant lives nothing is destroyed, and it is named', async () => {
  await expect(destroy({}, grantsThatEnd())).rejects.toThrow(
    /^1 grants are not over[\s\S]*test-user: ReadOnlyAccess on payments-prod \(active\)[\s\S]*--end-grants/,
  )
  expect((await stacks()).at(-1)).toMatchObject({ doing: 'UPDATE' })
})

test('data is deleted only where it was told twice', async () => {
  await expect(destroy({ deleteData: true })).rejects.toThrow(/say both --delete-data and/)
  await expect(destroy({ deleteData: true, deleteDataOf: 'other' })).rejects.toThrow(/say both/)
  await expect(destroy({ deleteDataOf: 'team' })).rejects.toThrow(/say both/)
})

test('grants are ended first, the protection is taken off, and what is kept is named', async () => {
  const grants = grantsThatEnd()
  const { text } = await destroy({ endGrants: true }, grants)
  expect(grants.ended).toEqual(['r1'])
  expect(text).toMatch(/^team is gone\.\nGrants ended before: 1\.\nKept:/)
  expect(text).toMatch(/Database\w+ \(AWS::RDS::DBCluster\), as a snapshot/)
  expect(text).toMatch(/KeyMaterial\w+ \(AWS::SecretsManager::Secret\)/)
  expect((await stacks()).at(-1)).toEqual({ name: 'team', doing: 'DELETE', failure: null })
  expect((await destroy({})).text).toBe('There is no stack team.')
})

test('grants that do not end hold everything up, and are said', async () => {
  const ending = { mayEnd: true, pause: async () => undefined, progress: () => undefined }
  const stubborn: GrantsPort = { live: async () => [grant], end: async () => undefined }
  await expect(endGrants(stubborn, ending)).rejects.toThrow(/Nothing was destroyed$/)
})

test('with its data told twice, only the bucket of logs stays', () => {
  const template = JSON.stringify(templateOf(settingsFor(leastConfig)))
  const ready = readyToDestroy(template, { deleteData: true })
  expect(ready.kept).toEqual([expect.stringMatching(/AWS::S3::Bucket/)])
  expect(ready.template).not.toContain('"DeletionProtection":true')
  expect(() => readyToDestroy('Resources: {}', { deleteData: false })).toThrow(CannotDo)
})

const refused: [what: string, template: string, why: RegExp][] = [
  ['that is no JSON', '{"Resources": {', /Template format error: JSON not well-formed/],
  ['without resources', '{"Resources": {}}', /At least one Resources member must be defined/],
  [
    'with a resource of no type',
    '{"Resources": {"A": {}}}',
    /\[\/Resources\/A\] Every Resources object must contain a Type member/,
  ],
  [
    'that names what is not there',
    '{"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"X": {"Ref": "B"}}}}}',
    /Unresolved resource dependencies \[B\]/,
  ],
  [
    'that makes roles unasked',
    '{"Resources": {"A": {"Type": "AWS::IAM::Role"}}}',
    /Requires capabilities : \[CAPABILITY_IAM\]/,
  ],
  [
    'of more than 51,200 bytes',
    `{"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"X": "${'x'.repeat(51_200)}"}}}}`,
    /less than or equal to 51200/,
  ],
]
for (const [what, TemplateBody, why] of refused) {
  test(`CloudFormation refuses a template ${what}`, async () => {
    const { accessKeyId, secretAccessKey } = delegatedAdministrator
    const client = new CloudFormationClient({
      region: 'us-east-1',
      endpoint: sandbox.url,
      credentials: { accessKeyId, secretAccessKey },
    })
    const command = new CreateChangeSetCommand({
      StackName: 'other',
      ChangeSetName: 'first',
      ChangeSetType: 'CREATE',
      TemplateBody,
    })
    await expect(client.send(command)).rejects.toThrow(why)
    client.destroy()
  })
}
