/** The story of a request, told from the request itself and its audit events. Pure. */
import type { StatusIndicatorProps } from '@cloudscape-design/components/status-indicator'
import type { AuditEvent } from '#contract/audit.ts'
import type { Request } from '#contract/request.ts'
import type { Translate } from './i18n.tsx'

export interface TimelineStep {
  readonly id: string
  readonly status: StatusIndicatorProps.Type
  readonly title: string
  /** Null: not yet. */
  readonly at: string | null
  readonly comment?: string
  readonly detail?: string
}

interface Told {
  readonly request: Request
  readonly events: readonly AuditEvent[]
  readonly t: Translate
  readonly at: (instant: string) => string
}

export function timelineOf(told: Told): TimelineStep[] {
  const { request, t } = told
  const asked: TimelineStep = {
    id: 'asked',
    status: 'success',
    title: t('timeline.asked', { name: request.requester.displayName }),
    at: request.createdAt,
  }
  return [asked, ...decisions(told), ...access(told), ...reviewed(told)]
}

function decisions({ request, t, at }: Told): TimelineStep[] {
  const steps = request.approvals.map(
    (approval): TimelineStep => ({
      id: `decision-${approval.userId}`,
      status: approval.decision === 'approved' ? 'success' : 'error',
      title: t(approval.decision === 'approved' ? 'timeline.approved' : 'timeline.rejected', {
        name: approval.userName,
      }),
      at: approval.at,
      ...(approval.comment ? { comment: approval.comment } : {}),
    }),
  )
  if (request.status === 'pending') {
    steps.push({
      id: 'waiting',
      status: 'pending',
      title: t('timeline.waiting'),
      at: null,
      detail: t('timeline.waitingText', { time: at(request.expiresAt) }),
    })
  }
  if (!request.approvalRequired) {
    const title = t(request.breakGlass ? 'timeline.breakGlass' : 'timeline.auto')
    steps.push({ id: 'auto', status: 'success', title, at: request.createdAt })
  }
  return steps
}

function reviewed({ request, t }: Told): TimelineStep[] {
  const { review } = request
  if (review === null || review.outcome === null || review.by === null) return []
  return [
    {
      id: 'reviewed',
      status: review.outcome === 'justified' ? 'success' : 'warning',
      title: t(`timeline.reviewed.${review.outcome}`, { name: review.by.userName }),
      at: review.at,
      ...(review.comment ? { comment: review.comment } : {}),
    },
  ]
}

function access(told: Told): TimelineStep[] {
  const { request } = told
  switch (request.status) {
    case 'pending':
      return expected(told, ['start', 'end'])
    case 'rejected':
      return []
    case 'scheduled':
      return expected(told, ['start', 'end'])
    case 'activating':
      return [underWay(told, 'activating'), ...expected(told, ['end'])]
    case 'active':
      return [...granted(told), ...expected(told, ['end'])]
    case 'ending':
      return [...granted(told), ...closing(told), underWay(told, 'ending')]
    default:
      return [...granted(told), ...closing(told), ...removed(told)]
  }
}

function expected({ request, t, at }: Told, which: readonly ('start' | 'end')[]): TimelineStep[] {
  const start = request.startsAt ?? request.requestedStartsAt
  return which.map((one): TimelineStep => {
    const time = one === 'start' ? start : request.endsAt
    const detail =
      time === null
        ? t('timeline.expected')
        : t(one === 'start' ? 'timeline.scheduledAt' : 'timeline.endsAt', { time: at(time) })
    const title = t(one === 'start' ? 'timeline.scheduled' : 'timeline.ends')
    return { id: one, status: 'not-started', title, at: null, detail }
  })
}

function underWay({ request, t, at }: Told, which: 'activating' | 'ending'): TimelineStep {
  const late = which === 'ending' && request.late
  return {
    id: which,
    status: late ? 'warning' : 'in-progress',
    title: t(late ? 'status.late' : `timeline.${which}`),
    at: null,
    ...(which === 'ending' && request.endsAt
      ? { detail: t('timeline.endsAt', { time: at(request.endsAt) }) }
      : {}),
  }
}

