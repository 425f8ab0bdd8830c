/** What was granted, how long of it was active, and what was done with it where that is recorded. */
import Box from '@cloudscape-design/components/box'
import Header from '@cloudscape-design/components/header'
import SegmentedControl from '@cloudscape-design/components/segmented-control'
import type { TableProps } from '@cloudscape-design/components/table'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useMemo } from 'react'
import type { UsageLine } from '#contract/audit.ts'
import { serverNow } from '../clock.ts'
import { DateRange } from '../components/DateRange.tsx'
import { FullList } from '../components/FullList.tsx'
import { answered, NoRows, useListPage } from '../components/list-page.tsx'
import { usePageTitle } from '../components/Page.tsx'
import { type Translate, useWords } from '../i18n.tsx'
import { usageQuery } from '../queries.ts'
import { setSearch, usePlace } from '../router.ts'
import { daysAsInstants, durationText } from '../time.ts'
import { firstPage, parseListState } from '../url-state.ts'

const kinds = ['set', 'person', 'account'] as const
type Kind = (typeof kinds)[number]

export function AuditUsagePage(): ReactNode {
  const { t, times, timeZone } = useWords()
  const { search } = usePlace()
  usePageTitle(t('audit.usage.title'))
  const by = kinds.find((kind) => kind === search.get('by')) ?? 'set'
  const { from, to } = parseListState(search).state
  const range = daysAsInstants({ from, to }, timeZone)
  const { pageSize, page, query } = useListPage('usage')
  const list = useQuery(usageQuery({ by, ...range, ...query }))
  const columns = useMemo(() => columnsFor(by, t), [by, t])
  const lead = (between: { from: string | Date; to: string | Date }) =>
    t('audit.usage.lead', { from: times.at(between.from), to: times.at(between.to) })
  const now = serverNow()
  // As long from the beginning, or all below would move when it comes.
  const description = list.data ? (
    lead(list.data)
  ) : (
    <span className="room">{lead({ from: now, to: now })}</span>
  )
  return (
    <FullList
      title={t('audit.usage.title')}
      columns={columns}
      idOf={({ id }) => id}
      pageSize={pageSize}
      page={page}
      {...answered(list, <NoRows text={t('audit.usage.empty')} />)}
      filter={
        <div className="filters">
          <SegmentedControl
            label={t('audit.usage.by')}
            selectedId={by}
            options={kinds.map((id) => ({ id, text: t(`audit.usage.by.${id}`) }))}
            onChange={({ detail }) => setSearch({ by: detail.selectedId, ...firstPage })}
          />
          <DateRange from={from} to={to} />
        </div>
      }
      header={
        <Header variant="awsui-h1-sticky" description={description}>
          {t('audit.usage.title')}
        </Header>
      }
    />
  )
}

function columnsFor(by: Kind, t: Translate): TableProps.ColumnDefinition<UsageLine>[] {
  const unknown = t('audit.usage.notRecorded')
  return [
    {
      id: 'name',
      header: t(`audit.usage.by.${by}`),
      minWidth: 200,
      isRowHeader: true,
      cell: ({ name, id }) => (
        <>
          {name}
          <Box variant="small" display="block" color="text-body-secondary">
            <span className="whole-words">{id}</span>
          </Box>
        </>
      ),
    },
    { id: 'grants', header: t('audit.usage.grants'), minWidth: 110, cell: ({ grants }) => grants },
    {
      id: 'granted',
      header: t('audit.usage.granted'),
      minWidth: 150,
      cell: ({ grantedMinutes }) => durationText(grantedMinutes, t),
    },
    {
      id: 'active',
      header: t('audit.usage.active'),
      minWidth: 170,
      cell: ({ activeMinutes }) => durationText(activeMinutes, t),
    },
    {
      id: 'services',
      header: t('audit.usage.services'),
      minWidth: 165,
      cell: ({ servicesUsed }) => servicesUsed?.join(', ') ?? unknown,
    },
    {
      id: 'never',
      header: t('audit.usage.never'),
      minWidth: 140,
      cell: ({ neverUsed }) => neverUsed ?? unknown,
    },
  ]
}
