import { createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AccountId, Key, PermissionSetArn, UserId } from '#core/ids.ts'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import type { MutationOutcome } from '#server/engine/assignments-port.ts'
import { callsOf, clientsFor, control, type SandboxOrganization } from '#test/aws-clients.ts'
import { createAssignments } from './assignments.ts'
import { createInstanceFinder } from './instance.ts'

let sandbox: Sandbox
let key: Key
let nowMs = Date.now()
const yes = () => true

beforeAll(async () => {
  sandbox = await startSandbox({
    port: 0,
    seed: 1,
    now: () => new Date(nowMs),
    settings: { callsPerSecond: 100_000 },
  })
  const organization = await control<SandboxOrganization>(sandbox, 'GET', 'organization')
  const { users, accounts, permissionSets } = organization
  key = {
    userId: users.find((one) => one.userName.startsWith('test-user'))?.userId as UserId,
    accountId: accounts.find((one) => one.name === 'Audit')?.accountId as AccountId,
    permissionSetArn: permissionSets.find((one) => one.name === 'ReadOnlyAccess')
      ?.arn as PermissionSetArn,
  }
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  await control(sandbox, 'DELETE', 'faults')
  await control(sandbox, 'DELETE', 'calls')
  nowMs += 60_000
})

function open() {
  const clients = clientsFor(sandbox)
  const instance = createInstanceFinder(clients)
  let monotonicMs = 0
  return {
    clients,
    assignments: createAssignments({
      clients,
      instance,
      lane: 'engine',
      monotonicMs: () => monotonicMs,
    }),
    pass: (milliseconds: number) => {
      monotonicMs += milliseconds
    },
  }
}

const calls = (operation: string) => callsOf(sandbox, operation)
const addFault = (fault: object) => control(sandbox, 'POST', 'faults', fault)

const present = async () => {
  const holders = await open().assignments.holders(key)
  return holders.kind === 'read' && holders.userIds.has(key.userId)
}

describe('an assignment', () => {
  test('is there only when AWS has carried the creation out, and gone when it has removed it', async () => {
    const { assignments } = open()
    const made = await assignments.create(key, yes)
    if (made.kind !== 'accepted') throw new Error(made.kind)
    expect(await assignments.describeCreation(made.awsRequestId)).toEqual({ kind: 'in_progress' })
    expect(await assignments.creationsInProgress()).toEqual(new Set([made.awsRequestId]))
    expect(await present()).toBe(false)
    nowMs += 5_000
    expect(await assignments.describeCreation(made.awsRequestId)).toEqual({ kind: 'succeeded' })
    expect(await assignments.creationsInProgress()).toEqual(new Set())
    expect(await present()).toBe(true)

    const removed = await assignments.remove(key, yes)
    if (removed.kind !== 'accepted') throw new Error(removed.kind)
    expect(await assignments.deletionsInProgress()).toEqual(new Set([removed.awsRequestId]))
    nowMs += 5_000
    expect(await assignments.describeDeletion(removed.awsRequestId)).toEqual({ kind: 'succeeded' })
    expect(await present()).toBe(false)
  })

  test('whose creation fails later says why', async () => {
    await addFault({ operation: 'CreateAccountAssignment', failureReason: 'no roles left' })
    const { assignments } = open()
    const made = await assignments.create(key, yes)
    if (made.kind !== 'accepted') throw new Error(made.kind)
    nowMs += 5_000
    expect(await assignments.describeCreation(made.awsRequestId)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('no roles left'),
    })
  })

  test('of an operation that AWS does not know is forgotten', async () => {
    const { assignments } = open()
    const id = '00000000-0000-4000-8000-000000000000'
    expect(await assignments.describeCreation(id)).toEqual({ kind: 'forgotten' })
    expect(await assignments.describeDeletion(id)).toEqual({ kind: 'forgotten' })
  })
})

describe('the guard', () => {
  test('is asked once, and nothing is sent when it says no', async () => {
    const { assignments, clients } = open()
    let asked = 0
    const no = () => {
      asked += 1
      return false
    }
    expect(await assignments.create(key, no)).toMatchObject({ kind: 'not_sent' })
    expect(await assignments.remove(key, no)).toMatchObject({ kind: 'not_sent' })
    expect(asked).toBe(2)
    expect(await calls('CreateAccountAssignment')).toBe(0)
    expect(await calls('DeleteAccountAssignment')).toBe(0)
    expect(clients.counted.filter((call) => call.operation.endsWith('Assignment'))).toEqual([])
  })
})

type Fault = { error: string } | { dropConnection: 'before' | 'after' }
const outcomes: [string, Fault, MutationOutcome['kind'], string | null, boolean][] = [
  // what AWS does, the fault, the outcome, its code, whether the assignment comes to be
  ['throttles', { error: 'ThrottlingException' }, 'refused', 'throttled', false],
  ['sees a conflict', { error: 'ConflictException' }, 'refused', 'conflict', false],
  ['has too many in hand', { error: 'ServiceQuotaExceededException' }, 'refused', 'quota', false],
  ['knows no such thing', { error: 'ResourceNotFoundException' }, 'refused', 'not_found', false],
  ['denies', { error: 'AccessDeniedException' }, 'refused', 'denied', false],
  ['finds it malformed', { error: 'ValidationException' }, 'refused', 'invalid', false],
  ['does not offer it', { error: 'UnknownOperationException' }, 'refused', 'invalid', false],
  ['fails inside', { error: 'InternalServerException' }, 'unknown', null, false],
  ['hangs up before it acts', { dropConnection: 'before' }, 'unknown', null, false],
  ['acts, and hangs up', { dropConnection: 'after' }, 'unknown', null, true],
]

