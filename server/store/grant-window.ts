import { isOver } from '#core/request.ts'
import { type LogWindow, logWindow } from '#core/session-log.ts'
import type { StoredRequest } from './requests.ts'

/** Null: the access was never given. */
export function windowOfRequest(request: StoredRequest, now: Date): LogWindow | null {
  const { grant, endReason, status } = request
  const beganAt = grant?.intentAt ?? grant?.grantedAt ?? null
  if (grant === null || beganAt === null) return null
  const goneAt = isOver(status) ? (grant.removalConfirmedAt ?? grant.overAt) : null
  const goesOn = grant.coveredByRequestId !== null || endReason === 'released'
  return logWindow({ beganAt, goneAt, goesOn, sessionMinutes: grant.sessionMinutes }, now)
}
