/**
 * Makes tests of rows: each is lived through and held to what it promises, then to the document.
 * `npm test` lives through every third row and the rivals' faults, `npm run test:full` through all.
 */
import { expect, inject, test } from 'vitest'
import { isSame, sectionOf, write, writtenSection } from './document.ts'
import { type Lived, liveThrough } from './life.ts'
import type { Row, Step } from './row.ts'

/** Sandbox and clock are exact; this much is how TEAM's own rounding may differ. */
const roundingSeconds = 0.001
const excessUsual = 5
/** Two seconds of work, on a machine that has ever so much else to do. */
const rowTimeoutMs = 300_000

const everyNth = process.env.TEST_FULL === '1' ? 1 : 3

export function tabulate(steps: readonly Step[]): void {
  const lives = new Map<Row, Lived>()
  for (const step of steps) {
    for (const [at, row] of step.rows.entries()) {
      if (at % everyNth !== 0 && !row.rival) continue
      test(`${step.title}: ${row.fault}`, { timeout: rowTimeoutMs }, async () => {
        const lived = await liveThrough(row, step.from, inject('testCluster'))
        lives.set(row, lived)
        hold(row, lived)
      })
    }
  }
  for (const step of steps) {
    test(`docs/reliability.md says what was seen: ${step.title}`, () => {
      const section = sectionOf(step, lives)
      if (process.env.TEST_WRITE_TABLE === '1') write(new Map([[step.title, section]]))
      const written = writtenSection(step.title)
      // Shown in full only when they differ: test/reliability/document.ts says how to write it.
      if (!isSame(section, written)) expect(written).toBe(section)
    })
  }
}

function hold(row: Row, lived: Lived): void {
  const { timeline } = lived
  const told = timeline.join('\n')
  expect(lived.broken, told).toEqual([])
  expect({ ends: lived.status, given: lived.given }, told).toEqual({
    ends: row.ends,
    given: row.given,
  })
  expect(lived.held, told).toBe(row.standing === true)
  expect(lived.stuck, told).toEqual([])
  expect(lived.rightAfter, told).toBeLessThanOrEqual(row.rightWithin)
  expect(lived.trueExcess, told).toBeLessThanOrEqual(row.excessAtMost ?? excessUsual)
  if (lived.given || lived.recordedExcess !== null) {
    expect(lived.recordedExcess, told).toBeGreaterThanOrEqual(lived.trueExcess - roundingSeconds)
  } else {
    expect(lived.trueExcess, told).toBe(0)
  }
  expect(Object.fromEntries(lived.told), told).toEqual(row.told ?? {})
  expect(lived.unsent, told).toEqual([])
  expect(lived.answers, told).toEqual(row.answers ?? lived.answers.map(() => 'done'))
}
