/** What the duration fields of a form say, and which presets fit under a limit. Pure. */

export type DurationProblem = 'missing' | 'whole' | 'too_long'

export type DurationEntry =
  | { readonly ok: true; readonly minutes: number }
  | { readonly ok: false; readonly problem: DurationProblem }

const minutesMax = 525_600

/** Full-width digits are what a Japanese keyboard gives first. */
export function wholeNumber(text: string): number | null {
  const plain = text.normalize('NFKC').trim()
  if (plain === '') return 0
  return /^\d{1,6}$/.test(plain) ? Number(plain) : null
}

export function readDuration(
  hours: string,
  minutes: string,
  limitMinutes: number | null,
): DurationEntry {
  const h = wholeNumber(hours)
  const m = wholeNumber(minutes)
  if (h === null || m === null) return { ok: false, problem: 'whole' }
  const total = h * 60 + m
  if (total < 1) return { ok: false, problem: 'missing' }
  if (total > (limitMinutes ?? minutesMax)) return { ok: false, problem: 'too_long' }
  return { ok: true, minutes: total }
}

export function splitDuration(minutes: number): { hours: string; minutes: string } {
  return { hours: String(Math.floor(minutes / 60)), minutes: String(minutes % 60) }
}

const commonMinutes = [30, 60, 120, 240]

/** Common durations below the limit, then the limit itself. */
export function presetsWithin(limitMinutes: number | null): {
  readonly common: readonly number[]
  readonly longest: number | null
} {
  if (limitMinutes === null) return { common: commonMinutes, longest: null }
  return {
    common: commonMinutes.filter((minutes) => minutes < limitMinutes),
    longest: limitMinutes,
  }
}
