import Alert from '@cloudscape-design/components/alert'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import type { Request, Review } from '#contract/request.ts'
import { useNow } from '../../clock.ts'
import { useWords } from '../../i18n.tsx'
import { requestPath } from '../../paths.ts'
import { failureText } from '../../timeline.ts'

/** What one has to know about this request now, in a sentence each. */
export function RequestNotes(props: { request: Request }): ReactNode {
  const { t, times } = useWords()
  const { request } = props
  const now = useNow()
  const notes: ReactNode[] = []
  if (request.status === 'pending') {
    const relative = times.relative(request.expiresAt, now)
    notes.push(
      <Alert key="expires" type="info">
        {t('request.expiresAt', { time: times.at(request.expiresAt), relative })}
      </Alert>,
    )
  }
  if (request.status === 'failed' && request.failure) {
    notes.push(
      <Alert key="failed" type="error" header={t('request.failedTitle')}>
        {failureText(request, t)}
      </Alert>,
    )
  }
  if (request.status === 'ending' && request.late) {
    const since = request.endsAt === null ? 0 : now.getTime() - Date.parse(request.endsAt)
    const n = Math.floor(since / 60_000)
    notes.push(
      <Alert key="late" type="warning" header={t('request.lateTitle')}>
        {n >= 1 ? t('request.lateText', { n }) : t('request.lateSoon')}
      </Alert>,
    )
  }
  if (request.review !== null) {
    notes.push(<ReviewNote key="review" review={request.review} />)
  }
  if (request.extends !== null) {
    notes.push(
      <Alert key="extends" type="info">
        {t('request.extends')}{' '}
        <Link href={requestPath(request.extends)}>{t('request.extendsLink')}</Link>
      </Alert>,
    )
  }
  if (request.extendedBy !== null) {
    notes.push(
      <Alert key="extended" type="info">
        {t('request.extendedBy')}{' '}
        <Link href={requestPath(request.extendedBy)}>{t('request.extendedByLink')}</Link>
      </Alert>,
    )
  }
  const credentials = request.sessionsMayLiveUntil
  if (credentials !== null && new Date(credentials) > now) {
    notes.push(
      <Alert key="credentials" type="info">
        {t('request.credentials', { time: times.at(credentials) })}
      </Alert>,
    )
  }
  const excess = request.excessSeconds ?? 0
  if (excess >= 1) {
    const time = t('duration.seconds', { s: Math.round(excess) })
    notes.push(
      <Alert key="excess" type="info" header={t('request.excessTitle')}>
        {t('request.excess', { time })}
      </Alert>,
    )
  }
  if (request.undelivered > 0) {
    notes.push(
      <Alert key="undelivered" type="warning">
        {t('request.undelivered', { count: request.undelivered })}
      </Alert>,
    )
  }
  if (request.coveredBy !== null) {
    notes.push(
      <Alert key="covered" type="info">
        {t('request.coveredBy')}
      </Alert>,
    )
  }
  return notes.length === 0 ? null : <SpaceBetween size="s">{notes}</SpaceBetween>
}

function ReviewNote(props: { review: Review }): ReactNode {
  const { t, times } = useWords()
  const { dueAt, by, outcome, comment, at } = props.review
  const now = useNow()
  if (outcome === null || by === null || at === null) {
    const late = new Date(dueAt) <= now
    const key = late ? 'review.overdue' : 'review.waiting'
    return <Alert type="warning">{t(key, { time: times.at(dueAt) })}</Alert>
  }
  const header = t(`review.found.${outcome}`, { name: by.userName, time: times.at(at) })
  return (
    <Alert type={outcome === 'justified' ? 'success' : 'warning'} header={header}>
      <span className="free-text">{comment}</span>
    </Alert>
  )
}
