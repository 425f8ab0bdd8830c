import { expect, test } from 'vitest'
import { spread } from './figures.ts'
import { boundSeconds } from './removals.ts'

test('a percentile is a figure that was seen, not one between two', () => {
  const values = Array.from({ length: 20 }, (_, at) => at + 1)
  expect(spread(values)).toEqual({ count: 20, p50: 10, p95: 19, max: 20 })
  expect(spread([7])).toEqual({ count: 1, p50: 7, p95: 7, max: 7 })
})

const storms: [string, Parameters<typeof boundSeconds>[0], number][] = [
  ['accounts bound it', { grants: 200, mostOnOneAccount: 10, delaySeconds: 3 }, 33],
  ['slow accounts all the more', { grants: 200, mostOnOneAccount: 10, delaySeconds: 10 }, 110],
  ['calls bound it', { grants: 1_000, mostOnOneAccount: 10, delaySeconds: 3 }, 53],
]
for (const [name, storm, seconds] of storms) {
  test(`the bound of a storm: ${name}`, () => {
    expect(boundSeconds(storm)).toBe(seconds)
  })
}
