import { describe, expect, test } from 'vitest'
import { presetsWithin, readDuration, splitDuration, wholeNumber } from './duration.ts'

describe('what one types as a duration', () => {
  const rows: [string, string, number | null, ReturnType<typeof readDuration>][] = [
    ['1', '30', 240, { ok: true, minutes: 90 }],
    ['', '1', 240, { ok: true, minutes: 1 }],
    ['4', '', 240, { ok: true, minutes: 240 }],
    ['４', '００', 240, { ok: true, minutes: 240 }],
    ['4', '1', 240, { ok: false, problem: 'too_long' }],
    ['0', '0', 240, { ok: false, problem: 'missing' }],
    ['', '', null, { ok: false, problem: 'missing' }],
    ['1.5', '0', null, { ok: false, problem: 'whole' }],
    ['-1', '0', null, { ok: false, problem: 'whole' }],
    ['1e3', '0', null, { ok: false, problem: 'whole' }],
    ['一', '0', null, { ok: false, problem: 'whole' }],
    ['9999', '0', null, { ok: false, problem: 'too_long' }],
  ]
  test.each(rows)('“%s” h “%s” min under %s', (hours, minutes, limit, expected) => {
    expect(readDuration(hours, minutes, limit)).toEqual(expected)
  })

  test('splitting and reading are each other’s reverse', () => {
    for (const minutes of [1, 59, 60, 61, 540, 1440]) {
      const typed = splitDuration(minutes)
      expect(readDuration(typed.hours, typed.minutes, null)).toEqual({ ok: true, minutes })
    }
  })

  test('nothing counts as zero, a word as no number', () => {
    expect(wholeNumber('  ')).toBe(0)
    expect(wholeNumber('two')).toBe(null)
  })
})

describe('presets', () => {
  test('those over the limit are absent, and the limit itself is the longest', () => {
    expect(presetsWithin(90)).toEqual({ common: [30, 60], longest: 90 })
    expect(presetsWithin(20)).toEqual({ common: [], longest: 20 })
  })

  test('a preset that equals the limit is not offered twice', () => {
    expect(presetsWithin(240)).toEqual({ common: [30, 60, 120], longest: 240 })
  })

  test('without a limit there is no longest', () => {
    expect(presetsWithin(null).longest).toBe(null)
  })
})
