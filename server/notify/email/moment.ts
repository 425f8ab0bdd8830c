/** Moments and spans in words: in the receiver's zone with its offset, and in UTC. */
export type Locale = 'en' | 'ja'

export interface Place {
  readonly locale: Locale
  /** An IANA name. */
  readonly timeZone: string
}

/** A zone that this program does not know counts as UTC. */
export function knownTimeZone(name: unknown): string {
  if (typeof name !== 'string' || name === '') return 'UTC'
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return name
  } catch {
    return 'UTC'
  }
}

export function momentText(at: Date, { locale, timeZone }: Place): string {
  const offset = offsetText(at, timeZone)
  const here = `${dayText(at, { locale, timeZone })} ${timeText(at, timeZone)}`
  if (offset === '+00:00') return `${here} UTC`
  const utc = `${isoDay(at)} ${timeText(at, 'UTC')}`
  const there = locale === 'ja' ? `UTC では ${utc}` : `${utc} UTC`
  return `${here} UTC${offset} (${there})`
}

function dayText(at: Date, { locale, timeZone }: Place): string {
  const { year, month, day } = partsOf(at, timeZone)
  const weekday = named(at, timeZone, locale, { weekday: 'short' })
  if (locale === 'ja') return `${Number(year)}年${Number(month)}月${Number(day)}日(${weekday})`
  const monthName = named(at, timeZone, locale, { month: 'short' })
  return `${weekday} ${Number(day)} ${monthName} ${Number(year)},`
}

function timeText(at: Date, timeZone: string): string {
  const { hour, minute } = partsOf(at, timeZone)
  return `${hour}:${minute}`
}

function isoDay(at: Date): string {
  return at.toISOString().slice(0, 10)
}

function offsetText(at: Date, timeZone: string): string {
  const { year, month, day, hour, minute } = partsOf(at, timeZone)
  const wall = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00Z`)
  const minutes = Math.round((wall - Math.floor(at.getTime() / 60_000) * 60_000) / 60_000)
  const two = (value: number) => String(value).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

/** By the wall clock of that zone, each in as many digits as is usual. */
export function partsOf(at: Date, timeZone: string) {
  const parts = formatter('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  }).formatToParts(at)
  const part = (type: Intl.DateTimeFormatPartTypes) =>
    parts.find((one) => one.type === type)?.value ?? ''
  return {
    year: part('year').padStart(4, '0'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
  }
}

function named(
  at: Date,
  timeZone: string,
  locale: Locale,
  part: { weekday: 'short' } | { month: 'short' },
): string {
  return formatter(locale === 'ja' ? 'ja-JP' : 'en-US', { timeZone, ...part }).format(at)
}

/** Making a formatter takes a millisecond. There are a few for each of some 400 zones. */
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatter(tag: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${tag} ${JSON.stringify(options)}`
  const made =
    formatters.get(key) ??
    new Intl.DateTimeFormat(tag, { ...options, calendar: 'gregory', numberingSystem: 'latn' })
  formatters.set(key, made)
  return made
}

/** Whole minutes as hours and minutes. */
export function durationText(minutes: number, locale: Locale): string {
  const hours = Math.floor(minutes / 60)
  const rest = minutes % 60
  const parts: string[] = []
  if (hours > 0) parts.push(counted(hours, 'hour', locale))
  if (rest > 0 || hours === 0) parts.push(counted(rest, 'minute', locale))
  return parts.join(' ')
}

/** Seconds as minutes and seconds, rounded up: an excess is not made smaller than it was. */
export function secondsText(seconds: number, locale: Locale): string {
  const whole = Math.ceil(seconds)
  const minutes = Math.floor(whole / 60)
  const parts: string[] = []
  if (minutes > 0) parts.push(durationText(minutes, locale))
  if (whole % 60 > 0 || minutes === 0) parts.push(counted(whole % 60, 'second', locale))
  return parts.join(' ')
}

const japaneseUnits = { hour: '時間', minute: '分', second: '秒' }

function counted(count: number, unit: keyof typeof japaneseUnits, locale: Locale): string {
  if (locale === 'ja') return `${count} ${japaneseUnits[unit]}`
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
