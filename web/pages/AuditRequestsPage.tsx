/** Every request, with every filter that the server answers, and as a file. */
import { type ReactNode, useMemo } from 'react'
import {
  type FilterProperty,
  filterValues,
  ServerFilter,
} from '../components/audit/ServerFilter.tsx'
import { DateRange } from '../components/DateRange.tsx'
import { ExportButtons } from '../components/ExportButtons.tsx'
import { RequestList } from '../components/RequestList.tsx'
import type { ColumnName } from '../components/request-columns.tsx'
import { type Translate, useWords } from '../i18n.tsx'
import { usePlace } from '../router.ts'
import { everyStatus } from '../url-state.ts'

const columns: readonly ColumnName[] = [
  'target',
  'requester',
  'status',
  'asked',
  'duration',
  'period',
  'approvals',
  'credentials',
  'justification',
]

const optional: readonly ColumnName[] = ['approvals', 'credentials']

function propertiesFor(t: Translate): readonly FilterProperty[] {
  const flag = [
    { value: 'true', label: t('word.yes') },
    { value: 'false', label: t('word.no') },
  ]
  return [
    {
      name: 'status',
      label: t('list.status'),
      group: t('audit.values.status'),
      operator: '=',
      many: true,
      options: everyStatus.map((status) => ({ value: status, label: t(`status.${status}`) })),
    },
    { name: 'ticket', label: t('audit.ticket'), group: t('audit.values.ticket'), operator: '^' },
    {
      name: 'accountId',
      label: t('audit.accountId'),
      group: t('audit.values.accountId'),
      operator: '=',
    },
    {
      name: 'permissionSetArn',
      label: t('audit.setArn'),
      group: t('audit.values.setArn'),
      operator: '=',
    },
    { name: 'userId', label: t('audit.userId'), group: t('audit.values.userId'), operator: '=' },
    {
      name: 'submissionId',
      label: t('audit.submissionId'),
      group: t('audit.values.submissionId'),
      operator: '=',
    },
    {
      name: 'breakGlass',
      label: t('badge.breakGlass'),
      group: t('badge.breakGlass'),
      operator: '=',
      options: flag,
    },
    { name: 'late', label: t('audit.late'), group: t('audit.late'), operator: '=', options: flag },
    {
      name: 'reviewOpen',
      label: t('audit.reviewOpen'),
      group: t('audit.reviewOpen'),
      operator: '=',
      options: flag,
    },
  ]
}

export function AuditRequestsPage(): ReactNode {
  const { t } = useWords()
  const { search } = usePlace()
  const properties = useMemo(() => propertiesFor(t), [t])
  const { status: _, ...more } = filterValues(search, properties)
  return (
    <RequestList
      title={t('audit.requests.title')}
      view="all"
      columns={columns}
      optional={optional}
      statuses={everyStatus}
      more={more}
      filters={({ from, to }) => (
        <div className="filters">
          <ServerFilter properties={properties} text="q" placeholder={t('audit.filterRequests')} />
          <DateRange from={from} to={to} />
        </div>
      )}
      headerActions={({ view: _view, cursor: _cursor, limit: _limit, ...query }) => (
        <ExportButtons from="/audit/export" query={{ ...query, kind: 'requests' }} />
      )}
      empty={t('audit.requests.empty')}
    />
  )
}
