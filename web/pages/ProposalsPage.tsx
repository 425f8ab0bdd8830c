import Box from '@cloudscape-design/components/box'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import SegmentedControl from '@cloudscape-design/components/segmented-control'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { TableProps } from '@cloudscape-design/components/table'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Proposal } from '#contract/proposal.ts'
import { usePageSize } from '../components/columns.tsx'
import { FullList } from '../components/FullList.tsx'
import { LoadFailure } from '../components/LoadFailure.tsx'
import { usePageTitle } from '../components/Page.tsx'
import { ProposalStatus } from '../components/ProposalStatus.tsx'
import { useWords } from '../i18n.tsx'
import { proposalPath } from '../paths.ts'
import { proposalTitle, reasonInWords } from '../proposal-words.ts'
import { proposalsQuery } from '../queries.ts'
import { setSearch, usePlace } from '../router.ts'
import { firstPage, parseListState } from '../url-state.ts'

export function ProposalsPage(): ReactNode {
  const { t, times } = useWords()
  const { search } = usePlace()
  const all = search.get('show') === 'all'
  const { state } = parseListState(search)
  usePageTitle(t('proposals.title'))
  const pageSize = usePageSize('proposals')
  const list = useQuery(
    proposalsQuery({
      ...(all ? {} : { status: 'waiting' }),
      limit: pageSize.rows,
      ...(state.cursor ? { cursor: state.cursor } : {}),
    }),
  )
  const columns: TableProps.ColumnDefinition<Proposal>[] = [
    {
      id: 'what',
      header: t('proposals.what'),
      isRowHeader: true,
      minWidth: 200,
      cell: (one) => <Link href={proposalPath(one.id)}>{proposalTitle(one, t)}</Link>,
    },
    {
      id: 'status',
      header: t('proposals.status'),
      minWidth: 140,
      cell: (one) => <ProposalStatus proposal={one} />,
    },
    {
      id: 'wider',
      header: t('proposals.wider'),
      cell: (one) => one.widens.map((reason) => reasonInWords(reason, t)).join(', '),
    },
    {
      id: 'by',
      header: t('proposals.by'),
      cell: (one) => (
        <>
          {one.proposedBy.userName}
          <Box variant="small" display="block" color="text-body-secondary">
            {times.at(one.proposedAt)}
          </Box>
        </>
      ),
    },
    {
      id: 'until',
      header: t('proposals.until'),
      cell: (one) => (one.status === 'waiting' ? times.at(one.expiresAt) : ''),
    },
  ]
  return (
    <FullList
      title={t('proposals.title')}
      columns={columns}
      items={list.data?.items ?? []}
      idOf={({ id }) => id}
      pageSize={pageSize}
      page={state.page}
      next={list.data?.nextCursor ?? null}
      loading={list.isLoading}
      nothing={
        list.error ? (
          <LoadFailure error={list.error} onRetry={() => void list.refetch()} />
        ) : (
          <Box textAlign="center" padding={{ vertical: 'l' }}>
            <SpaceBetween size="s">
              <b>{t(all ? 'proposals.none' : 'proposals.noneWaiting')}</b>
              <Box variant="p">{t('proposals.noneText')}</Box>
            </SpaceBetween>
          </Box>
        )
      }
      header={
        <Header variant="awsui-h1-sticky" description={t('proposals.lead')}>
          {t('proposals.title')}
        </Header>
      }
      filter={
        <SegmentedControl
          label={t('proposals.status')}
          selectedId={all ? 'all' : 'waiting'}
          options={[
            { id: 'waiting', text: t('proposals.waiting') },
            { id: 'all', text: t('proposals.all') },
          ]}
          onChange={({ detail }) =>
            setSearch({ show: detail.selectedId === 'all' ? 'all' : null, ...firstPage })
          }
        />
      }
    />
  )
}
