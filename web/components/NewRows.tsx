import Button from '@cloudscape-design/components/button'
import type { ReactNode } from 'react'
import { useWords } from '../i18n.tsx'

/** Rows that wait to be shown; among the actions of the list's heading, where it moves no row. */
export function NewRows(props: { count: number; onShow: () => void }): ReactNode {
  const { t } = useWords()
  const { count, onShow } = props
  return (
    <div role="status" className="news">
      {count > 0 && (
        <Button iconName="angle-up" onClick={onShow}>
          {t('list.new', { count })}
        </Button>
      )}
    </div>
  )
}
