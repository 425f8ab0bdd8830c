import { expect, test } from 'vitest'
import { createDatabaseClock } from './database-clock.ts'

function world() {
  let database = Date.parse('2026-11-24T00:00:00Z')
  let monotonic = 5
  let wall = 1_000_000
  let reads = 0
  let answer: () => Promise<void> = async () => {}
  const clock = createDatabaseClock({
    read: async () => {
      reads += 1
      const at = new Date(database)
      await answer()
      return at
    },
    monotonicMs: () => monotonic,
    wallMs: () => wall,
  })
  return {
    seconds: async () =>
      ((await clock.now()).getTime() - Date.parse('2026-11-24T00:00:00Z')) / 1000,
    reads: () => reads,
    pass(ms: number) {
      database += ms
      monotonic += ms
      wall += ms
    },
    machineSleeps(ms: number) {
      database += ms
      wall += ms
    },
    setDatabase(ms: number) {
      database += ms
    },
    answerAfter(ms: number) {
      answer = async () => this.pass(ms)
    },
  }
}

test('between two readings time goes on, and the database is asked once a second', async () => {
  const { seconds, reads, pass } = world()
  const seen: number[] = []
  for (let at = 0; at < 8; at += 1) {
    seen.push(await seconds())
    pass(250)
  }
  expect(seen).toEqual([0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75])
  expect(reads()).toBe(2)
})

test('those who ask at one time share one reading', async () => {
  const { seconds, reads } = world()
  await Promise.all([seconds(), seconds(), seconds()])
  expect(reads()).toBe(1)
})

test('a slow answer makes it late by the round trip, and never lets it go back', async () => {
  const slow = world()
  expect(await slow.seconds()).toBe(0)
  slow.pass(900)
  expect(await slow.seconds()).toBe(0.9)
  slow.pass(100)
  slow.answerAfter(400)
  expect(await slow.seconds()).toBe(1)
  slow.pass(100)
  expect(await slow.seconds()).toBe(1.1)
})

test('a clock that was set back is followed', async () => {
  const { seconds, pass, setDatabase } = world()
  await seconds()
  setDatabase(-60_000)
  pass(1_000)
  expect(await seconds()).toBe(-59)
})

test('after the machine slept the database is asked at once', async () => {
  const { seconds, machineSleeps } = world()
  await seconds()
  machineSleeps(3_600_000)
  expect(await seconds()).toBe(3_600)
})
