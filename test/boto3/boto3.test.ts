import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { delegatedAdministrator } from '#sandbox/model/principals.ts'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import { idsOf } from '#sandbox/test-kit.ts'

/** Somebody else's clients against the sandbox: boto3 and the AWS CLI of the operating system. */
let sandbox: Sandbox

beforeEach(async () => {
  sandbox = await startSandbox({ port: 0 })
})
afterEach(() => sandbox.close())

interface Outcome {
  code: number | null
  output: string
}

function run(command: string, args: string[]) {
  const { accessKeyId, secretAccessKey } = delegatedAdministrator
  return new Promise<Outcome>((resolve) => {
    const child = spawn(command, args, {
      env: {
        PATH: process.env.PATH,
        HOME: '/nonexistent',
        LANG: 'C.UTF-8',
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_PAGER: '',
      },
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.on('error', (error) => resolve({ code: null, output: error.message }))
    child.on('close', (code) => resolve({ code, output }))
  })
}

async function firstThatWorks(commands: string[], args: string[]): Promise<string | null> {
  for (const command of commands) if ((await run(command, args)).code === 0) return command
  return null
}

test('boto3 lists, pages, creates, deletes and meets the named errors', async ({ skip }) => {
  const python = await firstThatWorks(['/usr/bin/python3', 'python3'], ['-c', 'import boto3'])
  if (python === null) {
    console.log('boto3 is not installed, so its test is skipped: apt-get install python3-boto3')
    skip()
    return
  }
  const script = fileURLToPath(new URL('./walk.py', import.meta.url))
  const { code, output } = await run(python, [script, sandbox.url])
  expect(output).toMatch(/\ndone\n$/)
  expect(code).toBe(0)
})

describe('the AWS CLI', () => {
  const find = () => firstThatWorks(['/usr/bin/aws', 'aws'], ['--version'])
  const explain = () =>
    console.log('The AWS CLI is not installed, so its test is skipped: apt-get install awscli')

  test('lists, pages and changes an assignment', async ({ skip }) => {
    const cli = await find()
    if (cli === null) {
      explain()
      skip()
      return
    }
    const ids = idsOf(sandbox.world)
    const aws = async (...args: string[]) => {
      const common = ['--endpoint-url', sandbox.url, '--region', 'us-east-1', '--output', 'json']
      const { code, output } = await run(cli, [...common, ...args])
      if (code !== 0) throw new Error(output)
      return JSON.parse(output)
    }
    const instance = ['--instance-arn', ids.instanceArn]
    expect((await aws('sts', 'get-caller-identity')).Account).toBe(ids.account('Audit'))
    const { Instances } = await aws('sso-admin', 'list-instances')
    expect(Instances[0].InstanceArn).toBe(ids.instanceArn)
    const paged = ['--page-size', '2']
    const { PermissionSets } = await aws('sso-admin', 'list-permission-sets', ...instance, ...paged)
    expect(PermissionSets).toHaveLength(5)
    const store = ['--identity-store-id', ids.identityStoreId]
    expect((await aws('identitystore', 'list-users', ...store, ...paged)).Users).toHaveLength(8)
    const { Accounts } = await aws('organizations', 'list-accounts', ...paged)
    expect(Accounts).toHaveLength(9)

    const target = [
      ...instance,
      ...['--target-id', ids.account('payments-dev'), '--target-type', 'AWS_ACCOUNT'],
      ...['--permission-set-arn', ids.set('Billing')],
      ...['--principal-type', 'USER', '--principal-id', ids.user('test-user')],
    ]
    const create = await aws('sso-admin', 'create-account-assignment', ...target)
    const { RequestId } = create.AccountAssignmentCreationStatus
    const describeCreation = [
      ...['describe-account-assignment-creation-status', ...instance],
      ...['--account-assignment-creation-request-id', RequestId],
    ]
    let status = 'IN_PROGRESS'
    while (status === 'IN_PROGRESS') {
      const described = await aws('sso-admin', ...describeCreation)
      status = described.AccountAssignmentCreationStatus.Status
    }
    expect(status).toBe('SUCCEEDED')
    const removed = await aws('sso-admin', 'delete-account-assignment', ...target)
    expect(removed.AccountAssignmentDeletionStatus.Status).toBe('IN_PROGRESS')
  }, 120_000)

  test('shows errors by their names', async ({ skip }) => {
    const cli = await find()
    if (cli === null) {
      explain()
      skip()
      return
    }
    const ids = idsOf(sandbox.world)
    const common = ['--endpoint-url', sandbox.url, '--region', 'us-east-1', '--output', 'json']
    const refused: [string[], string][] = [
      [['organizations', 'describe-account', '--account-id', '000000000000'], 'AccountNotFound'],
      [
        ['identitystore', 'list-users', '--identity-store-id', 'd-0000000000'],
        'ResourceNotFoundException',
      ],
      [
        [
          ...['sso-admin', 'create-account-assignment', '--instance-arn', ids.instanceArn],
          ...['--target-id', ids.account('Management'), '--target-type', 'AWS_ACCOUNT'],
          ...['--permission-set-arn', ids.set('Billing')],
          ...['--principal-type', 'USER', '--principal-id', ids.user('test-user')],
        ],
        'AccessDeniedException',
      ],
    ]
    for (const [args, name] of refused) {
      const { code, output } = await run(cli, [...common, ...args])
      expect(output).toContain(name)
      expect(code).not.toBe(0)
    }
  }, 120_000)
})
