import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { UserId } from '#core/ids.ts'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import { createDirectoryReader } from '#server/aws/directory-reader.ts'
import { createInstanceFinder } from '#server/aws/instance.ts'
import { createPeople } from '#server/aws/people.ts'
import { applyPerson } from '#server/store/directory-person.ts'
import { directoryStatus, latestRefresh, queueRefresh } from '#server/store/directory-refreshes.ts'
import { loadPerson } from '#server/store/people.ts'
import { callsOf, clientsFor, control, type SandboxOrganization } from '#test/aws-clients.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import type { DirectoryReader } from './directory-port.ts'
import { createDirectoryRefresh } from './directory-refresh.ts'

const minute = 60_000
let sandbox: Sandbox
let database: TestDatabase
let organization: SandboxOrganization
let nowMs = Date.parse('2026-11-24T00:00:00Z')
const now = () => new Date(nowMs)
const quiet = { info: () => undefined, warn: () => undefined }

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, seed: 3, settings: { callsPerSecond: 100_000 } })
  organization = await control(sandbox, 'GET', 'organization')
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  database = await createTestDatabase()
  await control(sandbox, 'DELETE', 'faults')
  await control(sandbox, 'DELETE', 'calls')
  await control(sandbox, 'PATCH', 'settings', { minimal: false })
})
afterEach(() => database.drop())

function open(wrap: (reader: DirectoryReader) => DirectoryReader = (reader) => reader) {
  const clients = clientsFor(sandbox)
  const instance = createInstanceFinder(clients)
  const reader = wrap(createDirectoryReader({ clients, instance }))
  const refresh = createDirectoryRefresh({ db: database.db, reader, clock: { now }, log: quiet })
  const people = createPeople({ clients, instance, knownGroups: async () => [] })
  /** Another refresh, when it is time for one. */
  const again = () => {
    nowMs += 6 * minute
    return refresh.refreshIfDue(now())
  }
  return { clients, refresh, people, again }
}

const fault = (body: object) => control(sandbox, 'POST', 'faults', body)
const userIdOf = (userName: string) =>
  organization.users.find((user) => user.userName === userName)?.userId as UserId
const version = async () =>
  (await database.db.selectFrom('directory_version').select('version').executeTakeFirstOrThrow())
    .version
const events = () =>
  database.db
    .selectFrom('audit_event')
    .select(['action', 'actor_id', 'result', 'payload'])
    .orderBy('seq')
    .execute()
const userRow = (userId: UserId) =>
  database.db
    .selectFrom('directory_user')
    .selectAll()
    .where('user_id', '=', userId)
    .executeTakeFirst()

describe('a refresh', () => {
  test('makes the replica what the organisation is', async () => {
    const result = await open().again()
    expect(result).toMatchObject({ state: 'applied', changed: true })
    const { counts } = await directoryStatus(database.db)
    expect(counts.users).toBe(organization.users.length)
    expect(counts.groups).toBe(organization.groups.length)
    expect(counts.accounts).toBe(organization.accounts.length)
    expect(counts.permissionSets).toBe(organization.permissionSets.length)
    // The root is an OU of the replica, and not in the sandbox's list of OUs.
    expect(counts.organizationalUnits).toBe(organization.organizationalUnits.length + 1)

    const accounts = await database.db.selectFrom('directory_account').selectAll().execute()
    const parents = new Map(organization.accounts.map((one) => [one.accountId, one.ouId]))
    for (const account of accounts) {
      expect(account.ou_path.at(-1)).toBe(parents.get(account.account_id))
    }
    expect(accounts.filter((one) => one.is_management)).toHaveLength(1)
    expect(accounts.filter((one) => one.state === 'SUSPENDED')).toHaveLength(1)
    const kept = await database.db
      .selectFrom('directory_permission_set')
      .select('name')
      .where('in_management_account', '=', true)
      .execute()
    expect(kept).toEqual([{ name: 'AWSOrganizationsFullAccess' }])
  })

  test('that finds nothing new changes no row, no version, and writes no event', async () => {
    const { again } = open()
    await again()
    const [before, written] = [await version(), await events()]
    expect(await again()).toMatchObject({ state: 'applied', changed: false })
    expect(await version()).toBe(before)
    expect(await events()).toEqual(written)
  })

  test('renames what was renamed and keeps the names of what is gone', async () => {
    const { again } = open()
    await control(sandbox, 'POST', 'users', {
      userName: 'leaver@example.com',
      displayName: 'Lea Ver',
      email: 'leaver@example.com',
    })
    await again()
    const { users } = await control<SandboxOrganization>(sandbox, 'GET', 'organization')
    const leaver = users.find((one) => one.userName === 'leaver@example.com')?.userId as UserId
    await control(sandbox, 'DELETE', 'users', { userName: 'leaver@example.com' })
    await control(sandbox, 'POST', 'users', {
      userName: 'test-user',
      displayName: '𠮷田 花子',
    })
    await again()
    expect(await userRow(leaver)).toMatchObject({ display_name: 'Lea Ver', enabled: false })
    expect((await userRow(leaver))?.gone_at).not.toBeNull()
    expect(await loadPerson(database.db, leaver)).toMatchObject({ enabled: false })
    expect(await userRow(userIdOf('test-user'))).toMatchObject({
      display_name: '𠮷田 花子',
    })
  })

  test('is one event, which names who went', async () => {
    await open().again()
    const [event] = await events()
    expect(event).toMatchObject({ action: 'directory.refresh', result: 'applied' })
    expect(JSON.parse(event?.payload ?? '')).toMatchObject({
      users: { added: organization.users.length, changed: 0, removed: 0 },
      usersRemoved: [],
    })
  })

  const operations = [
    'ListUsers',
    'ListGroups',
    'ListGroupMemberships',
    'ListRoots',
    'ListOrganizationalUnitsForParent',
    'ListAccountsForParent',
    'ListPermissionSets',
    'DescribePermissionSet',
  ]
  for (const operation of operations) {
    test(`applies nothing when ${operation} fails midway`, async () => {
      const { refresh } = open()
      await fault({ operation, error: 'AccessDeniedException' })
      const result = await refresh.refreshIfDue(now())
      expect(result).toMatchObject({ state: 'failed' })
      expect(result?.failure).toContain(operation)
      const { counts } = await directoryStatus(database.db)
      expect(Object.values(counts).every((count) => count === 0)).toBe(true)
      expect(await latestRefresh(database.db)).toMatchObject({ state: 'failed' })
    })
  }

  test('goes on after AWS throttled a page', async () => {
    const { refresh } = open()
    await fault({ operation: 'ListUsers', error: 'ThrottlingException', times: 1 })
    expect(await refresh.refreshIfDue(now())).toMatchObject({ state: 'applied' })
  })

  test('describes a permission set once, not at every refresh', async () => {
    const { again } = open()
    await again()
    await control(sandbox, 'DELETE', 'calls')
    await again()
    expect(await callsOf(sandbox, 'DescribePermissionSet')).toBe(0)
  })
})

