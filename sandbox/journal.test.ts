import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { addFault } from '#sandbox/control/behaviour.ts'
import { FileJournal } from './journal.ts'
import { orderAssignment } from './model/assignments.ts'
import { changesThatMake } from './model/changes-that-make.ts'
import { meetFault } from './model/faults.ts'
import { delegatedAdministrator } from './model/principals.ts'
import type { World } from './model/world.ts'
import { drivenClock, drivenWorld, idsOf } from './test-kit.ts'

let dataDir: string
const clock = drivenClock()
const open = async () => (await drivenWorld({ clock, dataDir })).world
const path = () => join(dataDir, 'journal.jsonl')

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sandbox-journal-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

function create(world: World) {
  const ids = idsOf(world)
  return orderAssignment(world, {
    kind: 'create',
    by: delegatedAdministrator,
    forcedFailure: null,
    key: {
      accountId: ids.account('payments-dev'),
      permissionSetArn: ids.set('ReadOnlyAccess'),
      principalType: 'USER',
      principalId: ids.user('test-user'),
    },
  })
}

test('an operation in flight keeps its due time and its role over a restart', async () => {
  const { requestId, roleSuffix } = create(await open())
  clock.pass(1_999)
  expect((await open()).state.operations.get(requestId)?.status).toBe('IN_PROGRESS')
  const world = await open()
  clock.pass(1)
  expect(world.state.operations.get(requestId)?.status).toBe('SUCCEEDED')
  const ids = idsOf(world)
  const role = ids.set('ReadOnlyAccess')
  expect((await open()).state.rolesOfAccount.at(ids.account('payments-dev')).get(role)).toBe(
    roleSuffix,
  )
})

test('an operation whose status was forgotten has its effect after a restart', async () => {
  const first = await open()
  const { requestId } = create(first)
  first.commit({ type: 'statuses-forgotten' })
  await open()
  const world = await open()
  expect([...world.state.operations.values()]).toMatchObject([{ requestId, forgotten: true }])
  clock.pass(2_000)
  expect(world.state.operations.get(requestId)).toBeUndefined()
  const userId = idsOf(world).user('test-user')
  expect(world.state.assignmentsOfPrincipal.at(`USER/${userId}`).size).toBe(1)
})

test('a status that is late stays late over a restart', async () => {
  const first = await open()
  first.commit({ type: 'settings', value: { ...first.settings, statusDelayMs: 60_000 } })
  const { requestId } = create(first)
  clock.pass(2_000)
  const { operations } = (await open()).state
  expect(operations.get(requestId)?.status).toBe('SUCCEEDED')
  expect(operations.toldStatus(operations.get(requestId)!)).toBe('IN_PROGRESS')
})

test('a journal that knows fewer settings gets the defaults of the others', async () => {
  const world = await open()
  const { conflictScope: _, ...fewer } = world.settings
  world.commit({ type: 'settings', value: fewer as typeof world.settings })
  expect((await open()).settings.conflictScope).toBe('target')
})

test('time goes on while nobody runs it', async () => {
  const { requestId, dueAt } = create(await open())
  clock.pass(60_000)
  const world = await open()
  expect(world.state.operations.get(requestId)?.status).toBe('SUCCEEDED')
  expect([...world.state.assignments.values()].at(-1)?.createdAt).toBe(dueAt)
})

test('ids, keys, faults, settings, mails and calls are the same after a restart', async () => {
  const world = await open()
  addFault(world, { operation: 'SendEmail', error: 'TooManyRequestsException', times: 2 })
  meetFault(world, 'SendEmail')
  world.note({
    type: 'call',
    value: { service: 'sts', operation: 'GetCallerIdentity', at: 1, status: 200, principal: 'p' },
  })
  const before = structuredClone([...changesThatMake(world.state)])
  expect([...changesThatMake((await open()).state)]).toEqual(before)
  expect(before.find((change) => change.type === 'fault')).toMatchObject({ value: { hits: 1 } })
})

test.each(['{"at":1,"chan', '{"at":1,"changes":[]}', '\u0000\u0000'])(
  'a last line that was torn, %j, is dropped and never joined with the next',
  async (torn) => {
    const before = [...changesThatMake((await open()).state)]
    appendFileSync(path(), torn)
    const world = await open()
    expect([...changesThatMake(world.state)]).toEqual(before)
    world.commit({ type: 'user-removed', userId: idsOf(world).user('test-user') })
    expect((await open()).state.userByName('test-user')).toBeUndefined()
  },
)

test('what is appended after a torn line stands on a line of its own', () => {
  const entry = (at: number) => ({ at, changes: [{ type: 'mails-cleared' as const }] })
  const first = new FileJournal(dataDir)
  first.append(entry(1), { durable: true })
  first.close()
  appendFileSync(path(), '{"at":2,"chan')
  const second = new FileJournal(dataDir)
  expect(second.read()).toEqual([entry(1)])
  second.append(entry(3), { durable: true })
  second.close()
  const third = new FileJournal(dataDir)
  expect(third.read()).toEqual([entry(1), entry(3)])
  third.close()
})

test('damage anywhere else stops the start and says where', async () => {
  await open()
  const lines = readFileSync(path(), 'utf8').split('\n')
  lines[0] = lines[0]?.slice(0, 40) ?? ''
  writeFileSync(path(), lines.join('\n'))
  await expect(open()).rejects.toThrow(/journal\.jsonl is damaged at line 1/)
})

test('the journal holds a signing key, and is for its owner alone', async () => {
  await open()
  expect(statSync(path()).mode & 0o077).toBe(0)
  expect(statSync(dataDir).mode & 0o077).toBe(0)
})

test('a journal that has grown is rewritten in place, and says the same', async () => {
  const world = await open()
  const html = 'x'.repeat(1024 * 1024)
  const mail = { messageId: '1', to: ['a@b.c'], from: 'd@e.f', subject: '', text: '', at: 0 }
  world.commit({ type: 'mail', value: { ...mail, html: 'kept' } })
  for (let at = 0; at < 33; at += 1) {
    world.commit({ type: 'portal-secrets', value: { ...secretsOf(world), cookieSecret: html } })
  }
  world.commit({ type: 'mail', value: { ...mail, html: 'after' } })
  expect(statSync(path()).size).toBeLessThan(4 * html.length)
  expect((await open()).state.mails.map((one) => one.html)).toEqual(['kept', 'after'])
})

function secretsOf(world: World) {
  const secrets = world.state.portalSecrets
  if (secrets === null) throw new Error('There are no secrets.')
  return secrets
}
