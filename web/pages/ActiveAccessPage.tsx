import Button from '@cloudscape-design/components/button'
import type { ReactNode } from 'react'
import { RequestList } from '../components/RequestList.tsx'
import type { ColumnName } from '../components/request-columns.tsx'
import { useWords } from '../i18n.tsx'
import { paths } from '../paths.ts'
import { useMe } from '../queries.ts'
import { usePlace } from '../router.ts'
import type { Scope } from '../url-state.ts'

const columns: readonly ColumnName[] = [
  'target',
  'requester',
  'status',
  'started',
  'ends',
  'justification',
  'approvedBy',
  'actions',
]

export function ActiveAccessPage(): ReactNode {
  const { t } = useWords()
  const { roles } = useMe()
  const seesAll = roles.includes('auditor') || roles.includes('admin')
  const scopes: Scope[] = [
    ...(seesAll ? (['all'] as const) : []),
    // One's own stands on Home already; whoever decides comes here to see what others hold.
    ...(roles.includes('approver') ? (['decide'] as const) : []),
    'mine',
  ]
  const scope = usePlace().search.get('scope') ?? scopes[0]
  return (
    <RequestList
      title={t('active.title')}
      view="active"
      sort="endsAt"
      columns={columns}
      scopes={scopes}
      empty={t(scope === 'mine' ? 'active.emptyMine' : 'active.empty')}
      emptyAction={<Button href={paths.newRequest}>{t('nav.new')}</Button>}
    />
  )
}
