import Button from '@cloudscape-design/components/button'
import type { ReactNode } from 'react'
import type { RequestStatus } from '#contract/request.ts'
import { ListExport } from '../components/ExportButtons.tsx'
import { RequestList } from '../components/RequestList.tsx'
import type { ColumnName } from '../components/request-columns.tsx'
import { useWords } from '../i18n.tsx'
import { paths } from '../paths.ts'
import { useScopes } from '../scopes.ts'

const everybodys: readonly ColumnName[] = [
  'target',
  'requester',
  'status',
  'period',
  'credentials',
  'justification',
  'actions',
]

const statuses: readonly RequestStatus[] = ['ended', 'revoked', 'cancelled', 'failed']

/** Whose it is need not be said of one's own. */
const own = everybodys.filter((name) => name !== 'requester')

export function EndedAccessPage(): ReactNode {
  const { t } = useWords()
  const { scopes, scope } = useScopes('ended')
  return (
    <RequestList
      title={t('ended.title')}
      view="ended"
      columns={scope === 'mine' ? own : everybodys}
      statuses={statuses}
      scopes={scopes}
      headerActions={(query) => <ListExport query={query} />}
      empty={t(scope === 'mine' ? 'ended.emptyMine' : 'ended.empty')}
      emptyAction={<Button href={paths.active}>{t('nav.active')}</Button>}
    />
  )
}
