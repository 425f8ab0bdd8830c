import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { GroupId, UserId } from '#core/ids.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import {
  account,
  applySnapshot as apply,
  empty,
  group,
  member,
  root,
  set,
  unit,
  user,
} from './directory.fixture.ts'
import { readReplica } from './directory.ts'
import { applyPerson } from './directory-person.ts'
import {
  countsOf,
  type DirectorySnapshot,
  diffDirectory,
  holdReason,
  type removalsOf,
} from './directory-snapshot.ts'
import { loadPerson } from './people.ts'
import type { DirectoryCounts } from './schema.ts'

const start = new Date('2026-11-24T00:00:00Z')
const later = (seconds: number) => new Date(start.getTime() + seconds * 1000)

const counts = (more: Partial<DirectoryCounts>): DirectoryCounts => ({
  users: 0,
  groups: 0,
  memberships: 0,
  organizationalUnits: 0,
  accounts: 0,
  permissionSets: 0,
  ...more,
})
const removals = (more: Partial<DirectoryCounts>) => {
  const entries = Object.entries(counts(more)).map(([kind, count]) => [kind, { count, ids: [] }])
  return Object.fromEntries(entries) as ReturnType<typeof removalsOf>
}

const holds: [string, Partial<DirectoryCounts>, Partial<DirectoryCounts>, boolean][] = [
  ['20 of 20 users, for that is few', { users: 20 }, { users: 20 }, false],
  ['21 of 21 users', { users: 21 }, { users: 21 }, true],
  ['21 of 210 users, for that is a tenth', { users: 210 }, { users: 21 }, false],
  ['21 of 209 users', { users: 209 }, { users: 21 }, true],
  ['100 of 20,000 users', { users: 20_000 }, { users: 100 }, false],
  ['2,001 of 20,000 users', { users: 20_000 }, { users: 2_001 }, true],
  ['30 of 100 groups', { groups: 100 }, { groups: 30 }, true],
  ['30 of 100 memberships', { memberships: 100 }, { memberships: 30 }, true],
  ['30 of 100 accounts', { accounts: 100 }, { accounts: 30 }, true],
  ['30 of 100 permission sets', { permissionSets: 100 }, { permissionSets: 30 }, true],
  [
    '30 of 100 OUs, which hold nobody',
    { organizationalUnits: 100 },
    { organizationalUnits: 30 },
    false,
  ],
  ['nothing', { users: 100 }, {}, false],
]

describe('a reading that would remove', () => {
  for (const [what, before, removed, isHeld] of holds) {
    test(`${what} is ${isHeld ? 'held' : 'applied'}`, () => {
      const reason = holdReason(counts(before), removals(removed))
      expect(reason !== null).toBe(isHeld)
    })
  }

  test('much of two kinds says both', () => {
    const reason = holdReason(
      counts({ users: 100, accounts: 50 }),
      removals({ users: 40, accounts: 30 }),
    )
    expect(reason).toBe('it would remove 40 of 100 users, 30 of 50 accounts')
  })
})

describe('the difference of two readings', () => {
  const person = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    enabled: fc.boolean(),
  })
  const people = fc
    .uniqueArray(person, { selector: (one) => one.name })
    .map((list) => list.map(({ name, enabled }) => user(name, { enabled })))
  test('leads from one to the other, and names nothing that is the same', () => {
    fc.assert(
      fc.property(people, people, (before, after) => {
        const { users } = diffDirectory({ ...empty, users: before }, { ...empty, users: after })
        const touched = [...users.added, ...users.changed, ...users.removed].map(
          (one) => one.userId,
        )
        expect(new Set(touched).size).toBe(touched.length)
        const kept = before.filter((one) => !touched.includes(one.userId))
        const result = [...kept, ...users.added, ...users.changed]
        const sorted = (list: readonly object[]) =>
          list.map((one) => JSON.stringify(one)).toSorted()
        expect(sorted(result)).toEqual(sorted(after))
        for (const one of users.changed) {
          const old = before.find((other) => other.userId === one.userId)
          expect(JSON.stringify(old)).not.toBe(JSON.stringify(one))
        }
      }),
    )
  })

  test('leaves out memberships of people and groups that were not read', () => {
    const { memberships } = diffDirectory(empty, {
      ...empty,
      users: [user('a')],
      groups: [group('g')],
      memberships: [member('g', 'a'), member('g', 'ghost'), member('other', 'a')],
    })
    expect(memberships.added).toEqual([member('g', 'a')])
  })

  test('sees an account that moved, and a set that came into the management account', () => {
    const before = { ...empty, accounts: [account('1')], permissionSets: [set('a')] }
    const moved = account('1', { ouPath: unit('x').path })
    const { accounts, permissionSets } = diffDirectory(before, {
      ...empty,
      accounts: [moved],
      permissionSets: [set('a', { inManagementAccount: true })],
    })
    expect(accounts.changed).toEqual([moved])
    expect(permissionSets.changed).toHaveLength(1)
  })

  test('keeps what the endpoint does not tell about the management account', () => {
    const before = { ...empty, permissionSets: [set('a', { inManagementAccount: true })] }
    const after = { ...empty, permissionSets: [set('a', { inManagementAccount: null })] }
    expect(diffDirectory(before, after).permissionSets.changed).toEqual([])
  })
})

