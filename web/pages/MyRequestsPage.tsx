import Button from '@cloudscape-design/components/button'
import type { ReactNode } from 'react'
import { RequestList } from '../components/RequestList.tsx'
import type { ColumnName } from '../components/request-columns.tsx'
import { useWords } from '../i18n.tsx'
import { paths } from '../paths.ts'
import { everyStatus } from '../url-state.ts'

const columns: readonly ColumnName[] = [
  'target',
  'status',
  'duration',
  'approvals',
  'justification',
  'asked',
  'actions',
]

export function MyRequestsPage(): ReactNode {
  const { t } = useWords()
  const create = (variant: 'primary' | 'normal') => (
    <Button variant={variant} href={paths.newRequest}>
      {t('nav.new')}
    </Button>
  )
  return (
    <RequestList
      title={t('mine.title')}
      view="mine"
      columns={columns}
      statuses={everyStatus}
      headerActions={create('primary')}
      empty={t('mine.empty')}
      emptyAction={create('normal')}
    />
  )
}
