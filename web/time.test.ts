import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { translator } from './i18n.tsx'
import { en } from './strings/en.ts'
import { ja } from './strings/ja.ts'
import {
  announcedMinutes,
  countdownText,
  durationText,
  instantOf,
  offsetText,
  timesIn,
  wallClock,
} from './time.ts'

const inEnglish = translator({ locale: 'en', strings: en })
const inJapanese = translator({ locale: 'ja', strings: ja })

describe('a wall clock and the moment it shows', () => {
  const zones = [
    'UTC',
    'Asia/Tokyo',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'Pacific/Chatham',
    'America/St_Johns',
  ]

  test('any minute comes back as a moment that shows the same time in that zone', () => {
    const minutes = fc.integer({ min: 0, max: 80 * 525_600 })
    fc.assert(
      fc.property(minutes, fc.constantFrom(...zones), (minute, zone) => {
        const wall = wallClock(new Date(minute * 60_000), zone)
        const back = instantOf(wall, zone)
        expect(back && wallClock(back, zone)).toEqual(wall)
        // Only an hour that a clock change repeats is ambiguous; then the earlier one is meant.
        expect(back && back.getTime() <= minute * 60_000).toBe(true)
        expect(back && minute * 60_000 - back.getTime()).toBeLessThanOrEqual(3_600_000)
      }),
      { numRuns: 400 },
    )
  })

  test('an hour that summer time skips is moved past the change', () => {
    const at = instantOf({ date: '2026-03-29', time: '02:30' }, 'Europe/Berlin')
    expect(at?.toISOString()).toBe('2026-03-29T01:30:00.000Z')
  })

  test('an hour that happens twice means the first one', () => {
    const at = instantOf({ date: '2026-10-25', time: '02:30' }, 'Europe/Berlin')
    expect(at?.toISOString()).toBe('2026-10-25T00:30:00.000Z')
  })

  const nonsense = [
    { date: '', time: '09:00' },
    { date: '2026-11-24', time: '9' },
    { date: '2026-13-01', time: '09:00' },
    { date: '2026-11-24', time: '25:00' },
  ]
  test.each(nonsense)('$date $time is no time', (wall) => {
    expect(instantOf(wall, 'Asia/Tokyo')).toBe(null)
  })
})

describe('times in words', () => {
  const at = '2026-11-24T00:00:00.000Z'
  const now = new Date('2026-11-23T10:00:00Z')

  test('an absolute time names its zone in both languages and counts 24 hours', () => {
    const tokyo = { locale: 'en', timeZone: 'Asia/Tokyo' } as const
    expect(timesIn(tokyo, inEnglish).at(at)).toBe('24 Nov 2026, 09:00 GMT+9')
    const japanese = timesIn({ ...tokyo, locale: 'ja' }, inJapanese)
    expect(japanese.at(at)).toBe('2026年11月24日 09:00 JST')
    const utc = timesIn({ locale: 'en', timeZone: 'UTC' }, inEnglish)
    expect(utc.at('2026-11-24T00:05:00Z')).toBe('24 Nov 2026, 00:05 UTC')
  })

  test('the year is left out only where it is this year', () => {
    const times = timesIn({ locale: 'en', timeZone: 'Asia/Tokyo' }, inEnglish)
    expect(times.brief(at, now)).toBe('24 Nov, 09:00 GMT+9')
    expect(times.brief('2027-01-01T00:00:00Z', now)).toBe('1 Jan 2027, 09:00 GMT+9')
  })

  test('two moments name their day, zone and year once, where these are the same', () => {
    const times = timesIn({ locale: 'en', timeZone: 'Europe/Berlin' }, inEnglish)
    const range = (from: string, to: string) =>
      times.briefRange(`${from}Z`, `${to}Z`, now).replaceAll('\u2060', '')
    expect(range('2026-11-24T08:00', '2026-11-24T08:10')).toBe('24 Nov, 09:00–09:10 CET')
    expect(range('2026-11-24T22:00', '2026-11-25T00:00')).toBe('24 Nov, 23:00 – 25 Nov, 01:00 CET')
    expect(range('2026-10-25T00:30', '2026-10-25T01:30')).toBe(
      '25 Oct, 02:30 CEST – 25 Oct, 02:30 CET',
    )
    expect(range('2026-12-31T22:00', '2026-12-31T23:30')).toBe(
      '31 Dec, 23:00 – 1 Jan 2027, 00:30 CET',
    )
    expect(range('2025-11-24T08:00', '2025-11-24T08:10')).toBe(
      '24 Nov 2025, 09:00 CET – 24 Nov 2025, 09:10 CET',
    )
  })

  test('what happens this second is now, in both languages', () => {
    const at = new Date('2026-11-24T00:00:00Z')
    expect(timesIn({ locale: 'en', timeZone: 'UTC' }, inEnglish).relative(at, at)).toBe('now')
    expect(timesIn({ locale: 'ja', timeZone: 'UTC' }, inJapanese).relative(at, at)).toBe('今')
  })

  test('a planned start is read back with zone, offset and distance', () => {
    const times = timesIn({ locale: 'en', timeZone: 'Asia/Tokyo' }, inEnglish)
    expect(times.readBack(new Date(at), now)).toMatch(
      /^Tue,? 24 Nov 2026, 09:00 Asia\/Tokyo \(UTC\+9\), in 14 hr$/,
    )
  })

  const offsets: [string, string][] = [
    ['Asia/Tokyo', 'UTC+9'],
    ['Asia/Kolkata', 'UTC+5:30'],
    ['America/St_Johns', 'UTC-3:30'],
    ['UTC', 'UTC+0'],
  ]
  test.each(offsets)('%s is %s', (zone, text) => {
    expect(offsetText(new Date(at), zone)).toBe(text)
  })

  const durations: [number, string, string][] = [
    [1, '1 min', '1 分'],
    [60, '1 h', '1 時間'],
    [90, '1 h 30 min', '1 時間 30 分'],
    [540, '9 h', '9 時間'],
  ]
  test.each(durations)('%i minutes', (minutes, english, japanese) => {
    expect(durationText(minutes, inEnglish)).toBe(english)
    expect(durationText(minutes, inJapanese)).toBe(japanese)
  })
})

describe('a countdown', () => {
  const rows: [number, string][] = [
    [3_725_000, '1:02:05'],
    [65_000, '01:05'],
    [1, '00:01'],
    [0, '00:00'],
    [-5_000, '00:00'],
  ]
  test.each(rows)('%i ms reads %s', (left, text) => {
    expect(countdownText(left)).toBe(text)
  })

  test('it speaks at 15, 5 and 1 minutes and at no other time', () => {
    const spoken = new Set<number>()
    for (let left = 3_600; left > 0; left -= 1) {
      const minutes = announcedMinutes(left * 1000)
      if (minutes !== null) spoken.add(minutes)
    }
    expect([...spoken]).toEqual([15, 5, 1])
    expect(announcedMinutes(10 * 60_000)).toBe(null)
    expect(announcedMinutes(20 * 60_000)).toBe(null)
  })
})
