import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2'
import { CreateAccountAssignmentCommand, SSOAdminClient } from '@aws-sdk/client-sso-admin'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { delegatedAdministrator } from '#sandbox/model/principals.ts'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import { clientOptions, credentialsOf, drivenClock, idsOf } from '../test-kit.ts'
import { inProcessHandler } from './in-process.ts'

const clock = drivenClock()
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, now: clock.now, settings: { callsPerSecond: 10_000 } })
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  await control('DELETE', 'faults')
  await control('DELETE', 'calls')
  clock.pass(10_000)
})

async function control(method: string, path: string, body?: object) {
  const response = await fetch(`${sandbox.url}/_sandbox/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}

const fault = (given: object) =>
  control('POST', 'faults', { operation: 'CreateAccountAssignment', ...given })

const overHttp = () => ({
  region: 'us-east-1',
  endpoint: sandbox.url,
  credentials: credentialsOf(delegatedAdministrator),
  maxAttempts: 1,
})

function create(options: object = overHttp(), abortSignal?: AbortSignal) {
  const ids = idsOf(sandbox.world)
  return new SSOAdminClient(options).send(
    new CreateAccountAssignmentCommand({
      InstanceArn: ids.instanceArn,
      TargetId: ids.account('payments-dev'),
      TargetType: 'AWS_ACCOUNT',
      PermissionSetArn: ids.set('ReadOnlyAccess'),
      PrincipalType: 'USER',
      PrincipalId: ids.user('test-user'),
    }),
    abortSignal === undefined ? {} : { abortSignal },
  )
}

const inFlight = () => [...sandbox.world.state.operations.inFlight()].length

async function untilHit() {
  for (;;) {
    const { body } = await control('GET', 'faults')
    if (body[0].hits > 0) return
    await new Promise((turn) => setImmediate(turn))
  }
}

const calls = async () => (await control('GET', 'calls')).body

describe.each<[string, () => object]>([
  ['over HTTP', overHttp],
  ['in process', () => clientOptions(sandbox.world)],
])('a fault met %s', (_, options) => {
  test('answers with its error instead of having an effect, as often as it says', async () => {
    await fault({ error: 'ThrottlingException', times: 2 })
    const error = { name: 'ThrottlingException' }
    await expect(create(options())).rejects.toMatchObject(error)
    await expect(create(options())).rejects.toMatchObject(error)
    expect(inFlight()).toBe(0)
    await expect(create(options())).resolves.toBeDefined()
    expect((await control('GET', 'faults')).body).toMatchObject([{ hits: 2, timesLeft: 0 }])
  })

  test('drops the connection before the effect, or after it', async () => {
    await fault({ dropConnection: 'before', times: 1 })
    await expect(create(options())).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(inFlight()).toBe(0)
    await fault({ dropConnection: 'after', times: 1 })
    await expect(create(options())).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(inFlight()).toBe(1)
    expect(await calls()).toMatchObject([
      { status: 0, error: 'ConnectionDropped' },
      { status: 200 },
    ])
  })

  test('holds the answer back while the effect has happened', async () => {
    await fault({ delayMs: Number.MAX_SAFE_INTEGER })
    const hangUp = new AbortController()
    const hanging = create(options(), hangUp.signal)
    const refused = expect(hanging).rejects.toMatchObject({ name: 'AbortError' })
    await untilHit()
    expect(inFlight()).toBe(1)
    hangUp.abort()
    await refused
  })

  test('waits before the effect, and a client that hangs up leaves none', async () => {
    await fault({ delayMs: Number.MAX_SAFE_INTEGER, delayWhen: 'before' })
    const hangUp = new AbortController()
    const refused = expect(create(options(), hangUp.signal)).rejects.toMatchObject({
      name: 'AbortError',
    })
    await untilHit()
    expect(inFlight()).toBe(0)
    hangUp.abort()
    await refused
    while ((await calls()).length === 0) await new Promise((turn) => setImmediate(turn))
    expect(await calls()).toMatchObject([{ status: 0, error: 'ClientGone' }])
    expect(inFlight()).toBe(0)
  })

  test('of the service is a 500, and none of it reaches other operations', async () => {
    await fault({ operation: 'DeleteAccountAssignment', error: 'ThrottlingException' })
    await fault({ error: 'InternalServerException', times: 1 })
    await expect(create(options())).rejects.toMatchObject({
      name: 'InternalServerException',
      $metadata: { httpStatusCode: 500 },
    })
    await expect(create(options())).resolves.toBeDefined()
  })
})

test('a mail whose answer is dropped has been accepted once', async () => {
  await fault({ operation: 'SendEmail', dropConnection: 'after' })
  const mails = sandbox.world.state.mails.length
  const send = new SESv2Client(overHttp()).send(
    new SendEmailCommand({
      FromEmailAddress: 'team@example.net',
      Destination: { ToAddresses: ['test-user@example.com'] },
      Content: { Simple: { Subject: { Data: 's' }, Body: { Text: { Data: 't' } } } },
    }),
  )
  await expect(send).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(sandbox.world.state.mails).toHaveLength(mails + 1)
})

test('a delay passes on the clock that the test hands in', async () => {
  await fault({ delayMs: 60_000, delayWhen: 'before' })
  const waits: number[] = []
  const requestHandler = inProcessHandler(sandbox.world, {
    wait: async (ms) => waits.push(ms) > 0,
  })
  await create({ ...overHttp(), requestHandler })
  expect(waits).toEqual([60_000])
})

describe('the control paths', () => {
  const bad: [string, string, object, string][] = [
    ['POST', 'faults', { operation: 'X' }, 'error'],
    ['POST', 'faults', { operation: 'X', error: 'Y', delayms: 1 }, ''],
    ['POST', 'faults', { operation: 'ListUsers', loses: 1.5 }, 'loses'],
    ['POST', 'faults', { operation: 'X', hangs: 'always' }, 'hangs'],
    ['PATCH', 'settings', { conflictScope: 'account' }, 'conflictScope'],
    ['PATCH', 'settings', { readLagMs: 600_001 }, 'readLagMs'],
    ['PATCH', 'settings', { callsPerSecond: 0 }, 'callsPerSecond'],
    ['PATCH', 'settings', { minimal: 'yes' }, 'minimal'],
    ['POST', 'users', { userName: '' }, 'userName'],
    ['DELETE', 'users', { userName: 'nobody' }, 'userName'],
    ['POST', 'memberships', { userName: 'test-user', groupName: 'none' }, 'groupName'],
    ['POST', 'assignments', { accountId: '1' }, 'accountId'],
    ['POST', 'assignments', { accountId: '000000000000', userName: 'test-user' }, 'accountId'],
    ['POST', 'applications', { name: 'X' }, 'acsUrl'],
  ]
  test.each(bad)(
    '%s %s with %j is refused, naming what is wrong',
    async (method, path, body, field) => {
      const answer = await control(method, path, body)
      expect(answer.status).toBe(400)
      const named = answer.body.errors.map((error: { field: string }) => error.field)
      expect(named).toContain(field)
      expect(answer.body.errors[0].reason).toMatch(/\w+/)
    },
  )

  test('a path that is not there is 404, another method 405, no JSON 400', async () => {
    expect((await control('GET', 'nothing')).status).toBe(404)
    expect((await control('PUT', 'users')).status).toBe(405)
    const broken = await fetch(`${sandbox.url}/_sandbox/users`, { method: 'POST', body: '{' })
    expect(broken.status).toBe(400)
  })

  test('changing a person keeps who they are; making them again does not', async () => {
    const made = await control('POST', 'users', { userName: 'new.person', email: 'n@example.com' })
    expect(made.status).toBe(201)
    const changed = await control('POST', 'users', { userName: 'new.person', status: 'DISABLED' })
    expect(changed.body).toMatchObject({
      userId: made.body.userId,
      email: 'n@example.com',
      status: 'DISABLED',
      createdAt: made.body.createdAt,
    })
    expect((await control('DELETE', 'users', { userName: 'new.person' })).status).toBe(204)
    const again = await control('POST', 'users', { userName: 'new.person' })
    expect(again.body.userId).not.toBe(made.body.userId)
  })

  test('assignments made and removed behind its back are listed at once', async () => {
    const { account, set, user } = idsOf(sandbox.world)
    const body = {
      userName: 'test-admin',
      accountId: account('storefront-prod'),
      permissionSetArn: set('Billing'),
    }
    expect((await control('POST', 'assignments', body)).status).toBe(201)
    const mine = async () =>
      (await control('GET', 'assignments')).body.filter(
        (row: { userName: string }) => row.userName === 'test-admin',
      )
    expect(await mine()).toEqual([
      {
        userId: user('test-admin'),
        userName: 'test-admin',
        accountId: body.accountId,
        permissionSetArn: body.permissionSetArn,
        createdAt: clock.now().toISOString(),
      },
    ])
    expect((await control('DELETE', 'assignments', body)).status).toBe(204)
    expect(await mine()).toEqual([])
  })

  test('the organisation is described with the ids of everything', async () => {
    const { body } = await control('GET', 'organization')
    const names = body.groups.map((group: { displayName: string }) => group.displayName)
    for (const name of ['TEAM admins', 'TEAM auditors', 'TEAM users', 'TEAM approvers']) {
      expect(names).toContain(name)
    }
    expect(body.instanceArn).toBe(idsOf(sandbox.world).instanceArn)
    const audit = body.accounts.find((account: { name: string }) => account.name === 'Audit')
    const security = body.organizationalUnits.find(
      (unit: { name: string }) => unit.name === 'Security',
    )
    expect(audit.ouId).toBe(security.id)
  })
})
