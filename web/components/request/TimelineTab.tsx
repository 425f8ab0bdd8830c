import Box from '@cloudscape-design/components/box'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { StatusIndicatorProps } from '@cloudscape-design/components/status-indicator'
import Steps from '@cloudscape-design/components/steps'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Request } from '#contract/request.ts'
import { useWords } from '../../i18n.tsx'
import { noticeEventKey } from '../../notice-words.ts'
import { requestEventsQuery } from '../../queries.ts'
import { type TimelineStep, timelineOf } from '../../timeline.ts'
import { Indicator } from '../Indicator.tsx'

export function TimelineTab(props: { request: Request }): ReactNode {
  const { t, times } = useWords()
  const { request } = props
  const events = useQuery(requestEventsQuery(request.id))
  const steps = timelineOf({ request, events: events.data?.items ?? [], t, at: times.at })
  return (
    <SpaceBetween size="l">
      <Steps
        ariaLabel={t('timeline.label')}
        steps={steps.map((step) => ({
          status: step.status,
          header: step.title,
          details: <StepDetails step={step} />,
          statusIconAriaLabel: step.at === null ? t('timeline.expected') : t('word.yes'),
        }))}
      />
      <Notices request={request} />
    </SpaceBetween>
  )
}

function StepDetails(props: { step: TimelineStep }): ReactNode {
  const { t, times } = useWords()
  const { at, comment, detail } = props.step
  return (
    <Box color="text-body-secondary">
      {at !== null && <time dateTime={at}>{times.at(at)}</time>}
      {detail && <div>{detail}</div>}
      {comment && <div className="free-text comment">{t('timeline.comment', { comment })}</div>}
    </Box>
  )
}

const noticeTypes: Readonly<
  Record<Request['notices'][number]['state'], StatusIndicatorProps.Type>
> = {
  queued: 'pending',
  sent: 'success',
  folded: 'success',
  dropped: 'stopped',
  failed: 'error',
  no_address: 'warning',
  off: 'stopped',
}

function Notices(props: { request: Request }): ReactNode {
  const { t, times } = useWords()
  const { notices } = props.request
  if (notices.length === 0) return null
  return (
    <div>
      <Box variant="h3">{t('timeline.noticeSent')}</Box>
      <ul className="lines">
        {notices.map((notice) => (
          <li key={notice.noticeId}>
            {t('notice.line', {
              event: t(noticeEventKey(notice.event)),
              to: notice.to,
              channel: t(`channel.${notice.channel}`),
            })}{' '}
            <Indicator type={noticeTypes[notice.state]}>
              {t(`noticeState.${notice.state}`)}
            </Indicator>{' '}
            {notice.unanswered > 0 && (
              <Box variant="small" color="text-body-secondary">
                {t('notice.unanswered', { count: notice.unanswered })}{' '}
              </Box>
            )}
            <Box variant="small" color="text-body-secondary">
              {times.at(notice.at)}
            </Box>
          </li>
        ))}
      </ul>
    </div>
  )
}
