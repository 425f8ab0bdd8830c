import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { GroupId, UserId } from '#core/ids.ts'
import { applySnapshot, group, member, user } from '#server/store/directory.fixture.ts'
import type { PersonReading } from '#server/store/directory-person.ts'
import { loadPerson } from '#server/store/people.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { createPeopleConfirmer } from './confirm-person.ts'

const start = Date.parse('2026-11-24T00:00:00Z')
const ann = 'u-ann' as UserId
const bob = 'u-bob' as UserId
let database: TestDatabase
let nowMs = start

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  nowMs += 10 * 60_000
  const snapshot = {
    users: [user('ann'), user('bob')],
    groups: [group('one')],
    memberships: [member('one', 'ann')],
  }
  await database.db.deleteFrom('directory_user').execute()
  await applySnapshot(database, snapshot, new Date(nowMs))
})

/** An Identity Store of two people whose answers wait for a word. */
function open() {
  const store = new Map<UserId, PersonReading>([
    [ann, { kind: 'read', user: user('ann'), groupIds: new Set(['g-one' as GroupId]) }],
    [bob, { kind: 'read', user: user('bob'), groupIds: new Set() }],
  ])
  const reads: UserId[] = []
  let fails = false
  let answer = Promise.resolve()
  const readPerson = async (userId: UserId): Promise<PersonReading> => {
    reads.push(userId)
    const asItWas = store.get(userId) ?? { kind: 'gone' }
    await answer
    if (fails) throw new Error('AWS is away')
    return asItWas
  }
  const findUserId = async (userName: string): Promise<UserId | null> => {
    if (fails) throw new Error('AWS is away')
    return userName === 'ann@example.com' ? ann : null
  }
  const confirmer = createPeopleConfirmer({
    db: database.db,
    people: { readPerson, findUserId },
    clock: { now: () => new Date(nowMs) },
    log: { warn: () => undefined },
  })
  return {
    ...confirmer,
    reads,
    disable: () =>
      store.set(ann, { kind: 'read', user: user('ann', { enabled: false }), groupIds: new Set() }),
    forget: () => store.delete(ann),
    fail: () => {
      fails = true
    },
    holdAnswers: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      answer = promise
      return resolve
    },
  }
}

describe('a person', () => {
  test('read less than a minute ago is not read again', async () => {
    const { confirmPerson, reads } = open()
    nowMs += 59_000
    expect(await confirmPerson(ann)).toBe('confirmed')
    expect(reads).toEqual([])
    nowMs += 2_000
    expect(await confirmPerson(ann)).toBe('confirmed')
    expect(reads).toEqual([ann])
    expect(await confirmPerson(ann)).toBe('confirmed')
    expect(reads).toEqual([ann])
  })

  test('read before the clock was set back is read again, and believed', async () => {
    const { confirmPerson, disable } = open()
    nowMs -= 3_600_000
    disable()
    expect(await confirmPerson(ann)).toBe('gone')
    nowMs += 3_600_000
  })

  test('is read again for whoever needs to be surer, or asks for it now', async () => {
    const { confirmPerson, reads } = open()
    nowMs += 31_000
    await confirmPerson(ann, { maxAgeSeconds: 30 })
    nowMs += 1_000
    await confirmPerson(ann, { force: true })
    expect(reads).toEqual([ann, ann])
  })

  test('whom AWS has disabled or forgotten is gone, and the replica knows it', async () => {
    const { confirmPerson, disable, forget } = open()
    disable()
    expect(await confirmPerson(ann, { force: true })).toBe('gone')
    expect(await loadPerson(database.db, ann)).toMatchObject({
      enabled: false,
      groupIds: new Set(),
    })
    forget()
    nowMs += 61_000
    expect(await confirmPerson(ann)).toBe('gone')
  })

  test('who is gone can be confirmed gone again, as freshly as anybody', async () => {
    const { confirmPerson, forget, reads } = open()
    forget()
    expect(await confirmPerson(ann, { force: true })).toBe('gone')
    nowMs += 120_000
    expect(await confirmPerson(ann, { maxAgeSeconds: 25 })).toBe('gone')
    expect((await loadPerson(database.db, ann))?.readAt).toEqual(new Date(nowMs))
    expect(await confirmPerson(ann, { maxAgeSeconds: 25 })).toBe('gone')
    expect(reads).toHaveLength(2)
  })

  test('stays as they were while AWS cannot be asked', async () => {
    const { confirmPerson, fail } = open()
    fail()
    expect(await confirmPerson(ann)).toBe('confirmed')
    nowMs += 61_000
    expect(await confirmPerson(ann)).toBe('unavailable')
    expect(await loadPerson(database.db, ann)).toMatchObject({ enabled: true })
  })

  test('asked about by many at once is read once', async () => {
    const { confirmPerson, reads, holdAnswers } = open()
    nowMs += 61_000
    const answer = holdAnswers()
    const asked = Array.from({ length: 10 }, () => confirmPerson(ann))
    await until(() => reads.length > 0)
    answer()
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['confirmed']))
    expect(reads).toEqual([ann])
  })

  test('asked for now does not share a reading that began before', async () => {
    const { confirmPerson, reads, holdAnswers, disable } = open()
    nowMs += 61_000
    const answer = holdAnswers()
    const before = confirmPerson(ann)
    await until(() => reads.length === 1)
    disable()
    nowMs += 1_000
    const now = confirmPerson(ann, { force: true })
    await until(() => reads.length === 2)
    answer()
    expect(await now).toBe('gone')
    await before
    expect(await loadPerson(database.db, ann)).toMatchObject({ enabled: false })
  })
})

test('several people are confirmed only if AWS could be asked about each', async () => {
  const { confirmPeople, fail } = open()
  nowMs += 61_000
  expect(await confirmPeople([ann, bob, ann], 30)).toBe('confirmed')
  nowMs += 31_000
  fail()
  expect(await confirmPeople([ann, bob], 30)).toBe('unavailable')
  expect(await confirmPeople([ann, bob], 60)).toBe('confirmed')
})

describe('somebody who signs in', () => {
  test('is found by user name and read afresh', async () => {
    const { findPersonByUserName, reads, disable } = open()
    expect(await findPersonByUserName('ann@example.com')).toEqual({ userId: ann, enabled: true })
    disable()
    nowMs += 1_000
    expect(await findPersonByUserName('ann@example.com')).toEqual({ userId: ann, enabled: false })
    expect(reads).toEqual([ann, ann])
  })

  test('is unknown, or AWS is away, which is not the same', async () => {
    const { findPersonByUserName, fail } = open()
    expect(await findPersonByUserName('eve@example.com')).toBeNull()
    fail()
    expect(await findPersonByUserName('ann@example.com')).toBe('unavailable')
  })
})

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
