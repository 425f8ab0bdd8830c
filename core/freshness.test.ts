import { expect, test } from 'vitest'
import { watchIntervalSeconds } from './freshness.ts'

test.each([
  [0, 60],
  [1, 60],
  [600, 60],
  [601, 61],
  [20_000, 2_000],
])('%i people are each read again after %i s', (people, seconds) => {
  expect(watchIntervalSeconds(people)).toBe(seconds)
})
