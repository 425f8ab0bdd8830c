import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { UserId } from '#core/ids.ts'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import { createDirectoryReader } from '#server/aws/directory-reader.ts'
import { createInstanceFinder } from '#server/aws/instance.ts'
import { createPeople } from '#server/aws/people.ts'
import type { Actor } from '#server/operations/actor.ts'
import { acceptRefresh, discardRefresh } from '#server/operations/decide-refresh.ts'
import { readDirectoryStatus } from '#server/operations/read-directory-status.ts'
import type { Bulletin } from '#server/store/announce-port.ts'
import { applyPerson } from '#server/store/directory-person.ts'
import {
  directoryStatus,
  heldRefresh,
  latestRefresh,
  queueRefresh,
} from '#server/store/directory-refreshes.ts'
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

const ada: Actor = {
  person: {
    userId: 'ada' as UserId,
    userName: 'ada',
    displayName: 'Ada',
    email: null,
    enabled: true,
    groupIds: new Set(),
  },
  roles: new Set(['requester', 'admin']),
}

let bulletins: Bulletin[]
beforeEach(() => {
  bulletins = []
})

function open(wrap: (reader: DirectoryReader) => DirectoryReader = (reader) => reader) {
  const clients = clientsFor(sandbox)
  const instance = createInstanceFinder(clients)
  const reader = wrap(createDirectoryReader({ clients, instance }))
  const refresh = createDirectoryRefresh({
    db: database.db,
    reader,
    clock: { now },
    tellOverseers: async (_, bulletin) => void bulletins.push(bulletin),
    log: quiet,
  })
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
    expect(bulletins).toEqual([{ event: 'refresh_held', facts: { refreshId: latest?.refreshId } }])
    expect((await events()).at(-1)).toMatchObject({ result: 'held' })
    const told = (await events()).length
    expect(await again()).toMatchObject({ state: 'held', changed: false })
    expect(await events()).toHaveLength(told)
    expect(bulletins).toHaveLength(1)
    await control(sandbox, 'DELETE', 'users', { userName: 'newcomer@example.com' })
  })
})

