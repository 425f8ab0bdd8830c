import DateRangePicker from '@cloudscape-design/components/date-range-picker'
import { type ReactNode, useEffect, useRef } from 'react'
import { serverNow } from '../clock.ts'
import { useWords } from '../i18n.tsx'
import { setSearch } from '../router.ts'
import { offsetMinutes, wallClock } from '../time.ts'
import { firstPage } from '../url-state.ts'
import type { DateRangeProps } from './DateRange.tsx'

export default function DateRangeLoaded(
  props: DateRangeProps & { openAtOnce: boolean },
): ReactNode {
  const { t, timeZone } = useWords()
  const holder = useRef<HTMLDivElement>(null)
  const { openAtOnce } = props
  useEffect(() => {
    if (openAtOnce) holder.current?.querySelector('button')?.click()
  }, [openAtOnce])
  const day = (text: string | undefined) => text?.slice(0, 10) ?? null
  const today = wallClock(serverNow(), timeZone).date
  const startDate = props.from ?? '2000-01-01'
  const value =
    props.from === null && props.to === null
      ? null
      : { type: 'absolute' as const, startDate, endDate: props.to ?? today }
  return (
    <div ref={holder}>
      <DateRangePicker
        value={value}
        dateOnly
        rangeSelectorMode="absolute-only"
        relativeOptions={[]}
        placeholder={t('list.rangeAny')}
        getTimeOffset={(date) => offsetMinutes(date, timeZone)}
        i18nStrings={{ ariaLabel: t('list.range') }}
        isValidRange={(range) => {
          const valid = range?.type === 'absolute' && range.startDate <= range.endDate
          return valid ? { valid } : { valid: false, errorMessage: t('list.rangeInvalid') }
        }}
        onChange={({ detail }) => {
          const range = detail.value?.type === 'absolute' ? detail.value : null
          setSearch({ from: day(range?.startDate), to: day(range?.endDate), ...firstPage })
        }}
      />
    </div>
  )
}