function granted({ request, t }: Told): TimelineStep[] {
  if (request.grantedAt === null) return []
  const title = t('timeline.granted')
  return [{ id: 'granted', status: 'success', title, at: request.grantedAt }]
}

/** Who ended it, where somebody did. The moment stands in the audit trail only. */
function closing({ request, events, t }: Told): TimelineStep[] {
  const { stoppedBy, stopComment } = request
  const at = (action: string) => events.find((event) => event.action === action)?.at ?? null
  if (stoppedBy !== null) {
    const verb = stopVerb(request)
    const wording = {
      cancel: 'timeline.cancelledBy',
      return: 'timeline.returnedBy',
      revoke: 'timeline.revokedBy',
    } as const
    return [
      {
        id: verb,
        status: 'stopped',
        title: t(wording[verb], { name: stoppedBy.userName }),
        at: at(`request.${verb}`),
        ...(stopComment ? { comment: stopComment } : {}),
      },
    ]
  }
  if (request.status !== 'expired') return []
  const when = at('request.expire') ?? request.expiresAt
  return [{ id: 'expired', status: 'stopped', title: t('timeline.expired'), at: when }]
}

function stopVerb(request: Request): 'cancel' | 'return' | 'revoke' {
  if (request.endReason === 'returned') return 'return'
  return request.endReason === 'cancelled' || request.status === 'cancelled' ? 'cancel' : 'revoke'
}

function removed({ request, t }: Told): TimelineStep[] {
  if (request.status === 'failed') {
    const detail = failureText(request, t)
    return [
      {
        id: 'failed',
        status: 'error',
        title: t('timeline.failed'),
        at: request.endedAt,
        ...(detail ? { detail } : {}),
      },
    ]
  }
  if (request.grantedAt === null || request.endedAt === null) return []
  const title = t(request.coveredBy ? 'timeline.endedCovered' : 'timeline.ended')
  return [{ id: 'removed', status: 'success', title, at: request.endedAt }]
}

const endReasons = {
  time: 'end.time',
  time_up: 'end.time',
  returned: 'end.returned',
  revoked: 'end.revoked',
  revoked_outside: 'end.revoked_outside',
  released: 'end.released',
  ended_before_restore: 'end.ended_before_restore',
  lost_eligibility: 'end.lost_eligibility',
  person_disabled: 'end.person_disabled',
  cancelled: 'end.cancelled',
  not_decided_in_time: 'end.not_decided_in_time',
  not_granted_in_time: 'end.not_granted_in_time',
  not_eligible: 'end.not_eligible',
  already_held: 'end.already_held',
  out_of_reach: 'end.out_of_reach',
  target_gone: 'end.target_gone',
  account_not_active: 'end.account_not_active',
  management_account: 'end.out_of_reach',
  permission_set_in_management_account: 'end.permission_set_in_management_account',
  parent_over: 'end.parent_over',
  parent_returned: 'end.parent_returned',
  extension_not_allowed: 'code.extension_not_allowed',
  chain_too_long: 'code.chain_too_long',
  too_few_approvers: 'end.too_few_approvers',
} as const

export function wordEndReason(reason: string | null, t: Translate): string {
  if (reason === null) return '—'
  if (Object.hasOwn(endReasons, reason)) return t(endReasons[reason as keyof typeof endReasons])
  return reason.startsWith('aws_') ? t('end.aws', { code: reason.slice(4) }) : reason
}

/** The reason in words, and AWS's own sentence where AWS was the reason. */
export function failureText(request: Pick<Request, 'failure'>, t: Translate): string {
  const { failure } = request
  if (failure === null) return ''
  const words = wordEndReason(failure.code, t)
  const isAws = failure.code.startsWith('aws_') || words === failure.code
  return isAws ? `${words}: ${failure.message}` : words
}
