import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  activationDeadline,
  endsAbout,
  expiresAt,
  furthestStart,
  hardEnd,
  immediateEndsAt,
  isExpired,
  scheduledEndsAt,
  sessionsMayLiveUntil,
  startStillAhead,
} from './window.ts'

const at = (time: string) => new Date(`2026-11-24T${time}Z`)
const nine = at('09:00:00')

test('a request expires counted from its creation, and is expired at that very moment', () => {
  const until = expiresAt(nine, { requestExpiryMinutes: 180 })
  expect(until).toEqual(at('12:00:00'))
  expect(isExpired({ expiresAt: until }, at('11:59:59.999'))).toBe(false)
  expect(isExpired({ expiresAt: until }, at('12:00:00'))).toBe(true)
})

describe('a start', () => {
  test.each([
    ['that has passed means at once', at('08:59:59'), null],
    ['that is this moment means at once', nine, null],
    ['that is none means at once', null, null],
    ['ahead stays', at('09:00:00.001'), at('09:00:00.001')],
  ])('%s', (_, start, expected) => expect(startStillAhead(start, nine)).toEqual(expected))

  test('may be thirty days ahead, counted in hours and not in calendar days', () => {
    expect(furthestStart(nine, { furthestStartDays: 30 })).toEqual(new Date('2026-12-24T09:00:00Z'))
  })
})

describe('an immediate grant', () => {
  const limit = hardEnd({ intentAt: nine, durationMinutes: 60, activationDeadlineMinutes: 10 })
  test('has its whole duration from the confirmation', () => {
    const confirmedAt = at('09:09:30')
    const endsAt = immediateEndsAt({ confirmedAt, durationMinutes: 60, hardEnd: limit })
    expect(endsAt).toEqual(at('10:09:30'))
  })
  test('never lives past intent, deadline and duration together', () => {
    expect(limit).toEqual(at('10:10:00'))
    const confirmedAt = at('09:30:00')
    const endsAt = immediateEndsAt({ confirmedAt, durationMinutes: 60, hardEnd: limit })
    expect(endsAt).toEqual(at('10:10:00'))
  })
  test('confirmed within the deadline always gets its whole duration, later never more', () => {
    fc.assert(
      fc.property(
        fc.nat(3_600),
        fc.integer({ min: 1, max: 600 }),
        fc.integer({ min: 1, max: 60 }),
        (seconds, durationMinutes, activationDeadlineMinutes) => {
          const confirmedAt = new Date(nine.getTime() + seconds * 1_000)
          const end = hardEnd({ intentAt: nine, durationMinutes, activationDeadlineMinutes })
          const endsAt = immediateEndsAt({ confirmedAt, durationMinutes, hardEnd: end })
          const minutes = (endsAt.getTime() - confirmedAt.getTime()) / 60_000
          const inTime = seconds <= activationDeadlineMinutes * 60
          if (inTime) expect(minutes).toBe(durationMinutes)
          else expect(minutes).toBeLessThan(durationMinutes)
          expect(endsAt.getTime()).toBeLessThanOrEqual(end.getTime())
        },
      ),
    )
  })
})

test('a scheduled grant ends at its start and duration, however late it began', () => {
  expect(scheduledEndsAt({ startsAt: nine, durationMinutes: 90 })).toEqual(at('10:30:00'))
})

test('access not confirmed ten minutes after it was due is given up', () => {
  expect(activationDeadline(nine, { activationDeadlineMinutes: 10 })).toEqual(at('09:10:00'))
})

test('the end that is told beforehand counts from the start, or from now', () => {
  const told = (requestedStartsAt: Date | null) =>
    endsAbout({ requestedStartsAt, durationMinutes: 60, now: nine })
  expect(told(at('11:00:00'))).toEqual(at('12:00:00'))
  expect(told(at('08:00:00'))).toEqual(at('10:00:00'))
  expect(told(null)).toEqual(at('10:00:00'))
})

test('credentials may live a session duration longer than the grant, twelve hours if unknown', () => {
  expect(sessionsMayLiveUntil(nine, 60)).toEqual(at('10:00:00'))
  expect(sessionsMayLiveUntil(nine, null)).toEqual(at('21:00:00'))
})
