import Box from '@cloudscape-design/components/box'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import SegmentedControl from '@cloudscape-design/components/segmented-control'
import type { TableProps } from '@cloudscape-design/components/table'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Proposal } from '#contract/proposal.ts'
import { FullList } from '../components/FullList.tsx'
import { answered, NoRows, useListPage } from '../components/list-page.tsx'
import { usePageTitle } from '../components/Page.tsx'
import { ProposalStatus } from '../components/ProposalStatus.tsx'
import { useWords } from '../i18n.tsx'
import { proposalPath } from '../paths.ts'
import { proposalTitle, reasonInWords } from '../proposal-words.ts'
import { proposalsQuery } from '../queries.ts'
import { setSearch, usePlace } from '../router.ts'
import { firstPage } from '../url-state.ts'

export function ProposalsPage(): ReactNode {
  const { t, times } = useWords()
  const { search } = usePlace()
  const all = search.get('show') === 'all'
  usePageTitle(t('proposals.title'))
  const { pageSize, page, query } = useListPage('proposals')
  const list = useQuery(proposalsQuery({ ...(all ? {} : { status: 'waiting' }), ...query }))
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
      idOf={({ id }) => id}
      pageSize={pageSize}
      page={page}
      {...answered(
        list,
        <NoRows text={t(all ? 'proposals.none' : 'proposals.noneWaiting')}>
          <Box variant="p">{t('proposals.noneText')}</Box>
        </NoRows>,
      )}
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
