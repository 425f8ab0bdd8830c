import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  account,
  applySnapshot,
  group,
  member,
  root,
  set,
  unit,
  user,
} from '#server/store/directory.fixture.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { listDirectory } from './list-directory.ts'

const start = new Date('2026-11-24T00:00:00Z')

describe('a list', () => {
  let database: TestDatabase
  const names = ['ärger', 'Ann', 'ann', 'bob_1', 'bobX1', '太郎', 'zoe%']
  beforeAll(async () => {
    database = await createTestDatabase()
    const prod = unit('prod')
    const deep = unit('deep', prod.path)
    await applySnapshot(
      database,
      {
        users: names.map((name, index) => ({
          ...user(`${index}`),
          userName: name,
          displayName: name,
        })),
        groups: [group('one'), group('two')],
        memberships: [member('one', '0'), member('one', '1')],
        organizationalUnits: [root, prod, deep],
        accounts: [
          account('000000000001', { isManagement: true }),
          account('000000000002', { state: 'SUSPENDED', ouPath: deep.path }),
          account('000000000003', { ouPath: deep.path }),
          account('000000000004', { ouPath: prod.path }),
        ],
        permissionSets: [set('Read'), set('Kept', { inManagementAccount: true })],
      },
      start,
    )
  })
  afterAll(() => database.drop())

  test('gives every item once, in one order, whatever the size of its pages', async () => {
    const all = (await listDirectory.users(database.db, { limit: 200 })).items
    expect(all).toHaveLength(names.length)
    for (const limit of [1, 2, 3, 7]) {
      const seen: typeof all = []
      let cursor: string | undefined
      do {
        const page = await listDirectory.users(database.db, { limit, cursor })
        seen.push(...page.items)
        cursor = page.nextCursor ?? undefined
      } while (cursor !== undefined)
      expect(seen).toEqual(all)
    }
  })

  const searches: [string, string[]][] = [
    ['ANN', ['Ann', 'ann']],
    ['bob', ['bob_1', 'bobX1']],
    ['bob_', ['bob_1']],
    ['zoe%', ['zoe%']],
    ['%', []],
    ['太', ['太郎']],
    ['u-3', ['bob_1']],
    ['  ann ', ['Ann', 'ann']],
  ]
  for (const [q, found] of searches) {
    test(`of people matches ${JSON.stringify(q)} with ${found.join(', ') || 'nobody'}`, async () => {
      const { items } = await listDirectory.users(database.db, { q, limit: 50 })
      expect(new Set(items.map((item) => item.userName))).toEqual(new Set(found))
    })
  }

  test('refuses a cursor that it did not give', async () => {
    for (const cursor of ['x', 'bnVsbA', Buffer.from('["a"]').toString('base64url')]) {
      await expect(listDirectory.users(database.db, { limit: 1, cursor })).rejects.toMatchObject({
        code: 'malformed',
      })
    }
  })

  test('of accounts says where each one is, and why it is not offered', async () => {
    const { items } = await listDirectory.accounts(database.db, { limit: 50 })
    expect(
      items.map(({ ouPath, offered, notOfferedWhy }) => [ouPath, offered, notOfferedWhy]),
    ).toEqual([
      [['Root'], false, 'management_account'],
      [['Root', 'prod', 'deep'], false, 'account_not_active'],
      [['Root', 'prod', 'deep'], true, null],
      [['Root', 'prod'], true, null],
    ])
  })

  test('of OUs counts the active accounts at any depth', async () => {
    const { items } = await listDirectory.organizationalUnits(database.db, { limit: 50 })
    const seen = Object.fromEntries(items.map((item) => [item.id, [item.path, item.accountCount]]))
    expect(seen).toEqual({
      'r-1': [['Root'], 3],
      'ou-prod': [['Root', 'prod'], 2],
      'ou-deep': [['Root', 'prod', 'deep'], 1],
    })
  })

  test('of groups counts their members, of sets says which are kept', async () => {
    const groups = await listDirectory.groups(database.db, { limit: 50 })
    expect(groups.items).toEqual([
      { groupId: 'g-one', displayName: 'one', memberCount: 2 },
      { groupId: 'g-two', displayName: 'two', memberCount: 0 },
    ])
    const sets = await listDirectory.permissionSets(database.db, { limit: 50 })
    expect(sets.items.map((item) => [item.name, item.offered, item.level])).toEqual([
      ['Kept', false, 'unknown'],
      ['Read', true, 'unknown'],
    ])
  })
})