describe('the outcome of a creation', () => {
  for (const [what, fault, kind, code, lands] of outcomes) {
    test(`when AWS ${what} is ${kind}${code ? ` (${code})` : ''}, after one attempt`, async () => {
      await addFault({ operation: 'CreateAccountAssignment', ...fault })
      const { assignments } = open()
      const outcome = await assignments.create(key, yes)
      expect(outcome).toMatchObject(code ? { kind, code } : { kind })
      expect(await calls('CreateAccountAssignment')).toBe(1)
      nowMs += 5_000
      expect(await present()).toBe(lands)
      if (lands) {
        await assignments.remove(key, yes)
        nowMs += 5_000
      }
    })
  }

  test('is not_sent where nobody listens', async () => {
    const { clients } = open()
    const finder = createInstanceFinder(clients)
    const instance = await finder.find()
    const silent = createAssignments({
      clients: clientsFor(`http://127.0.0.1:${await closedPort()}`),
      instance: { ...finder, find: () => Promise.resolve(instance) },
      lane: 'engine',
    })
    expect(await silent.create(key, yes)).toMatchObject({ kind: 'not_sent' })
  })

  test('is not_sent while the instance cannot be found', async () => {
    await addFault({ operation: 'ListInstances', error: 'AccessDeniedException' })
    expect(await open().assignments.create(key, yes)).toMatchObject({ kind: 'not_sent' })
    expect(await calls('CreateAccountAssignment')).toBe(0)
  })

  for (const [what, answer] of [
    ['a page of a proxy (403)', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\n<html>'],
    ['success that is no JSON', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>'],
    ['success without an operation', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'],
    ['half an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n{"Acc'],
  ] as const) {
    test(`is unknown for ${what}`, async () => {
      const finder = createInstanceFinder(open().clients)
      const instance = await finder.find()
      const server = createServer((socket) => {
        socket.once('data', () => socket.end(answer))
      })
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
      const { port } = server.address() as { port: number }
      const assignments = createAssignments({
        clients: clientsFor(`http://127.0.0.1:${port}`),
        instance: { ...finder, find: () => Promise.resolve(instance) },
        lane: 'engine',
      })
      expect(await assignments.create(key, yes)).toMatchObject({ kind: 'unknown' })
      server.close()
    })
  }
})

describe('holders', () => {
  test('are gone where AWS knows no such account', async () => {
    const target = { ...key, accountId: '999999999999' as AccountId }
    expect(await open().assignments.holders(target)).toMatchObject({ kind: 'gone' })
  })

  test('are not known, rather than none, when a later page fails', async () => {
    await addFault({ operation: 'ListAccountAssignments', error: 'AccessDeniedException' })
    await expect(open().assignments.holders(key)).rejects.toMatchObject({ kind: 'denied' })
  })
})

describe('where AWS names no instance', () => {
  const places: [string, object][] = [
    ['since the list is empty', { operation: 'ListInstances', loses: 1 }],
    ['in its own words', { operation: 'ListInstances', error: 'ResourceNotFoundException' }],
    [
      'nor an organisation',
      { operation: 'DescribeOrganization', error: 'AWSOrganizationsNotInUseException' },
    ],
  ]
  for (const [what, fault] of places) {
    test(`${what}, nothing is said to be gone, forgotten or nothing at all`, async () => {
      await addFault(fault)
      const { assignments } = open()
      const id = '00000000-0000-4000-8000-000000000000'
      await expect(assignments.holders(key)).rejects.toThrow()
      await expect(assignments.describeCreation(id)).rejects.toThrow()
      await expect(assignments.describeDeletion(id)).rejects.toThrow()
      await expect(assignments.sessionMinutes(key.permissionSetArn)).rejects.toThrow()
      expect(await assignments.remove(key, yes)).toMatchObject({ kind: 'not_sent' })
    })
  }

  test('it is as if AWS could not be reached: it is asked again', async () => {
    await addFault({ operation: 'ListInstances', loses: 1 })
    const { assignments } = open()
    await expect(assignments.holders(key)).rejects.toMatchObject({ kind: 'unavailable' })
    await control(sandbox, 'DELETE', 'faults')
    expect(await assignments.holders(key)).toMatchObject({ kind: 'read' })
  })
})

describe('an endpoint without the lists of operations', () => {
  test('is asked for one of them once in ten minutes', async () => {
    const operation = 'ListAccountAssignmentCreationStatus'
    await addFault({ operation, error: 'UnknownOperationException' })
    const { assignments, pass } = open()
    expect(await assignments.creationsInProgress()).toBeNull()
    expect(await assignments.creationsInProgress()).toBeNull()
    expect(await calls(operation)).toBe(1)
    pass(10 * 60_000)
    expect(await assignments.creationsInProgress()).toBeNull()
    expect(await calls(operation)).toBe(2)
  })
})

test('the session duration is read in minutes, and null for a set that AWS does not know', async () => {
  const { assignments } = open()
  expect(await assignments.sessionMinutes(key.permissionSetArn)).toBeGreaterThanOrEqual(60)
  const { instanceArn } = await createInstanceFinder(open().clients).find()
  const unknown = `${instanceArn.replace('instance', 'permissionSet')}/ps-0000000000000000`
  expect(await assignments.sessionMinutes(unknown as PermissionSetArn)).toBeNull()
})

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}
