import fc from 'fast-check'
import { expect, test } from 'vitest'
import { firstFit } from './schedule.ts'

const span = fc
  .record({ startsAt: fc.nat(20), workMs: fc.integer({ min: 1, max: 6 }) })
  .map(({ startsAt, workMs }) => ({ startsAt, dueAt: startsAt + workMs }))
const wanted = fc.record({
  from: fc.nat(20),
  workMs: fc.integer({ min: 1, max: 6 }),
  max: fc.integer({ min: 1, max: 3 }),
})

test('work begins at the first instant from which there is room for all of it, and not later', () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 8 }), wanted, (others, { from, workMs, max }) => {
      const busyAt = (at: number) =>
        others.filter(({ startsAt, dueAt }) => startsAt <= at && at < dueAt).length
      const hasRoom = (start: number) =>
        Array.from({ length: workMs }, (_, step) => start + step).every((at) => busyAt(at) < max)
      let first = from
      while (!hasRoom(first)) first += 1
      expect(firstFit(others, { from, workMs, max })).toBe(first)
    }),
  )
})
