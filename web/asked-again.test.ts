import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createAskAgain } from './asked-again.ts'

let asked: string[]
let answers: (() => void)[]
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  asked = []
  answers = []
})
afterEach(() => void vi.useRealTimers())

const begin = () =>
  createAskAgain(([name = '']) => {
    asked.push(name)
    return new Promise<void>((done) => answers.push(done))
  })
const answer = async () => {
  for (const done of answers.splice(0)) done()
  await vi.advanceTimersByTimeAsync(0)
}
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

test('after a quiet while it is asked for at once', async () => {
  const again = begin()
  again.add([['requests'], ['counts']])
  await pass(0)
  expect(asked).toEqual(['requests', 'counts'])
})

test('what changes ten times at once is asked for once, and once more when that has come', async () => {
  const again = begin()
  again.add([['requests']])
  await pass(0)
  for (let change = 0; change < 10; change += 1) again.add([['requests']])
  await pass(5_000)
  expect(asked).toEqual(['requests'])
  await answer()
  expect(asked).toEqual(['requests', 'requests'])
  await answer()
  await pass(5_000)
  expect(asked).toHaveLength(2)
})

test('an answer that does not come holds up nothing else', async () => {
  const again = begin()
  again.add([['requests']])
  await pass(0)
  again.add([['counts'], ['requests']])
  await pass(1_000)
  expect(asked).toEqual(['requests', 'counts'])
})

test('a house in which something always changes is asked five times a second', async () => {
  const again = begin()
  for (let ms = 0; ms < 10_000; ms += 20) {
    again.add([['requests']])
    await answer()
    await pass(20)
  }
  expect(asked.length).toBeGreaterThanOrEqual(45)
  expect(asked.length).toBeLessThanOrEqual(51)
})

test('nothing is asked for after the end', async () => {
  const again = begin()
  again.add([['requests']])
  again.stop()
  await pass(1_000)
  expect(asked).toEqual([])
})
