/** The state of the request form, as it stands in the URL and as it is sent. Pure. */
import type { EligiblePermissionSet } from '#contract/me.ts'
import type { Submission } from '#contract/request.ts'
import { readDuration, splitDuration } from '../../duration.ts'
import type { StringKey } from '../../i18n.tsx'
import { instantOf, wallClock } from '../../time.ts'

export const justificationCharactersMax = 2_000
export const ticketCharactersMax = 200

export interface Ask {
  readonly accountId: string | null
  readonly permissionSetArn: string | null
  readonly hours: string
  readonly minutes: string
  readonly startsLater: boolean
  readonly date: string
  readonly time: string
  /** Decided by the person on the page: never in a URL, so that no link decides it. */
  readonly breakGlass: boolean
}

/** Typed by the person, so never in the URL. */
export interface Prose {
  readonly justification: string
  readonly ticket: string
}

const accountIdForm = /^\d{12}$/

export function askFromUrl(search: URLSearchParams, timeZone: string): Ask {
  const [account = '', ...rest] = (search.get('target') ?? '').split('~')
  const set = rest.join('~')
  const minutes = Number(search.get('minutes') ?? '60')
  const start = new Date(search.get('start') ?? '')
  const later = !Number.isNaN(start.getTime())
  const wall = later ? wallClock(start, timeZone) : { date: '', time: '' }
  const sane = Number.isInteger(minutes) && minutes >= 1 && minutes <= 525_600
  return {
    accountId: accountIdForm.test(account) ? account : null,
    permissionSetArn: set.startsWith('arn:') ? set : null,
    ...splitDuration(sane ? minutes : 60),
    startsLater: later,
    ...wall,
    breakGlass: false,
  }
}

export function askToUrl(ask: Ask, timeZone: string): Readonly<Record<string, string | null>> {
  const duration = readDuration(ask.hours, ask.minutes, null)
  const startsAt = startOf(ask, timeZone)
  return {
    target: ask.accountId === null ? null : [ask.accountId, ask.permissionSetArn ?? ''].join('~'),
    minutes: duration.ok ? String(duration.minutes) : null,
    start: startsAt ? startsAt.toISOString() : null,
  }
}

export function startOf(ask: Ask, timeZone: string): Date | null {
  return ask.startsLater && !ask.breakGlass
    ? instantOf({ date: ask.date, time: ask.time }, timeZone)
    : null
}

export function submissionOf(ask: Ask, prose: Prose, timeZone: string): Submission | null {
  const duration = readDuration(ask.hours, ask.minutes, null)
  if (ask.accountId === null || ask.permissionSetArn === null || !duration.ok) return null
  const startsAt = startOf(ask, timeZone)
  return {
    targets: [{ accountId: ask.accountId, permissionSetArn: ask.permissionSetArn }],
    startsAt: startsAt ? startsAt.toISOString() : null,
    durationMinutes: duration.minutes,
    justification: prose.justification,
    ticket: prose.ticket.trim() === '' ? null : prose.ticket,
    ...(ask.breakGlass && { breakGlass: true }),
  }
}

export type AskField = 'account' | 'set' | 'duration' | 'start' | 'justification' | 'ticket'
export type AskErrors = Readonly<Partial<Record<AskField, StringKey>>>

const durationWords = {
  missing: 'ask.durationMissing',
  whole: 'ask.durationWhole',
  too_long: 'code.duration_too_long',
} as const

/** Break-glass has a longest duration of its own. */
export function limitOf(ask: Ask, set: EligiblePermissionSet | null): number | null {
  if (set === null) return null
  return ask.breakGlass ? set.breakGlassMaxDurationMinutes : set.maxDurationMinutes
}

/** Only what the person can see is wrong; the server judges all of it again. */
export function errorsOf(
  ask: Ask,
  prose: Prose,
  facts: { set: EligiblePermissionSet | null; timeZone: string },
): AskErrors {
  const duration = readDuration(ask.hours, ask.minutes, limitOf(ask, facts.set))
  const words = Array.from(prose.justification.trim()).length
  const start = ask.startsLater && !ask.breakGlass ? startOf(ask, facts.timeZone) : new Date(0)
  return {
    ...(ask.accountId === null ? { account: 'ask.accountMissing' } : {}),
    ...(ask.accountId !== null && ask.permissionSetArn === null ? { set: 'ask.setMissing' } : {}),
    ...(duration.ok ? {} : { duration: durationWords[duration.problem] }),
    ...(start === null ? { start: 'ask.startMissing' } : {}),
    ...((facts.set?.justificationRequired || ask.breakGlass) && words === 0
      ? { justification: 'ask.justificationMissing' }
      : {}),
    ...(words > justificationCharactersMax ? { justification: 'ask.tooLong' } : {}),
    ...(facts.set?.ticketRequired && prose.ticket.trim() === ''
      ? { ticket: 'ask.ticketMissing' }
      : {}),
  }
}
