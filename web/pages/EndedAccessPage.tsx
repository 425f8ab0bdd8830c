import Button from '@cloudscape-design/components/button'
import type { ReactNode } from 'react'
import type { RequestStatus } from '#contract/request.ts'
import { ListExport } from '../components/ExportButtons.tsx'
import { RequestList } from '../components/RequestList.tsx'
import type { ColumnName } from '../components/request-columns.tsx'
import { useWords } from '../i18n.tsx'
import { paths } from '../paths.ts'
import { useScopes } from '../scopes.ts'

const columns: readonly ColumnName[] = [
  'target',
  'requester',
  'status',
  'started',
  'ended',
  'endReason',
  'excess',
  'credentials',
  'justification',
  'actions',
]

const statuses: readonly RequestStatus[] = ['ended', 'revoked', 'cancelled', 'failed']

export function EndedAccessPage(): ReactNode {
  const { t } = useWords()
  const { scopes, scope } = useScopes('ended')
  return (
    <RequestList
      title={t('ended.title')}
      view="ended"
      columns={columns}
      statuses={statuses}
      scopes={scopes}
      headerActions={(query) => <ListExport query={query} />}
      empty={t(scope === 'mine' ? 'ended.emptyMine' : 'ended.empty')}
      emptyAction={<Button href={paths.active}>{t('nav.active')}</Button>}
    />
  )
}
