/** The audit trail: found, opened, verified, taken away as a file. */
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import type { CardsProps } from '@cloudscape-design/components/cards'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { TableProps } from '@cloudscape-design/components/table'
import Toggle from '@cloudscape-design/components/toggle'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useMemo } from 'react'
import type { AuditEvent } from '#contract/audit.ts'
import type { Query } from '../api.ts'
import { EventDialog } from '../components/audit/EventDialog.tsx'
import {
  type FilterProperty,
  filterValues,
  ServerFilter,
} from '../components/audit/ServerFilter.tsx'
import { type ChainCheck, useChainCheck, VerdictAlert } from '../components/audit/VerdictAlert.tsx'
import { DateRange } from '../components/DateRange.tsx'
import { ExportButtons } from '../components/ExportButtons.tsx'
import { FullList } from '../components/FullList.tsx'
import { answered, NoRows, useListPage } from '../components/list-page.tsx'
import { NewRows } from '../components/NewRows.tsx'
import { usePageTitle } from '../components/Page.tsx'
import { When } from '../components/Times.tsx'
import { type Translate, useWords } from '../i18n.tsx'
import { useNarrow } from '../narrow.ts'
import { useNewRows } from '../new-rows.ts'
import { requestPath } from '../paths.ts'
import { auditEventsQuery } from '../queries.ts'
import { setSearch, usePlace } from '../router.ts'
import { daysAsInstants } from '../time.ts'
import { firstPage, parseListState } from '../url-state.ts'

function propertiesFor(t: Translate): readonly FilterProperty[] {
  const one = (name: 'actor' | 'actorId' | 'action' | 'objectType' | 'objectId' | 'result') => ({
    name,
    label: t(`audit.${name}`),
    group: t(`audit.values.${name}`),
    operator: name === 'actor' ? ('^' as const) : ('=' as const),
  })
  const options = (values: readonly string[]) => values.map((value) => ({ value, label: value }))
  return [
    one('actor'),
    { ...one('action'), options: options(commonActions) },
    { ...one('objectType'), options: options(objectTypes) },
    one('objectId'),
    one('result'),
    one('actorId'),
  ]
}

/** Offered; any other can be typed. docs/reference/audit-format.md lists them all. */
const commonActions = [
  'request.submit',
  'request.approve',
  'request.reject',
  'request.revoke',
  'request.break_glass',
  'access.active',
  'access.over',
  'access.removal_late',
  'eligibility-policy.update',
  'approver-policy.update',
  'setting.change',
  'sign-in.accept',
  'sign-in.refuse',
  'audit.export',
  'request.export',
]
const objectTypes = ['request', 'key', 'eligibility-policy', 'approver-policy', 'setting', 'token']

const idOf = ({ seq }: AuditEvent) => String(seq)

export function AuditEventsPage(): ReactNode {
  const { t, timeZone } = useWords()
  const { search } = usePlace()
  usePageTitle(t('audit.events.title'))
  const properties = useMemo(() => propertiesFor(t), [t])
  const { state } = parseListState(search)
  const { from, to } = state
  const values = filterValues(search, properties)
  const filter = { ...values, ...daysAsInstants({ from, to }, timeZone) }
  const signIns = useSignIns(values)
  const { pageSize, page, query } = useListPage('events')
  const { list, items, shown, waiting, showAll } = useEvents({
    ...filter,
    ...signIns.without,
    ...query,
  })
  const check = useChainCheck()
  const columns = useMemo(() => columnsFor(t), [t])
  const open = items.find((event) => idOf(event) === search.get('event'))
  const isFiltered = Object.keys(filter).length > 0 || state.cursor !== null
  const clear = () =>
    setSearch({
      ...Object.fromEntries(properties.map(({ name }) => [name, null])),
      ...{ from: null, to: null, ...firstPage },
    })
  return (
    <>
      <FullList
        title={t('audit.events.title')}
        columns={columns}
        idOf={idOf}
        pageSize={pageSize}
        page={page}
        {...answered(list, <Nothing isFiltered={isFiltered} onClear={clear} />)}
        items={shown}
        filter={
          <SpaceBetween size="xs">
            <VerdictAlert check={check} />
            <div className="filters">
              <ServerFilter properties={properties} placeholder={t('audit.filterEvents')} />
              <DateRange from={from} to={to} />
              {signIns.toggle}
            </div>
          </SpaceBetween>
        }
        header={
          <EventsHeader
            check={check}
            filter={filter}
            news={<NewRows count={waiting.length} onShow={showAll} />}
          />
        }
        card={cardOf(columns)}
      />
      {open && <EventDialog event={open} onClose={() => setSearch({ event: null })} />}
    </>
  )
}

