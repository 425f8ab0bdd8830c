/** How a request looks: its status, its target, who decided. Pure. */
import type { StatusIndicatorProps } from '@cloudscape-design/components/status-indicator'
import type { Request, RequestStatus } from '#contract/request.ts'
import type { StringKey } from './i18n.tsx'

export type StatusLook = RequestStatus | 'late' | 'watched'

interface Look {
  readonly words: Extract<StringKey, `status.${string}`>
  readonly type: StatusIndicatorProps.Type
  readonly colour: StatusIndicatorProps.Color
}

export const looks: Readonly<Record<StatusLook, Look>> = {
  pending: { words: 'status.pending', type: 'pending', colour: 'blue' },
  scheduled: { words: 'status.scheduled', type: 'not-started', colour: 'blue' },
  activating: { words: 'status.activating', type: 'in-progress', colour: 'blue' },
  active: { words: 'status.active', type: 'success', colour: 'green' },
  ending: { words: 'status.ending', type: 'in-progress', colour: 'yellow' },
  late: { words: 'status.late', type: 'warning', colour: 'red' },
  watched: { words: 'status.watched', type: 'success', colour: 'grey' },
  ended: { words: 'status.ended', type: 'success', colour: 'grey' },
  revoked: { words: 'status.revoked', type: 'stopped', colour: 'yellow' },
  rejected: { words: 'status.rejected', type: 'stopped', colour: 'red' },
  cancelled: { words: 'status.cancelled', type: 'stopped', colour: 'grey' },
  expired: { words: 'status.expired', type: 'pending', colour: 'grey' },
  failed: { words: 'status.failed', type: 'error', colour: 'red' },
}

export function lookOf(
  request: Pick<Request, 'status' | 'late' | 'watchedUntil'>,
  now: Date,
): StatusLook {
  if (request.status === 'ending' && request.late) return 'late'
  const watched = request.watchedUntil !== null && new Date(request.watchedUntil) > now
  return request.status === 'ended' && watched ? 'watched' : request.status
}

export function isOver(status: RequestStatus): boolean {
  return ['ended', 'revoked', 'rejected', 'cancelled', 'expired', 'failed'].includes(status)
}

/** Access exists, is being made or is being taken away. */
export function isLive(status: RequestStatus): boolean {
  return status === 'activating' || status === 'active' || status === 'ending'
}

export function approvalsGiven(request: Pick<Request, 'approvals'>): number {
  return request.approvals.filter((approval) => approval.decision === 'approved').length
}

/** Milliseconds of access or waiting that are left; null where nothing runs out. */
export function leftMs(request: Pick<Request, 'status' | 'endsAt'>, now: Date): number | null {
  if (request.status !== 'active' || request.endsAt === null) return null
  return new Date(request.endsAt).getTime() - now.getTime()
}

/** The newest request for each target, in the order in which they were last asked for. */
export function lastTargets(requests: readonly Request[], limit: number): Request[] {
  const seen = new Map<string, Request>()
  for (const request of requests) {
    const key = `${request.accountId} ${request.permissionSetArn}`
    if (!seen.has(key)) seen.set(key, request)
  }
  return [...seen.values()].slice(0, limit)
}
