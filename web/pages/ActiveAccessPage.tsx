import Button from '@cloudscape-design/components/button'
import type { ReactNode } from 'react'
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
  'justification',
  'approvedBy',
  'actions',
]

/** Whose it is need not be said of one's own. */
const own = everybodys.filter((name) => name !== 'requester')

export function ActiveAccessPage(): ReactNode {
  const { t } = useWords()
  const { scopes, scope } = useScopes('active')
  return (
    <RequestList
      title={t('active.title')}
      view="active"
      sort="endsAt"
      columns={scope === 'mine' ? own : everybodys}
      scopes={scopes}
      empty={t(scope === 'mine' ? 'active.emptyMine' : 'active.empty')}
      emptyAction={<Button href={paths.newRequest}>{t('nav.new')}</Button>}
    />
  )
}