describe('the word on a held refresh', () => {
  const crowd = Array.from({ length: 30 }, (_, index) => `many-${index}@example.com`)
  const others = Array.from({ length: 30 }, (_, index) => `other-${index}@example.com`)
  const add = async (names: readonly string[]) => {
    for (const userName of names) await control(sandbox, 'POST', 'users', { userName })
  }
  const drop = async (names: readonly string[]) => {
    for (const userName of names) await control(sandbox, 'DELETE', 'users', { userName })
  }
  const ports = { clock: { now } }
  const input = (refreshId: string) => ({ actor: ada, refreshId, comment: null })
  const accept = (id: string) => acceptRefresh({ db: database.db, ...ports }, input(id))
  const discard = (id: string) => discardRefresh({ db: database.db, ...ports }, input(id))
  const waiting = async () => (await heldRefresh(database.db))?.refreshId ?? ''
  const status = () => readDirectoryStatus({ db: database.db })
  const alive = async () => {
    const rows = await database.db
      .selectFrom('directory_user')
      .select('user_name')
      .where('gone_at', 'is', null)
      .execute()
    const names = new Set(rows.map((row) => row.user_name))
    return { crowd: names.has(crowd[0] ?? ''), others: names.has(others[0] ?? '') }
  }
  const soonAfter = (refresh: ReturnType<typeof open>['refresh']) => {
    nowMs += 1_000
    return refresh.refreshIfDue(now())
  }
  /** The crowd is gone in AWS, and that is held. */
  async function heldOne() {
    await add(crowd)
    const { again, refresh } = open()
    await again()
    await drop(crowd)
    expect(await again()).toMatchObject({ state: 'held' })
    return { again, soon: () => soonAfter(refresh) }
  }

  test('accepted: nothing goes by itself; the next reading removes what was accepted', async () => {
    const { soon } = await heldOne()
    const refreshId = await waiting()
    const next = await accept(refreshId)
    expect(await alive()).toMatchObject({ crowd: true })
    expect(await status()).toMatchObject({
      held: { refreshId, state: 'accepted', decidedBy: 'ada' },
    })
    expect(await soon()).toMatchObject({ refreshId: next, state: 'applied', changed: true })
    expect(await alive()).toMatchObject({ crowd: false })
    expect((await status()).held).toBeNull()
    const [accepted, applied] = (await events()).slice(-2)
    expect(accepted).toMatchObject({ action: 'directory.accept', actor_id: 'ada' })
    expect(JSON.parse(applied?.payload ?? '{}')).toMatchObject({
      acceptedBy: 'ada',
      accepted: refreshId,
    })
  })

  test('accepted, and more is gone by then: held anew, told anew, and nothing removed', async () => {
    await add(others)
    const { soon } = await heldOne()
    const first = await waiting()
    await accept(first)
    await drop(others)
    expect(await soon()).toMatchObject({ state: 'held' })
    expect(await alive()).toEqual({ crowd: true, others: true })
    expect(bulletins).toHaveLength(2)
    // The word was for one reading.
    await add(others)
    expect(await soon()).toBeNull()
    expect(await waiting()).not.toBe(first)
    await drop(others)
  })

  /** A reading that misses those whose names begin so, while AWS has them all. */
  async function missed() {
    await add(crowd)
    let missing = ''
    const { again, refresh } = open((reader) => ({
      ...reader,
      async readAll(options) {
        const all = await reader.readAll(options)
        const isThere = ({ userName }: { userName: string }) =>
          missing === '' || !userName.startsWith(missing)
        return { ...all, users: all.users.filter(isThere) }
      },
    }))
    const miss = (names: string) => {
      missing = names
    }
    await again()
    miss('many-')
    expect(await again()).toMatchObject({ state: 'held' })
    return { again, miss, soon: () => soonAfter(refresh) }
  }

  test('accepted, and less is gone by then: that is removed', async () => {
    const { soon, miss } = await missed()
    await accept(await waiting())
    miss('many-1')
    expect(await soon()).toMatchObject({ state: 'applied' })
    const live = await database.db
      .selectFrom('directory_user')
      .select('user_name')
      .where('gone_at', 'is', null)
      .where('user_name', 'like', 'many-%')
      .execute()
    // 1, and 10 to 19.
    expect(live).toHaveLength(crowd.length - 11)
    await drop(crowd)
  })

  test('accepted, and the next reading fails: the one after it may still be applied', async () => {
    const { soon } = await heldOne()
    await accept(await waiting())
    await fault({ operation: 'ListUsers', error: 'ThrottlingException' })
    expect(await soon()).toMatchObject({ state: 'failed' })
    await control(sandbox, 'DELETE', 'faults')
    nowMs += minute
    expect(await soon()).toMatchObject({ state: 'applied' })
    expect(await alive()).toMatchObject({ crowd: false })
  })

  test('accepted over an hour ago: it counts no more', async () => {
    const { soon } = await heldOne()
    await accept(await waiting())
    nowMs += 61 * minute
    expect(await soon()).toMatchObject({ state: 'held' })
  })

  test('accepted and taken back: nothing is removed', async () => {
    const { soon } = await heldOne()
    const refreshId = await waiting()
    await accept(refreshId)
    await discard(refreshId)
    expect(await soon()).toMatchObject({ state: 'held' })
    expect(await alive()).toMatchObject({ crowd: true })
  })

  test('discarded: forgotten; it cannot be accepted any more', async () => {
    await heldOne()
    const refreshId = await waiting()
    await discard(refreshId)
    expect((await status()).held).toBeNull()
    await expect(accept(refreshId)).rejects.toMatchObject({ code: 'not_waiting' })
    await expect(discard(refreshId)).rejects.toMatchObject({ code: 'not_waiting' })
    expect((await events()).at(-1)).toMatchObject({ action: 'directory.discard', actor_id: 'ada' })
  })

  test('is too late once a reading found them all again', async () => {
    const { again, miss } = await missed()
    const refreshId = await waiting()
    miss('')
    expect(await again()).toMatchObject({ state: 'applied' })
    await expect(accept(refreshId)).rejects.toMatchObject({ code: 'not_waiting' })
    expect((await status()).held).toBeNull()
    await drop(crowd)
  })

  test('is asked for with counts and names', async () => {
    await heldOne()
    const { held } = await status()
    expect(held).toMatchObject({ state: 'held', reason: expect.stringContaining('30 of') })
    const users = held?.removals.find(({ kind }) => kind === 'users')
    expect(users?.count).toBe(30)
    expect(users?.names).toHaveLength(20)
    expect(users?.names.every((name) => /^many-\d+@example\.com$/.test(name))).toBe(true)
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
  expect(sets.find(({ name }) => name === 'ReadOnlyAccess')).toMatchObject({
    managed_policies: ['ReadOnlyAccess'],
    customer_managed_policies: [],
    has_inline_policy: false,
  })
  nowMs += 23 * 60 * minute
  expect(await refresh.readContentsIfDue(now())).toBe(false)
  nowMs += 2 * 60 * minute
  expect(await refresh.readContentsIfDue(now())).toBe(true)
})
