import Button from '@cloudscape-design/components/button'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { useWords } from '../i18n.tsx'

const Picker = lazy(() => import('./DateRangeLoaded.tsx'))

export interface DateRangeProps {
  readonly from: string | null
  readonly to: string | null
}

/** The picker is a quarter of a list's size, so it comes when somebody opens it first. */
export function DateRange(props: DateRangeProps): ReactNode {
  const { t } = useWords()
  const [wanted, setWanted] = useState(props.from !== null || props.to !== null)
  const [opened, setOpened] = useState(false)
  const button = (
    <Button
      iconName="calendar"
      fullWidth
      onClick={() => {
        setOpened(true)
        setWanted(true)
      }}
    >
      {t('list.rangeAny')}
    </Button>
  )
  if (!wanted) return button
  return (
    <Suspense fallback={button}>
      <Picker {...props} openAtOnce={opened} />
    </Suspense>
  )
}
