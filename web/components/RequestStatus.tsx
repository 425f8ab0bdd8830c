import Badge from '@cloudscape-design/components/badge'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import type { Request } from '#contract/request.ts'
import { useNow } from '../clock.ts'
import { useWords } from '../i18n.tsx'
import { approvalsGiven, lookOf, looks } from '../request-look.ts'
import { Indicator } from './Indicator.tsx'

export function RequestStatus(props: { request: Request }): ReactNode {
  const { t, times } = useWords()
  const { request } = props
  const kind = lookOf(request, useNow())
  const look = looks[kind]
  const text =
    kind === 'watched' && request.watchedUntil
      ? t('status.watched', { time: times.clock(request.watchedUntil) })
      : t(look.words)
  return (
    <Indicator type={look.type} colorOverride={look.colour}>
      {text}
    </Indicator>
  )
}

export function RequestBadges(props: { request: Request }): ReactNode {
  const { t } = useWords()
  const { request } = props
  const given = approvalsGiven(request)
  const partly = request.status === 'pending' && request.approvalsRequired > 1 && given > 0
  const badges: ReactNode[] = []
  if (request.breakGlass) {
    badges.push(
      <Badge key="break-glass" color="red">
        {t('badge.breakGlass')}
      </Badge>,
    )
  }
  if (request.review !== null && request.review.outcome === null) {
    badges.push(
      <Badge key="review" color="severity-medium">
        {t('badge.review')}
      </Badge>,
    )
  }
  if (request.extends !== null) badges.push(<Badge key="extends">{t('badge.extension')}</Badge>)
  if (partly) {
    const text = t('badge.approvals', { given, needed: request.approvalsRequired })
    badges.push(
      <Badge key="approvals" color="blue">
        {text}
      </Badge>,
    )
  }
  if (request.undelivered > 0) {
    badges.push(
      <Badge key="undelivered" color="severity-medium">
        {t('badge.undelivered')}
      </Badge>,
    )
  }
  if (badges.length === 0) return null
  return (
    <SpaceBetween direction="horizontal" size="xxs">
      {badges}
    </SpaceBetween>
  )
}