describe('an endpoint that offers less', () => {
  test('is read all the same under `minimal`', async () => {
    await control(sandbox, 'PATCH', 'settings', { minimal: true })
    expect(await open().again()).toMatchObject({ state: 'applied' })
    const states = await database.db.selectFrom('directory_account').select('state').execute()
    expect(new Set(states.map((one) => one.state))).toEqual(new Set(['ACTIVE', 'SUSPENDED']))
    const users = await database.db.selectFrom('directory_user').select('enabled').execute()
    expect(users.every((user) => user.enabled)).toBe(true)
  })

  test('without the list of sets in the management account is asked set by set', async () => {
    const operation = 'ListPermissionSetsProvisionedToAccount'
    await fault({ operation, error: 'AccessDeniedException' })
    expect(await open().again()).toMatchObject({ state: 'applied' })
    const kept = await database.db
      .selectFrom('directory_permission_set')
      .select('name')
      .where('in_management_account', '=', true)
      .execute()
    expect(kept).toEqual([{ name: 'AWSOrganizationsFullAccess' }])
    expect((await latestRefresh(database.db))?.notes.join()).toContain(operation)
  })

  test('that tells neither way keeps what is known, and says so', async () => {
    const { again } = open()
    await again()
    for (const operation of [
      'ListPermissionSetsProvisionedToAccount',
      'ListAccountsForProvisionedPermissionSet',
    ]) {
      await fault({ operation, error: 'UnknownOperationException' })
    }
    expect(await open().again()).toMatchObject({ state: 'applied', changed: false })
    expect((await latestRefresh(database.db))?.notes).toContain(
      'permission sets provisioned in the management account cannot be told apart',
    )
  })
})

describe('a reading that would remove much', () => {
  const crowd = Array.from({ length: 30 }, (_, index) => `crowd-${index}@example.com`)

  test('is held: nothing is removed, additions are there at once, and it says what it would remove', async () => {
    for (const userName of crowd) await control(sandbox, 'POST', 'users', { userName })
    const { again } = open()
    await again()
    for (const userName of crowd) await control(sandbox, 'DELETE', 'users', { userName })
    await control(sandbox, 'POST', 'users', { userName: 'newcomer@example.com' })
    expect(await again()).toMatchObject({
      state: 'held',
      failure: expect.stringContaining('30 of'),
    })
    const live = await database.db
      .selectFrom('directory_user')
      .select('user_name')
      .where('gone_at', 'is', null)
      .execute()
    const names = new Set(live.map((user) => user.user_name))
    expect(crowd.every((userName) => names.has(userName))).toBe(true)
    expect(names.has('newcomer@example.com')).toBe(true)
    const latest = await latestRefresh(database.db)
    expect(latest?.removals?.users.count).toBe(30)
    expect(latest?.removals?.users.ids).toHaveLength(30)
    expect((await events()).at(-1)).toMatchObject({ result: 'held' })
    const told = (await events()).length
    expect(await again()).toMatchObject({ state: 'held', changed: false })
    expect(await events()).toHaveLength(told)
    await control(sandbox, 'DELETE', 'users', { userName: 'newcomer@example.com' })
  })
})

