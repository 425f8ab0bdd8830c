/** Instants and durations in words. Pure: the moment, the zone and the language are handed in. */
import type { Locale, Translate } from './i18n.tsx'

export interface Place {
  readonly locale: Locale
  readonly timeZone: string
}

const tagOf: Readonly<Record<Locale, string>> = { en: 'en-GB', ja: 'ja-JP' }

/** Minutes that the zone is ahead of UTC at that moment. */
export function offsetMinutes(at: Date, timeZone: string): number {
  const wall = wallClock(at, timeZone)
  const asUtc = Date.parse(`${wall.date}T${wall.time}:00Z`)
  const minute = Math.floor(at.getTime() / 60_000) * 60_000
  return Math.round((asUtc - minute) / 60_000)
}

export interface WallClock {
  /** `YYYY-MM-DD` */
  readonly date: string
  /** `HH:mm`, 24 hours */
  readonly time: string
}

const wallFormats = new Map<string, Intl.DateTimeFormat>()

function wallFormat(timeZone: string): Intl.DateTimeFormat {
  const known = wallFormats.get(timeZone)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  wallFormats.set(timeZone, made)
  return made
}

export function wallClock(at: Date, timeZone: string): WallClock {
  const parts = wallFormat(timeZone).formatToParts(at)
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
  return {
    date: `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`,
    time: `${part('hour')}:${part('minute')}`,
  }
}

/**
 * The moment that a clock on the wall of that zone shows this. A time that a clock change skips
 * becomes the moment as far after the change; of one that it repeats, the earlier is meant.
 */
export function instantOf(wall: WallClock, timeZone: string): Date | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(wall.date) || !/^\d{2}:\d{2}$/.test(wall.time)) return null
  const asUtc = Date.parse(`${wall.date}T${wall.time}:00Z`)
  if (Number.isNaN(asUtc)) return null
  const dayMs = 86_400_000
  const before = offsetMinutes(new Date(asUtc - dayMs), timeZone)
  const after = offsetMinutes(new Date(asUtc + dayMs), timeZone)
  const candidates = [before, after].map((offset) => new Date(asUtc - offset * 60_000))
  const exact = candidates.filter((at) => {
    const shown = wallClock(at, timeZone)
    return shown.date === wall.date && shown.time === wall.time
  })
  const [first, second] = exact
  if (first && second) return first <= second ? first : second
  return first ?? candidates[0] ?? null
}

/** Days of the viewer's zone, both of them inclusive, as the moments between which they lie. */
export function daysAsInstants(
  days: { readonly from: string | null; readonly to: string | null },
  timeZone: string,
): { from?: string; to?: string } {
  const from = days.from && instantOf({ date: days.from, time: '00:00' }, timeZone)
  const to = days.to && instantOf({ date: dayAfter(days.to), time: '00:00' }, timeZone)
  return {
    ...(from ? { from: from.toISOString() } : {}),
    ...(to ? { to: to.toISOString() } : {}),
  }
}

function dayAfter(day: string): string {
  const next = new Date(`${day}T00:00:00Z`)
  next.setUTCDate(next.getUTCDate() + 1)
  return next.toISOString().slice(0, 10)
}

export function offsetText(at: Date, timeZone: string): string {
  const minutes = offsetMinutes(at, timeZone)
  const sign = minutes < 0 ? '-' : '+'
  const hours = Math.floor(Math.abs(minutes) / 60)
  const rest = Math.abs(minutes) % 60
  return `UTC${sign}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`
}

const relativeUnits: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

/** A dash is a place to break a line, and the two sides of this one belong together. */
const unbroken = '\u2060'

const hourAndMinute = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
const dayAndTime = { month: 'short', day: 'numeric', ...hourAndMinute } as const

function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined
  return () => {
    made ??= make()
    return made
  }
}

