import Box from '@cloudscape-design/components/box'
import LiveRegion from '@cloudscape-design/components/live-region'
import type { ReactNode } from 'react'
import type { Request } from '#contract/request.ts'
import { useNow } from '../clock.ts'
import { useWords } from '../i18n.tsx'
import { leftMs } from '../request-look.ts'
import { announcedMinutes, countdownText } from '../time.ts'

/** How long ago or ahead, with the moment and its zone beneath: no hovering needed. */
export function When(props: { at: string | null }): ReactNode {
  const { times } = useWords()
  const now = useNow()
  if (props.at === null) return '—'
  return (
    <time dateTime={props.at}>
      {times.relative(props.at, now)}
      <Box variant="small" display="block" color="text-body-secondary">
        <span className="one-line">{times.brief(props.at, now)}</span>
      </Box>
    </time>
  )
}

/** The time that a grant has left, spoken at 15, 5 and 1 minutes only. */
export function Countdown(props: { request: Request }): ReactNode {
  const { t } = useWords()
  const { request } = props
  const left = leftMs(request, useNow())
  if (left === null) return null
  const minutes = announcedMinutes(left)
  const target = t('target.name', {
    set: request.permissionSetName,
    account: request.accountName,
  })
  return (
    <>
      <span className="numbers" role="timer" aria-live="off">
        {left > 0 ? t('countdown.left', { time: countdownText(left) }) : t('countdown.over')}
      </span>
      <LiveRegion hidden>
        {minutes === null ? '' : t('countdown.announce', { minutes, target })}
      </LiveRegion>
    </>
  )
}

/** What is left of an access, or since when it is over, and the moments between which it lies. */
export function Period({ request }: { request: Request }): ReactNode {
  const { times } = useWords()
  const now = useNow()
  const { grantedAt } = request
  const end = request.endedAt ?? request.endsAt
  if (grantedAt === null || end === null) return <When at={grantedAt} />
  return (
    <>
      {request.status === 'active' ? (
        <Countdown request={request} />
      ) : (
        <time dateTime={end}>{times.relative(end, now)}</time>
      )}
      <Box variant="small" display="block" color="text-body-secondary">
        {times.briefRange(grantedAt, end, now)}
      </Box>
    </>
  )
}

/** The one time that matters now: what is left, when it starts, when asking runs out. */
export function NextTime(props: { request: Request }): ReactNode {
  const { t } = useWords()
  const { request } = props
  const now = useNow()
  if (request.status === 'active') return <Countdown request={request} />
  const until = (at: string) => countdownText(new Date(at).getTime() - now.getTime())
  if (request.status === 'pending') {
    return (
      <span className="numbers">{t('home.expiresIn', { time: until(request.expiresAt) })}</span>
    )
  }
  if (request.status === 'scheduled' && request.startsAt) {
    return (
      <span className="numbers">{t('countdown.startsIn', { time: until(request.startsAt) })}</span>
    )
  }
  const end = request.status === 'ending' ? request.endsAt : request.endedAt
  return end === null ? null : <When at={end} />
}
