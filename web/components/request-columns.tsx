import Box from '@cloudscape-design/components/box'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { TableProps } from '@cloudscape-design/components/table'
import { type ReactNode, useMemo } from 'react'
import type { Request } from '#contract/request.ts'
import { useNow } from '../clock.ts'
import { useWords } from '../i18n.tsx'
import { againPath, consolePath } from '../paths.ts'
import { useMe } from '../queries.ts'
import { approvalsGiven, isOver } from '../request-look.ts'
import { wordEndReason } from '../timeline.ts'
import { Hints } from './decide/Hints.tsx'
import { RequestActions } from './RequestActions.tsx'
import { RequestBadges, RequestStatus } from './RequestStatus.tsx'
import { TargetCell, targetName } from './Target.tsx'
import { TicketText } from './TicketText.tsx'
import { NextTime, Period, When } from './Times.tsx'

type Words = ReturnType<typeof useWords>
type Cell = (request: Request, words: Words, me: ReturnType<typeof useMe>) => ReactNode

export type ColumnName = keyof typeof cells

const cells = {
  target: (request) => <TargetCell request={request} />,
  requester: (request) => (
    <>
      {request.requester.displayName}
      <Small>{request.requester.userName}</Small>
    </>
  ),
  status: (request, { t }) => (
    <>
      <RequestStatus request={request} />
      <RequestBadges request={request} />
      {request.endReason !== null && <Small>{wordEndReason(request.endReason, t)}</Small>}
    </>
  ),
  duration: (request, { t, times }) => {
    const at = request.startsAt ?? request.requestedStartsAt
    return (
      <>
        {times.duration(request.durationMinutes)}
        {at === null ? <Small>{t('word.atOnce')}</Small> : <SmallTime at={at} />}
      </>
    )
  },
  period: (request, { t }) => (
    <>
      <Period request={request} />
      {request.excessSeconds !== null && request.excessSeconds >= 1 && (
        <Small>{t('period.excess', { s: Math.round(request.excessSeconds) })}</Small>
      )}
    </>
  ),
  credentials: (request) => <When at={request.sessionsMayLiveUntil} />,
  approvals: (request, { t }) => approvalsText(request, t),
  approvedBy: (request, { t }) => approvedBy(request, t),
  decision: (request, { t }, me) => {
    const own = request.approvals.find((approval) => approval.userId === me.userId)
    return own ? t(own.decision === 'approved' ? 'decision.approved' : 'decision.rejected') : '—'
  },
  waiting: (request, { t }) => (
    <>
      {approvalsText(request, t)}
      <Small>
        <NextTime request={request} />
      </Small>
    </>
  ),
  justification: (request) => <Justification request={request} />,
  why: (request) => (
    <SpaceBetween size="xxs">
      <Justification request={request} />
      <Hints request={request} />
    </SpaceBetween>
  ),
  asked: (request) => <When at={request.createdAt} />,
  actions: (request, words, me) => (
    <>
      <RequestActions request={request} place="row" />
      <Elsewhere request={request} words={words} me={me} />
    </>
  ),
} satisfies Record<string, Cell>

function Small(props: { children: ReactNode }): ReactNode {
  return (
    <Box variant="small" display="block" color="text-body-secondary">
      {props.children}
    </Box>
  )
}

function SmallTime(props: { at: string | null }): ReactNode {
  const { times } = useWords()
  const now = useNow()
  if (props.at === null) return null
  return (
    <Small>
      <span className="one-line">{times.brief(props.at, now)}</span>
    </Small>
  )
}

/** Why somebody asked, in three lines at most, and the ticket. */
export function Justification({ request }: { request: Request }): ReactNode {
  return (
    <>
      <Clamped text={request.justification} />
      {request.ticket !== null && (
        <Small>
          <TicketText request={request} none="" small />
        </Small>
      )}
    </>
  )
}

function Clamped(props: { text: string }): ReactNode {
  return (
    <span className="clamped" title={props.text}>
      {props.text || '—'}
    </span>
  )
}

export function approvalsText(request: Request, t: Words['t']): string {
  if (!request.approvalRequired) return t('ask.auto')
  const given = approvalsGiven(request)
  return t('badge.approvals', { given, needed: request.approvalsRequired })
}

function approvedBy(request: Request, t: Words['t']): string {
  const names = request.approvals
    .filter((approval) => approval.decision === 'approved')
    .map((approval) => approval.userName)
  return names.length === 0 ? t('ask.auto') : names.join(', ')
}

/** What one's own request leads to besides its actions: the console, or the same again. */
function Elsewhere(props: {
  request: Request
  words: Words
  me: ReturnType<typeof useMe>
}): ReactNode {
  const { request, me, words } = props
  const { t } = words
  if (request.requester.userId !== me.userId) return null
  const target = targetName(request, t)
  if (request.status === 'active' && me.portalUrl) {
    const href = consolePath(me.portalUrl, request.accountId, request.permissionSetName)
    return (
      <div className="elsewhere">
        <Link href={href} external ariaLabel={t('act.consoleOf', { target })}>
          {t('home.openConsole')}
        </Link>
      </div>
    )
  }
  if (!isOver(request.status)) return null
  return (
    <div className="elsewhere">
      <Link href={againPath(request.id)} ariaLabel={t('act.againOf', { target })}>
        {t('ask.again')}
      </Link>
    </div>
  )
}

const minWidths: Partial<Readonly<Record<ColumnName, number>>> = {
  target: 170,
  status: 120,
  duration: 100,
  period: 130,
  asked: 125,
  justification: 150,
  why: 170,
  decision: 90,
  actions: 120,
}

export function useRequestColumns(
  names: readonly ColumnName[],
): TableProps.ColumnDefinition<Request>[] {
  const words = useWords()
  const me = useMe()
  return useMemo(
    () =>
      names.map((name) => ({
        id: name,
        header: words.t(`col.${name}`),
        cell: (request: Request) => cells[name](request, words, me),
        isRowHeader: name === 'target',
        minWidth: minWidths[name] ?? 110,
      })),
    [names, words, me],
  )
}
