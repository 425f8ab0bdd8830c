/** The clock of requests and grants (the domain page's "The clock"), a rule a function. */
import type { Settings } from './settings.ts'

export const sessionMinutesAssumed = 12 * 60

export function addMinutes(at: Date, minutes: number): Date {
  return new Date(at.getTime() + minutes * 60_000)
}

export function earlier(a: Date, b: Date): Date {
  return a <= b ? a : b
}

export function expiresAt(createdAt: Date, settings: Pick<Settings, 'requestExpiryMinutes'>): Date {
  return addMinutes(createdAt, settings.requestExpiryMinutes)
}

export function isExpired(request: { readonly expiresAt: Date }, now: Date): boolean {
  return request.expiresAt <= now
}

/** A start that has passed, or none, means at once: null. */
export function startStillAhead(requestedStartsAt: Date | null, now: Date): Date | null {
  return requestedStartsAt !== null && requestedStartsAt > now ? requestedStartsAt : null
}

export function furthestStart(now: Date, settings: Pick<Settings, 'furthestStartDays'>): Date {
  return addMinutes(now, settings.furthestStartDays * 24 * 60)
}

/** Access that AWS has not confirmed by then is cleaned up, and the request fails. */
export function activationDeadline(
  dueAt: Date,
  settings: Pick<Settings, 'activationDeadlineMinutes'>,
): Date {
  return addMinutes(dueAt, settings.activationDeadlineMinutes)
}

export interface ImmediateGrant {
  readonly intentAt: Date
  readonly durationMinutes: number
  /** The setting as it was when the intent was written. */
  readonly activationDeadlineMinutes: number
}

/** An immediate grant never lives past this, however late AWS confirms. */
export function hardEnd(grant: ImmediateGrant): Date {
  return addMinutes(grant.intentAt, grant.activationDeadlineMinutes + grant.durationMinutes)
}

export function immediateEndsAt(grant: {
  readonly confirmedAt: Date
  readonly durationMinutes: number
  readonly hardEnd: Date
}): Date {
  return earlier(addMinutes(grant.confirmedAt, grant.durationMinutes), grant.hardEnd)
}

/** Lateness is not made up. */
export function scheduledEndsAt(grant: {
  readonly startsAt: Date
  readonly durationMinutes: number
}): Date {
  return addMinutes(grant.startsAt, grant.durationMinutes)
}

/** What to tell before it is certain: the end if everything happens at once. */
export function endsAbout(request: {
  readonly requestedStartsAt: Date | null
  readonly durationMinutes: number
  readonly now: Date
}): Date {
  const startsAt = startStillAhead(request.requestedStartsAt, request.now) ?? request.now
  return addMinutes(startsAt, request.durationMinutes)
}

/** Credentials taken in the last second of a grant live for the whole session duration. */
export function sessionsMayLiveUntil(endsAt: Date, sessionMinutes: number | null): Date {
  return addMinutes(endsAt, sessionMinutes ?? sessionMinutesAssumed)
}