describe('the replica', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database.drop())

  test('takes a large organisation in parts that fit, and then only what changed', async () => {
    const large = largeSnapshot()
    await apply(database, large, start)
    expect(countsOf(await readReplica(database.db))).toEqual(countsOf(large))
    expect(await apply(database, large, later(300))).toBe(false)
    const [first, ...others] = large.users
    const renamed = { ...large, users: [{ ...first, displayName: '山田' }, ...others] }
    const rows = () =>
      database.db.selectFrom('directory_user').select(['user_id', 'read_at']).execute()
    const before = new Map((await rows()).map((row) => [row.user_id, row.read_at.getTime()]))
    await apply(database, renamed as DirectorySnapshot, later(600))
    const touched = (await rows()).filter(
      (row) => before.get(row.user_id) !== row.read_at.getTime(),
    )
    expect(touched.map((row) => row.user_id)).toEqual([first?.userId])
  })
})

function largeSnapshot(): DirectorySnapshot {
  const list = <Row>(length: number, make: (index: number) => Row) =>
    Array.from({ length }, (_, i) => make(i))
  return {
    users: list(20_000, (i) => user(`${i}`)),
    groups: list(2_000, (i) => group(`${i}`)),
    memberships: list(100_000, (i) =>
      member(`${(i * 7 + Math.floor(i / 20_000)) % 2_000}`, `${i % 20_000}`),
    ),
    organizationalUnits: [root, ...list(100, (i) => unit(`${i}`))],
    accounts: list(1_000, (i) =>
      account(`${i}`.padStart(12, '0'), { ouPath: unit(`${i % 100}`).path }),
    ),
    permissionSets: list(750, (i) => set(`${i}`)),
    notes: [],
  }
}

describe('one person', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
    await apply(
      database,
      {
        users: [user('ann'), user('bob')],
        groups: [group('one'), group('two')],
        memberships: [member('one', 'ann'), member('one', 'bob')],
      },
      start,
    )
  })
  afterAll(() => database.drop())

  const userId = 'u-ann' as UserId
  const read = (seconds: number, more: object, groups: string[], appliedAt = seconds) =>
    applyPerson(database.db, later(appliedAt), {
      userId,
      readAt: later(seconds),
      reading: {
        kind: 'read',
        user: user('ann', more),
        groupIds: new Set(groups.map((name) => `g-${name}` as GroupId)),
      },
    })

  test('that is as the replica says changes only when it was read', async () => {
    expect(await read(10, {}, ['one'])).toBe(false)
    expect((await loadPerson(database.db, userId))?.readAt).toEqual(later(10))
  })

  test('is moved to the groups that AWS names, and nobody else is', async () => {
    expect(await read(20, {}, ['two'])).toBe(true)
    expect((await loadPerson(database.db, userId))?.groupIds).toEqual(new Set(['g-two']))
    const bob = await loadPerson(database.db, 'u-bob' as UserId)
    expect(bob?.groupIds).toEqual(new Set(['g-one']))
  })

  test('is not set back by an answer that was asked for earlier', async () => {
    expect(await read(15, { enabled: false }, [], 21)).toBe(false)
    expect(await loadPerson(database.db, userId)).toMatchObject({ enabled: true })
  })

  test('read before the clock was set back is believed as of now', async () => {
    expect(await read(-3_600, { enabled: false }, ['two'])).toBe(true)
    const readAt = later(-3_600)
    expect(await loadPerson(database.db, userId)).toMatchObject({ enabled: false, readAt })
    await read(25, {}, ['two'])
  })

  test('who is disabled, gone and back again is each of these', async () => {
    await read(30, { enabled: false }, ['two'])
    expect(await loadPerson(database.db, userId)).toMatchObject({ enabled: false })
    const gone = { userId, readAt: later(40), reading: { kind: 'gone' } as const }
    expect(await applyPerson(database.db, later(40), gone)).toBe(true)
    expect(await applyPerson(database.db, later(41), { ...gone, readAt: later(41) })).toBe(false)
    const absent = await loadPerson(database.db, userId)
    expect(absent).toMatchObject({ enabled: false, groupIds: new Set() })
    await read(50, {}, ['one'])
    expect(await loadPerson(database.db, userId)).toMatchObject({ enabled: true })
  })

  test('whom the replica has never seen is put in it', async () => {
    const stranger = 'u-new' as UserId
    const reading = {
      kind: 'read',
      user: user('new'),
      groupIds: new Set(['g-one' as GroupId]),
    } as const
    const order = { userId: stranger, readAt: later(60), reading }
    expect(await applyPerson(database.db, later(60), order)).toBe(true)
    expect(await loadPerson(database.db, stranger)).toMatchObject({ userName: 'new@example.com' })
  })
})