function useEvents(query: Query) {
  const list = useQuery(auditEventsQuery(query))
  const items = list.data?.items ?? []
  const rows = useNewRows(items, {
    idOf,
    page: JSON.stringify(query),
    isOtherPage: list.data === undefined || list.isPlaceholderData,
  })
  return { list, items, ...rows }
}

/**
 * Most of a trail is people signing in, and most who read it look for what was done. A file that is
 * taken away has them all the same: with gaps nobody could verify it.
 */
function useSignIns(values: Readonly<Record<string, string>>) {
  const { t } = useWords()
  const { search } = usePlace()
  const areSought = [values.action, values.objectType].some((one) => one?.startsWith('sign-in'))
  const areShown = areSought || search.get('signIns') === 'true'
  const without = areShown ? {} : { notObjectType: 'sign-in' }
  const toggle = (
    <Toggle
      checked={areShown}
      disabled={areSought}
      onChange={({ detail }) =>
        setSearch({ signIns: detail.checked ? 'true' : null, ...firstPage })
      }
    >
      {t('audit.signIns')}
    </Toggle>
  )
  return { without, toggle }
}

function EventsHeader(props: {
  check: ChainCheck
  filter: Record<string, string>
  news: ReactNode
}): ReactNode {
  const { t } = useWords()
  // Where there is room for it already.
  const narrow = useNarrow()
  return (
    <Header
      variant="awsui-h1-sticky"
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          {!narrow && props.news}
          <ExportButtons from="/audit/export" query={{ ...props.filter, kind: 'events' }} />
          <Button
            variant="primary"
            loading={props.check.isPending}
            loadingText={t('audit.verifying')}
            onClick={() => props.check.mutate()}
          >
            {t('audit.verify')}
          </Button>
          {narrow && props.news}
        </SpaceBetween>
      }
    >
      {t('audit.events.title')}
    </Header>
  )
}

function Nothing(props: { isFiltered: boolean; onClear: () => void }): ReactNode {
  const { t } = useWords()
  return (
    <NoRows text={props.isFiltered ? t('list.noMatchText') : t('event.none')}>
      {props.isFiltered && <Button onClick={props.onClear}>{t('do.clearFilters')}</Button>}
    </NoRows>
  )
}

/** The number says nothing that one who scrolls past cards looks for. */
function cardOf(
  columns: readonly TableProps.ColumnDefinition<AuditEvent>[],
): CardsProps.CardDefinition<AuditEvent> {
  return {
    header: (event) => <OpenEvent event={event} text={event.action} />,
    sections: columns
      .filter(({ id }) => id !== 'action' && id !== 'seq')
      .map(({ id, header, cell }) => ({ id: id ?? '', header, content: cell })),
  }
}

function OpenEvent(props: { event: AuditEvent; text: string }): ReactNode {
  const { t } = useWords()
  const { seq, action } = props.event
  return (
    <Link
      ariaLabel={t('audit.open', { seq, action })}
      onFollow={(follow) => {
        follow.preventDefault()
        setSearch({ event: String(seq) })
      }}
    >
      {props.text}
    </Link>
  )
}

function columnsFor(t: Translate): TableProps.ColumnDefinition<AuditEvent>[] {
  return [
    { id: 'time', header: t('event.time'), minWidth: 135, cell: ({ at }) => <When at={at} /> },
    { id: 'actor', header: t('event.actor'), minWidth: 140, cell: ({ actor }) => actor.name },
    {
      id: 'action',
      header: t('event.action'),
      minWidth: 180,
      isRowHeader: true,
      cell: (event) => <OpenEvent event={event} text={event.action} />,
    },
    {
      id: 'object',
      header: t('audit.object'),
      minWidth: 200,
      cell: ({ object }) => (
        <>
          {object.type}
          <Box variant="small" display="block">
            {object.type === 'request' ? (
              <Link href={requestPath(object.id)} fontSize="body-s">
                {object.id}
              </Link>
            ) : (
              <span className="whole-words">{object.id}</span>
            )}
          </Box>
        </>
      ),
    },
    { id: 'result', header: t('event.result'), minWidth: 90, cell: ({ result }) => result },
    { id: 'seq', header: t('audit.seq'), minWidth: 80, cell: ({ seq }) => seq },
  ]
}
