import Tabs from '@cloudscape-design/components/tabs'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { QueueTable } from '../components/decide/QueueTable.tsx'
import { ListExport } from '../components/ExportButtons.tsx'
import { RequestList } from '../components/RequestList.tsx'
import type { ColumnName } from '../components/request-columns.tsx'
import { type Translate, useWords } from '../i18n.tsx'
import { countsQuery } from '../queries.ts'
import { setSearch, usePlace } from '../router.ts'
import { everyStatus, firstPage } from '../url-state.ts'

const waitingColumns: readonly ColumnName[] = [
  'target',
  'requester',
  'duration',
  'why',
  'waiting',
  'actions',
]

const decidedColumns: readonly ColumnName[] = [
  'target',
  'requester',
  'decision',
  'status',
  'duration',
  'justification',
  'asked',
]

const reviewColumns: readonly ColumnName[] = [
  'target',
  'requester',
  'status',
  'duration',
  'justification',
  'asked',
  'actions',
]

/** As the menu has them. */
function withCount(label: string, count: number | undefined, t: Translate): string {
  return count ? t('approvals.tabCount', { label, count }) : label
}

const tabNames = ['waiting', 'decided', 'review'] as const

export function ApprovalsPage(): ReactNode {
  const { t } = useWords()
  const { search } = usePlace()
  const { data: counts } = useQuery(countsQuery)
  const tab = tabNames.find((name) => name === search.get('tab')) ?? 'waiting'
  const tabs = (
    <Tabs
      activeTabId={tab}
      disableContentPaddings
      onChange={({ detail }) =>
        setSearch({
          tab: detail.activeTabId,
          q: null,
          status: null,
          from: null,
          to: null,
          open: null,
          ...firstPage,
        })
      }
      ariaLabel={t('nav.approvals')}
      tabs={[
        { id: 'waiting', label: withCount(t('approvals.waiting'), counts?.toApprove, t) },
        { id: 'decided', label: t('approvals.decided') },
        { id: 'review', label: withCount(t('approvals.review'), counts?.toReview, t) },
      ]}
    />
  )
  if (tab === 'review') {
    return (
      <RequestList
        key="review"
        title={t('approvals.titleReview')}
        view="review"
        columns={reviewColumns}
        above={tabs}
        empty={t('approvals.emptyReview')}
      />
    )
  }
  if (tab === 'decided') {
    return (
      <RequestList
        key="decided"
        title={t('approvals.titleDecided')}
        view="decided"
        columns={decidedColumns}
        statuses={everyStatus}
        headerActions={(query) => <ListExport query={query} />}
        above={tabs}
        empty={t('approvals.emptyDecided')}
      />
    )
  }
  return (
    <RequestList
      key="waiting"
      title={t('approvals.title')}
      view="to-approve"
      sort="expiresAt"
      columns={waitingColumns}
      limit={20}
      table={(rows) => <QueueTable {...rows} />}
      above={tabs}
      empty={t('approvals.empty')}
    />
  )
}