export function timesIn(place: Place, t: Translate) {
  const tag = tagOf[place.locale]
  const { timeZone } = place
  // Made when first asked for: a page needs few of them, and each takes milliseconds.
  const format = (options: Intl.DateTimeFormatOptions) =>
    once(() => new Intl.DateTimeFormat(tag, { timeZone, ...options }))
  const zoned = format({ year: 'numeric', ...dayAndTime, timeZoneName: 'short' })
  const short = format({ ...dayAndTime, timeZoneName: 'short' })
  const bare = format(dayAndTime)
  const minute = format({ ...hourAndMinute, timeZoneName: 'short' })
  const long = format({ weekday: 'short', year: 'numeric', ...dayAndTime })
  const seconds = format({ ...hourAndMinute, second: '2-digit', timeZoneName: 'short' })
  const ago = once(() => new Intl.RelativeTimeFormat(tag, { numeric: 'always', style: 'short' }))
  /** `now`, for what would be in 0 seconds. */
  const justNow = once(() => new Intl.RelativeTimeFormat(tag, { numeric: 'auto' }))

  const relative = (at: Date, now: Date): string => {
    const distance = (at.getTime() - now.getTime()) / 1000
    for (const [unit, size] of relativeUnits) {
      // What is ahead is counted down beside it: two hours and 59 minutes are not "in 2 hours".
      const whole = distance > 0 ? Math.round(distance / size) : Math.trunc(distance / size)
      if (Math.abs(distance) >= size) return ago().format(whole, unit)
    }
    const seconds = Math.trunc(distance)
    return (seconds === 0 ? justNow() : ago()).format(seconds, 'second')
  }

  const dateOf = (at: Date) => wallClock(at, timeZone).date
  const sameYear = (one: Date, other: Date) => dateOf(one).slice(0, 4) === dateOf(other).slice(0, 4)
  const brief = (at: Date, now: Date): string => (sameYear(at, now) ? short() : zoned()).format(at)

  const briefRange = (from: Date, to: Date, now: Date): string => {
    const sameZone = offsetMinutes(from, timeZone) === offsetMinutes(to, timeZone)
    if (!sameZone || !sameYear(from, now)) return `${brief(from, now)} – ${brief(to, now)}`
    return dateOf(from) === dateOf(to)
      ? `${bare().format(from)}${unbroken}–${unbroken}${minute().format(to)}`
      : `${bare().format(from)} – ${brief(to, now)}`
  }

  return {
    /** `24 Nov 2026, 09:00 GMT+9` */
    at: (at: Date | string) => zoned().format(new Date(at)),
    /** Without the year, where it is this one. */
    brief: (at: Date | string, now: Date) => brief(new Date(at), now),
    /** `24 Nov, 09:00–10:00 GMT+9` */
    briefRange: (from: Date | string, to: Date | string, now: Date) =>
      briefRange(new Date(from), new Date(to), now),
    /** `09:00:05 GMT+9` */
    clock: (at: Date | string) => seconds().format(new Date(at)),
    relative: (at: Date | string, now: Date) => relative(new Date(at), now),
    /** `Tue, 24 Nov 2026, 09:00 Asia/Tokyo (UTC+9), in 14 hr` */
    readBack: (at: Date, now: Date) =>
      t('time.readBack', {
        time: long().format(at),
        timeZone,
        offset: offsetText(at, timeZone),
        relative: relative(at, now),
      }),
    duration: (minutes: number) => durationText(minutes, t),
  }
}

export function durationText(minutes: number, t: Translate): string {
  const h = Math.floor(minutes / 60)
  const m = minutes % 60
  if (h === 0) return t('duration.minutes', { m })
  return m === 0 ? t('duration.hours', { h }) : t('duration.both', { h, m })
}

/** `12:05`, or `1:02:05` from an hour on; never below zero. */
export function countdownText(leftMs: number): string {
  const total = Math.max(0, Math.ceil(leftMs / 1000))
  const hours = Math.floor(total / 3600)
  const minutes = Math.floor((total % 3600) / 60)
  const two = (value: number) => String(value).padStart(2, '0')
  const tail = `${two(minutes)}:${two(total % 60)}`
  return hours > 0 ? `${hours}:${tail}` : tail
}

/** The minutes at which a countdown speaks up: 15, 5, 1. Null between them. */
export function announcedMinutes(leftMs: number): number | null {
  const left = leftMs / 60_000
  return [1, 5, 15].find((mark) => left <= mark && left > mark - 0.5) ?? null
}
