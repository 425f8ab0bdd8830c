import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import type { Assignments } from './assignments-port.ts'
import { createPoller, type Poller } from './poller.ts'

let database: TestDatabase
let nowMs: number
/** Of AWS: what it still works on; everything else has succeeded. */
let inProgress: Set<string>
let isPressed: boolean
let removalsWaiting: number
let asked: string[]
let left: Set<number>
let poller: Poller

beforeEach(async () => {
  database = await createTestDatabase()
  nowMs = Date.parse('2026-11-24T00:00:00Z')
  inProgress = new Set()
  isPressed = false
  removalsWaiting = 0
  asked = []
  left = new Set()
  poller = createPoller({
    db: database.db,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    calls: { take: async () => {}, waiting: () => removalsWaiting },
    assignments: aws,
    isPressed: () => isPressed,
    onLeft: (keyIds) => {
      for (const keyId of keyIds) left.add(keyId)
    },
  })
})
afterEach(() => database.drop())

const aws: Pick<
  Assignments,
  | 'creationsInProgress'
  | 'deletionsInProgress'
  | 'succeeded'
  | 'describeCreation'
  | 'describeDeletion'
> = {
  async creationsInProgress() {
    asked.push('creations')
    return new Set()
  },
  async deletionsInProgress() {
    asked.push('in progress')
    return inProgress
  },
  async succeeded(_kind, { wanted }) {
    asked.push('succeeded')
    const ids = new Set([...wanted].filter((id) => !inProgress.has(id)))
    return { ids, listed: ids.size }
  },
  async describeCreation() {
    return { kind: 'succeeded' }
  },
  async describeDeletion() {
    asked.push('one')
    return { kind: 'succeeded' }
  },
}

/** Deletions that AWS has accepted; it works on them until `over`. */
async function accepted(count: number): Promise<void> {
  const at = new Date(nowMs)
  for (let number = 0; number < count; number += 1) {
    const { key_id } = await database.db
      .insertInto('ledger_key')
      .values({
        user_id: 'u',
        account_id: String(number),
        permission_set_arn: 'p',
        updated_at: at,
      })
      .returning('key_id')
      .executeTakeFirstOrThrow()
    await database.db
      .insertInto('intent')
      .values({
        key_id,
        kind: 'delete',
        state: 'accepted',
        epoch: 1,
        written_at: at,
        sent_at: at,
        aws_request_id: `aws-${number}`,
        settled_at: null,
        reason: null,
      })
      .execute()
    inProgress.add(`aws-${number}`)
  }
}

function over(count: number): void {
  for (const id of [...inProgress].slice(0, count)) inProgress.delete(id)
}

/** A turn of the engine, so many seconds later; answers how many keys have an answer. */
async function turn(seconds: number): Promise<number> {
  nowMs += seconds * 1_000
  poller.expect(new Date(nowMs))
  return (await poller.run(new Date(nowMs))).length
}

test('nothing presses: each operation that is over is asked about at once', async () => {
  await accepted(30)
  over(2)
  expect(await turn(1)).toBe(2)
  expect(asked).toEqual(['in progress', 'one', 'one'])
})

test('removals wait: none is asked about alone, and its account is free all the same', async () => {
  await accepted(30)
  isPressed = true
  over(2)
  expect(await turn(1)).toBe(0)
  expect(asked).toEqual(['in progress'])
  expect(left.size).toBe(2)
})

test('removals wait: when many are over, one list tells of all of them', async () => {
  await accepted(30)
  isPressed = true
  over(20)
  expect(await turn(1)).toBe(20)
  expect(asked).toEqual(['in progress', 'succeeded'])
})

test('removals wait: one call a second is spent on asking, however soon an answer is expected', async () => {
  await accepted(30)
  isPressed = true
  over(20)
  await turn(1)
  await turn(1.9)
  expect(asked).toHaveLength(2)
  await turn(0.1)
  expect(asked).toEqual(['in progress', 'succeeded', 'in progress'])
})

test('more removals wait than four seconds serve: room for others is not asked about for two', async () => {
  await accepted(30)
  isPressed = true
  removalsWaiting = 80
  over(2)
  await turn(1)
  await turn(1.9)
  expect(asked).toEqual(['in progress'])
  await turn(0.1)
  expect(asked).toEqual(['in progress', 'in progress'])
})

test('removals wait: what has been over for five seconds is asked about all the same', async () => {
  await accepted(30)
  isPressed = true
  over(1)
  for (let seconds = 0; seconds < 5; seconds += 1) expect(await turn(1)).toBe(0)
  expect(await turn(1)).toBe(1)
  expect(asked.filter((one) => one !== 'in progress')).toEqual(['one'])
})

test('a clock that was set back an hour does not silence it', async () => {
  await accepted(1)
  await turn(1)
  over(1)
  nowMs -= 3_600_000
  expect(await poller.run(new Date(nowMs))).toHaveLength(1)
})

test('when nothing waits any more, the rest is asked about without delay', async () => {
  await accepted(22)
  isPressed = true
  over(20)
  await turn(1)
  isPressed = false
  over(2)
  expect(await turn(0.8)).toBe(22)
})

test('what is accepted while nothing was in flight yet is not forgotten', async () => {
  const reading = turn(1)
  const expected = new Date(nowMs + 600)
  poller.expect(expected)
  expect(await reading).toBe(0)
  expect(poller.nextAt()).toEqual(expected)
})