describe('the leader', () => {
  test('refreshes when something asks, else so that nothing is older than five minutes', async () => {
    const { refresh } = open()
    expect(await refresh.refreshIfDue(now())).not.toBeNull()
    nowMs += 4 * minute
    expect(await refresh.refreshIfDue(now())).toBeNull()
    const refreshId = await queueRefresh(database.db, { askedBy: 'someone', at: now() })
    const same = await queueRefresh(database.db, { askedBy: 'someone else', at: now() })
    expect(same).toBe(refreshId)
    expect(await refresh.refreshIfDue(now())).toMatchObject({ refreshId })
    expect((await events()).at(-1)).toMatchObject({ result: 'applied', actor_id: 'someone' })
    expect(await refresh.refreshIfDue(now())).toBeNull()
    nowMs += 5 * minute
    expect(await refresh.refreshIfDue(now())).not.toBeNull()
  })

  test('reads one at a time, whoever asks meanwhile', async () => {
    const gate = Promise.withResolvers<void>()
    let readings = 0
    const { refresh } = open((reader) => ({
      ...reader,
      readAll: async (options) => {
        readings += 1
        await gate.promise
        return reader.readAll(options)
      },
    }))
    const first = refresh.refreshIfDue(now())
    await queueRefresh(database.db, { askedBy: 'someone', at: now() })
    expect(await refresh.refreshIfDue(now())).toBeNull()
    gate.resolve()
    expect(await first).toMatchObject({ state: 'applied' })
    expect(readings).toBe(1)
  })

  test('that took over makes the reading of the old one void', async () => {
    const second = open()
    let tookOver: Promise<unknown> | null = null
    const first = open((reader) => ({
      ...reader,
      readAll: async (options) => {
        const stale = await reader.readAll(options)
        await control(sandbox, 'POST', 'users', { userName: 'after@example.com' })
        nowMs += 1_000
        tookOver = second.refresh.refreshIfDue(now())
        await tookOver
        return { ...stale, users: stale.users.slice(1) }
      },
    }))
    expect(await first.refresh.refreshIfDue(now())).toMatchObject({ state: 'failed' })
    expect(await tookOver).toMatchObject({ state: 'applied' })
    const { counts, latest } = await directoryStatus(database.db)
    expect(counts.users).toBe(organization.users.length + 1)
    expect(latest?.state).toBe('applied')
    await control(sandbox, 'DELETE', 'users', { userName: 'after@example.com' })
  })
})

describe('a person who was read by themselves', () => {
  test('is not set back by a refresh that began before', async () => {
    const userName = 'test-user'
    const userId = userIdOf(userName)
    const { again } = open()
    await again()
    const slow = open((reader) => ({
      ...reader,
      readAll: async (options) => {
        const stale = await reader.readAll(options)
        await control(sandbox, 'POST', 'users', { userName, status: 'DISABLED' })
        await control(sandbox, 'DELETE', 'memberships', { userName, groupName: 'TEAM users' })
        nowMs += 1_000
        const reading = await slow.people.readPerson(userId)
        expect(await applyPerson(database.db, now(), { userId, reading, readAt: now() })).toBe(true)
        return stale
      },
    }))
    await slow.again()
    const person = await loadPerson(database.db, userId)
    expect(person?.enabled).toBe(false)
    expect(person?.groupIds.size).toBe(0)
    await control(sandbox, 'POST', 'users', { userName, status: 'ENABLED' })
    await control(sandbox, 'POST', 'memberships', { userName, groupName: 'TEAM users' })
  })
})

test('contents are read one set at a time, and not again within a day', async () => {
  const { refresh } = open()
  await refresh.refreshIfDue(now())
  let read = 0
  while (await refresh.readContentsIfDue(now())) read += 1
  expect(read).toBe(organization.permissionSets.length)
  const sets = await database.db.selectFrom('directory_permission_set').selectAll().execute()
  const levels = Object.fromEntries(sets.map((set) => [set.name, set.level]))
  expect(levels).toMatchObject({
    AdministratorAccess: 'admin',
    PowerUserAccess: 'write',
    ReadOnlyAccess: 'read',
  })
  nowMs += 23 * 60 * minute
  expect(await refresh.readContentsIfDue(now())).toBe(false)
  nowMs += 2 * 60 * minute
  expect(await refresh.readContentsIfDue(now())).toBe(true)
})
