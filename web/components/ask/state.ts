/** The state of the request form, as it stands in the URL and as it is sent. Pure. */
import type { EligiblePermissionSet } from '#contract/me.ts'
import type { Submission } from '#contract/request.ts'
import { readDuration, splitDuration } from '../../duration.ts'
import type { StringKey } from '../../i18n.tsx'
import { instantOf, wallClock } from '../../time.ts'

export const justificationCharactersMax = 2_000
export const ticketCharactersMax = 200
export const targetsMax = 20

export interface AskTarget {
  readonly accountId: string
  readonly permissionSetArn: string | null
}

export interface Ask {
  readonly targets: readonly AskTarget[]
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
  const minutes = Number(search.get('minutes') ?? '60')
  const start = new Date(search.get('start') ?? '')
  const later = !Number.isNaN(start.getTime())
  const wall = later ? wallClock(start, timeZone) : { date: '', time: '' }
  const sane = Number.isInteger(minutes) && minutes >= 1 && minutes <= 525_600
  return {
    targets: search.getAll('target').flatMap(readTarget).slice(0, targetsMax),
    ...splitDuration(sane ? minutes : 60),
    startsLater: later,
    ...wall,
    breakGlass: false,
  }
}

function readTarget(text: string): AskTarget[] {
  const [account = '', ...rest] = text.split('~')
  const set = rest.join('~')
  if (!accountIdForm.test(account)) return []
  return [{ accountId: account, permissionSetArn: set.startsWith('arn:') ? set : null }]
}

export function askToUrl(
  ask: Ask,
  timeZone: string,
): Readonly<Record<string, string | readonly string[] | null>> {
  const duration = readDuration(ask.hours, ask.minutes, null)
  const startsAt = startOf(ask, timeZone)
  return {
    target: ask.targets.map(({ accountId, permissionSetArn }) =>
      [accountId, permissionSetArn ?? ''].join('~'),
    ),
    minutes: duration.ok ? String(duration.minutes) : null,
    start: startsAt ? startsAt.toISOString() : null,
  }
}

/**
 * The accounts that are chosen now, each with a row: rows that were there stay as they are, and a
 * new one begins with the permission set of the row above.
 */
export function withAccounts(
  targets: readonly AskTarget[],
  accountIds: readonly string[],
): readonly AskTarget[] {
  const kept = targets.filter(({ accountId }) => accountIds.includes(accountId))
  const added = accountIds.filter((id) => !targets.some(({ accountId }) => accountId === id))
  const permissionSetArn = kept.at(-1)?.permissionSetArn ?? null
  return [...kept, ...added.map((accountId) => ({ accountId, permissionSetArn }))]
}

export function startOf(ask: Ask, timeZone: string): Date | null {
  return ask.startsLater && !ask.breakGlass
    ? instantOf({ date: ask.date, time: ask.time }, timeZone)
    : null
}

export function submissionOf(ask: Ask, prose: Prose, timeZone: string): Submission | null {
  const duration = readDuration(ask.hours, ask.minutes, null)
  const targets = ask.targets.flatMap(({ accountId, permissionSetArn }) =>
    permissionSetArn === null ? [] : [{ accountId, permissionSetArn }],
  )
  if (targets.length === 0 || !duration.ok) return null
  const startsAt = startOf(ask, timeZone)
  return {
    targets,
    startsAt: startsAt ? startsAt.toISOString() : null,
    durationMinutes: duration.minutes,
    justification: prose.justification,
    ticket: prose.ticket.trim() === '' ? null : prose.ticket,
    ...(ask.breakGlass && { breakGlass: true }),
  }
}

/** What all targets together allow and demand; null where nothing is known of any yet. */
export interface Terms {
  readonly limitMinutes: number
  /** The account that has the limit. */
  readonly limitAccountId: string
  /** The longest break-glass that every target allows; null: not all of them do. */
  readonly breakGlassMinutes: number | null
  readonly justificationRequired: boolean
  readonly ticketRequired: boolean
}

export interface KnownTarget {
  readonly accountId: string
  readonly set: EligiblePermissionSet
}

export function termsOf(known: readonly KnownTarget[], breakGlass: boolean): Terms | null {
  const limits = known.map(({ accountId, set }) => ({
    accountId,
    minutes: (breakGlass ? set.breakGlassMaxDurationMinutes : null) ?? set.maxDurationMinutes,
  }))
  const [first, ...others] = limits
  if (!first) return null
  const least = others.reduce((a, b) => (b.minutes < a.minutes ? b : a), first)
  const glass = known.map(({ set }) => set.breakGlassMaxDurationMinutes)
  const isEverywhere = glass.every((minutes) => minutes !== null)
  return {
    limitMinutes: least.minutes,
    limitAccountId: least.accountId,
    breakGlassMinutes: isEverywhere ? Math.min(...glass.map((minutes) => minutes ?? 0)) : null,
    justificationRequired: breakGlass || known.some(({ set }) => set.justificationRequired),
    ticketRequired: known.some(({ set }) => set.ticketRequired),
  }
}

export type AskField = 'targets' | 'sets' | 'duration' | 'start' | 'justification' | 'ticket'
export type AskErrors = Readonly<Partial<Record<AskField, StringKey>>>

const durationWords = {
  missing: 'ask.durationMissing',
  whole: 'ask.durationWhole',
  too_long: 'code.duration_too_long',
} as const

/** Only what the person can see is wrong; the server judges all of it again. */
export function errorsOf(
  ask: Ask,
  prose: Prose,
  facts: { terms: Terms | null; timeZone: string },
): AskErrors {
  const { terms } = facts
  const duration = readDuration(ask.hours, ask.minutes, terms?.limitMinutes ?? null)
  const words = Array.from(prose.justification.trim()).length
  const start = ask.startsLater && !ask.breakGlass ? startOf(ask, facts.timeZone) : new Date(0)
  const isUnset = ask.targets.some(({ permissionSetArn }) => permissionSetArn === null)
  return {
    ...(ask.targets.length === 0 ? { targets: 'ask.accountMissing' } : {}),
    ...(ask.targets.length > targetsMax ? { targets: 'ask.targetsMax' } : {}),
    ...(isUnset ? { sets: 'ask.setMissing' } : {}),
    ...(duration.ok ? {} : { duration: durationWords[duration.problem] }),
    ...(start === null ? { start: 'ask.startMissing' } : {}),
    ...(terms?.justificationRequired && words === 0
      ? { justification: 'ask.justificationMissing' }
      : {}),
    ...(words > justificationCharactersMax ? { justification: 'ask.tooLong' } : {}),
    ...(terms?.ticketRequired && prose.ticket.trim() === '' ? { ticket: 'ask.ticketMissing' } : {}),
  }
}