describe('a change of the replica', () => {
  let database: TestDatabase
  const snapshot = {
    users: [user('ann'), user('bob')],
    groups: [group('one')],
    memberships: [member('one', 'ann')],
    accounts: [account('000000000001'), account('000000000002')],
    permissionSets: [set('a')],
  }
  beforeEach(async () => {
    database = await createTestDatabase()
    await apply(database, snapshot, start)
    await openGrant(database, 'u-ann', '000000000001')
    await openGrant(database, 'u-bob', '000000000002')
  })
  afterEach(() => database.drop())

  const nudged = async () => {
    const rows = await database.db
      .selectFrom('ledger_key')
      .select('user_id')
      .where('nudges', '>', 0)
      .orderBy('user_id')
      .execute()
    return rows.map((row) => row.user_id)
  }

  const changes: [string, Partial<DirectorySnapshot>, string[]][] = [
    ['that is none', {}, []],
    ['of a name elsewhere', { groups: [group('one'), group('two')] }, []],
    ['that ends a membership', { memberships: [] }, ['u-ann']],
    [
      'that disables somebody',
      { users: [user('ann'), user('bob', { enabled: false })] },
      ['u-bob'],
    ],
    ['by which somebody is gone', { users: [user('ann')] }, ['u-bob']],
    [
      'of an account',
      { accounts: [account('000000000001', { state: 'SUSPENDED' }), account('000000000002')] },
      ['u-ann'],
    ],
    ['by which a set is gone', { permissionSets: [] }, ['u-ann', 'u-bob']],
  ]
  for (const [what, change, whose] of changes) {
    test(`${what} has the engine look at the grants of ${whose.join(' and ') || 'nobody'}`, async () => {
      await apply(database, { ...snapshot, ...change }, later(300))
      expect(await nudged()).toEqual(whose)
    })
  }

  test('of one person does so at once', async () => {
    const userId = 'u-ann' as UserId
    await applyPerson(database.db, later(10), {
      userId,
      readAt: later(10),
      reading: { kind: 'gone' },
    })
    expect(await nudged()).toEqual(['u-ann'])
  })
})

async function openGrant(database: TestDatabase, userId: string, accountId: string): Promise<void> {
  const { rows } = await database.owner.query(
    `insert into ledger_key (user_id, account_id, permission_set_arn, updated_at)
       values ($1, $2, $3, $4) returning key_id`,
    [userId, accountId, set('a').permissionSetArn, start],
  )
  const request = await database.owner.query(
    `insert into request (request_id, version, submission_id, status, requester_id,
       requester_user_name, requester_name, account_id, account_name, permission_set_arn,
       permission_set_name, duration_minutes, justification, break_glass, approval_required,
       approvals_required, approval_needs, explanation, created_at, expires_at, updated_at)
     values (gen_random_uuid(), 1, gen_random_uuid(), 'scheduled', $1, $1, $1, $2, $2, 'a', 'a', 60,
       'why', false, false, 0, '[]', '{}', $3, $3, $3) returning request_id`,
    [userId, accountId, start],
  )
  await database.owner.query(
    `insert into access_grant (grant_id, request_id, key_id, due_at, immediate, duration_minutes)
     values (gen_random_uuid(), $1, $2, $3, true, 60)`,
    [request.rows[0].request_id, rows[0].key_id, start],
  )
}
