import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateAccountAssignmentCommand,
  ListAccountAssignmentCreationStatusCommand,
  SSOAdminClient,
} from '@aws-sdk/client-sso-admin'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { delegatedAdministrator } from '#sandbox/model/principals.ts'
import { credentialsOf } from './test-kit.ts'

const main = new URL('./main.ts', import.meta.url).pathname
const children = new Set<ChildProcess>()
let dataDir: string

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sandbox-main-'))
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  rmSync(dataDir, { recursive: true, force: true })
})

function run(env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, TEAM_DATA_DIR: dataDir, SANDBOX_PORT: '0', ...env },
  })
  children.add(child)
  let output = ''
  let seeLine: (url: string) => void
  const ready = new Promise<string>((resolve) => {
    seeLine = resolve
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const url = /ready at (http:\S+?),/.exec(output)?.[1]
      if (url !== undefined) seeLine(url)
    })
  }
  const left = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, output }))
  })
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    return left
  }
  return {
    url: Promise.race([ready, left.then(({ output }) => Promise.reject(output))]),
    left,
    kill,
  }
}

const json = async (url: string, path: string) => (await fetch(`${url}/_sandbox/${path}`)).json()
const certificate = async (url: string) =>
  /<ds:X509Certificate>[^<]+/.exec(await (await fetch(`${url}/saml/metadata/team`)).text())?.[0]

test('killed in the middle of its work and started again, it is the same AWS', async () => {
  const first = run()
  const url = await first.url
  await fetch(`${url}/_sandbox/settings`, {
    method: 'PATCH',
    body: JSON.stringify({ createDelayMs: 600_000 }),
  })
  const organization = await json(url, 'organization')
  const options = { region: 'us-east-1', credentials: credentialsOf(delegatedAdministrator) }
  const find = (list: { name: string }[], name: string) => list.find((one) => one.name === name)
  const created = await new SSOAdminClient({ ...options, endpoint: url }).send(
    new CreateAccountAssignmentCommand({
      InstanceArn: organization.instanceArn,
      TargetId: (find(organization.accounts, 'payments-dev') as unknown as { accountId: string })
        .accountId,
      TargetType: 'AWS_ACCOUNT',
      PermissionSetArn: (find(organization.permissionSets, 'Billing') as unknown as { arn: string })
        .arn,
      PrincipalType: 'USER',
      PrincipalId: organization.users[0].userId,
    }),
  )
  const before = {
    organization,
    settings: await json(url, 'settings'),
    calls: await json(url, 'calls'),
    certificate: await certificate(url),
  }

  // Killed while people are being made, as fast as they are acknowledged.
  const acknowledged: string[] = []
  const killed = (async () => {
    for (let at = 0; ; at += 1) {
      const userName = `person-${at}`
      const body = JSON.stringify({ userName })
      const made = await fetch(`${url}/_sandbox/users`, { method: 'POST', body }).catch(() => null)
      if (made === null) return
      acknowledged.push(userName)
      if (at === 50) void first.kill('SIGKILL')
    }
  })()
  await killed
  expect(acknowledged.length).toBeGreaterThan(50)

  const again = await run().url
  const { users, ...rest } = await json(again, 'organization')
  const { users: usersBefore, ...restBefore } = before.organization
  expect(rest).toEqual(restBefore)
  expect(users).toEqual(expect.arrayContaining(usersBefore))
  const names = users.map((user: { userName: string }) => user.userName)
  expect(names).toEqual(expect.arrayContaining(acknowledged))
  expect(await json(again, 'settings')).toEqual(before.settings)
  expect(await json(again, 'calls')).toEqual(before.calls)
  expect(await certificate(again)).toBe(before.certificate)
  const { AccountAssignmentsCreationStatus } = await new SSOAdminClient({
    ...options,
    endpoint: again,
  }).send(
    new ListAccountAssignmentCreationStatusCommand({
      InstanceArn: organization.instanceArn,
      Filter: { Status: 'IN_PROGRESS' },
    }),
  )
  const { RequestId, CreatedDate } = created.AccountAssignmentCreationStatus!
  expect(AccountAssignmentsCreationStatus).toMatchObject([{ RequestId, CreatedDate }])
})

test('killed at any moment of its first start, it starts the next time', async () => {
  for (const after of [0, 1, 2, 3]) {
    const attempt = run()
    // Each attempt lives for a few more turns of this process than the one before.
    for (let turn = 0; turn < after * 2_000; turn += 1) {
      await new Promise((next) => setImmediate(next))
    }
    await attempt.kill('SIGKILL')
    attempt.url.catch(() => {})
  }
  const { accounts } = await json(await run().url, 'organization')
  expect(accounts).toHaveLength(9)
})

test('a second start on the folder of one that lives leaves with 2 and one line', async () => {
  const url = await run().url
  const second = run()
  second.url.catch(() => {})
  const { code, output } = await second.left
  expect(code).toBe(2)
  expect(output.trim().split('\n')).toHaveLength(1)
  expect(output).toContain(`http://127.0.0.1:${new URL(url).port}`)
})

test('a pid file says who runs where, and is gone after a proper stop', async () => {
  const sandbox = run()
  const url = await sandbox.url
  const file = join(dataDir, 'sandbox', 'pid.json')
  const { pid, port, startedAt } = JSON.parse(readFileSync(file, 'utf8'))
  expect(() => process.kill(pid, 0)).not.toThrow()
  expect(port).toBe(Number(new URL(url).port))
  expect(Date.parse(startedAt)).toBeLessThanOrEqual(Date.now())
  expect((await sandbox.kill('SIGTERM')).code).toBe(0)
  expect(() => readFileSync(file)).toThrow(/ENOENT/)
})

test.each<[string, () => Promise<Record<string, string>>, RegExp]>([
  [
    'a taken port',
    async () => ({
      SANDBOX_PORT: new URL(await run().url).port,
      TEAM_DATA_DIR: join(dataDir, 'b'),
    }),
    /^Port \d+ is taken by another program: set SANDBOX_PORT/,
  ],
  [
    'a port that is none',
    async () => ({ SANDBOX_PORT: 'x' }),
    /^SANDBOX_PORT is x; it must be a port/,
  ],
  [
    'a size that is none',
    async () => ({ SANDBOX_SIZE: 'huge' }),
    /^SANDBOX_SIZE is huge; it must be/,
  ],
])('%s stops the start with one line', async (_, env, line) => {
  const refused = run(await env())
  refused.url.catch(() => {})
  const { code, output } = await refused.left
  expect(code).toBe(1)
  expect(output).toMatch(line)
  expect(output.trim().split('\n')).toHaveLength(1)
})
