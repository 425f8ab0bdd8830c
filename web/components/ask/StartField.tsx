import DatePicker from '@cloudscape-design/components/date-picker'
import FormField from '@cloudscape-design/components/form-field'
import RadioGroup from '@cloudscape-design/components/radio-group'
import SpaceBetween from '@cloudscape-design/components/space-between'
import TimeInput from '@cloudscape-design/components/time-input'
import type { ReactNode } from 'react'
import { serverNow, useNow } from '../../clock.ts'
import { useWords } from '../../i18n.tsx'
import { wallClock } from '../../time.ts'
import { type Ask, startOf } from './state.ts'

const hourMs = 3_600_000

/** Now, or a date and a time of the viewer's zone, read back with zone and distance. */
export function StartField(props: {
  ask: Ask
  change: (part: Partial<Ask>) => void
  error: string
}): ReactNode {
  const { t, timeZone } = useWords()
  const { ask, change } = props
  const choose = (value: string) => {
    if (value === 'now') return change({ startsLater: false })
    const nextHour = new Date(Math.ceil((serverNow().getTime() + 1) / hourMs) * hourMs)
    const proposal = ask.date === '' ? wallClock(nextHour, timeZone) : {}
    return change({ startsLater: true, ...proposal })
  }
  return (
    <SpaceBetween size="s">
      <FormField label={t('ask.start')} errorText={ask.startsLater ? '' : props.error}>
        <RadioGroup
          value={ask.startsLater ? 'later' : 'now'}
          onChange={({ detail }) => choose(detail.value)}
          items={[
            { value: 'now', label: t('ask.startNow'), description: t('ask.startNowText') },
            { value: 'later', label: t('ask.startLater') },
          ]}
        />
      </FormField>
      {ask.startsLater && <LaterFields {...props} />}
    </SpaceBetween>
  )
}

function LaterFields(props: {
  ask: Ask
  change: (part: Partial<Ask>) => void
  error: string
}): ReactNode {
  const { t, timeZone, times } = useWords()
  const { ask, change } = props
  const now = useNow()
  const start = startOf(ask, timeZone)
  const today = wallClock(now, timeZone).date
  const readBack = start ? times.readBack(start, now) : ''
  return (
    <FormField
      errorText={props.error}
      constraintText={
        <span aria-live="polite">{start && start <= now ? t('ask.startPast') : readBack}</span>
      }
    >
      <SpaceBetween direction="horizontal" size="xs">
        <FormField label={t('ask.startDate')}>
          <DatePicker
            value={ask.date}
            onChange={({ detail }) => change({ date: detail.value })}
            isDateEnabled={(date) => wallClock(date, browserZone()).date >= today}
            placeholder={t('list.rangeFormat')}
            expandToViewport
          />
        </FormField>
        <FormField label={t('ask.startTime')}>
          <TimeInput
            value={ask.time}
            format="hh:mm"
            placeholder="hh:mm"
            onChange={({ detail }) => change({ time: detail.value })}
          />
        </FormField>
      </SpaceBetween>
    </FormField>
  )
}

/** The calendar hands out days as midnights of the browser's own zone. */
function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
