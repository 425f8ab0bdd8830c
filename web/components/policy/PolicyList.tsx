import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Cards from '@cloudscape-design/components/cards'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import { useNamesAwaited } from '../../directory.ts'
import { flash } from '../../flash.ts'
import { type Translate, useWords } from '../../i18n.tsx'
import { useNarrow } from '../../narrow.ts'
import { type PolicyKind, type PolicyOf, policiesQuery, useMe } from '../../queries.ts'
import { setSearch, usePlace } from '../../router.ts'
import { firstPage, parseListState } from '../../url-state.ts'
import { type FilterProperty, filterValues, ServerFilter } from '../audit/ServerFilter.tsx'
import { useChosenColumns } from '../columns.tsx'
import { LoadFailure } from '../LoadFailure.tsx'
import { usePageTitle } from '../Page.tsx'
import { Pages } from '../Pages.tsx'

interface PolicyListProps<Kind extends PolicyKind> {
  readonly kind: Kind
  readonly title: string
  readonly lead: string
  readonly newPath: string
  readonly newText: string
  readonly empty: string
  readonly emptyText: string
  readonly columns: readonly TableProps.ColumnDefinition<PolicyOf[Kind]>[]
  readonly properties: readonly FilterProperty[]
  /** The property that text without one is meant for. */
  readonly text?: string
  readonly find: string
}

/** Rows with words in every cell are not cheap to draw. */
const rowsOfAPage = 25

export function PolicyList<Kind extends PolicyKind>(props: PolicyListProps<Kind>): ReactNode {
  const { t } = useWords()
  const narrow = useNarrow()
  const mayWrite = useMe().roles.includes('admin')
  const { search } = usePlace()
  const { state } = parseListState(search)
  usePageTitle(props.title)
  const values = filterValues(search, props.properties)
  const chosen = useChosenColumns(props.kind, props.columns)
  useDroppedNote(search, props.properties)
  const { cursor } = state
  const list = useQuery(
    policiesQuery(props.kind, { ...values, limit: rowsOfAPage, ...(cursor && { cursor }) }),
  )
  const awaitsNames = useNamesAwaited()
  // The page of a kind holds policies of that kind; TypeScript can't see through the index.
  const items = (awaitsNames ? [] : (list.data?.items ?? [])) as PolicyOf[Kind][]
  const create = (variant: 'primary' | 'normal') =>
    mayWrite ? (
      <Button variant={variant} href={props.newPath}>
        {props.newText}
      </Button>
    ) : null
  const nothing = list.error ? (
    <LoadFailure error={list.error} onRetry={() => void list.refetch()} />
  ) : Object.keys(values).length > 0 || cursor !== null ? (
    <NoMatch properties={props.properties} />
  ) : (
    <Box textAlign="center" padding={{ vertical: 'l' }}>
      <SpaceBetween size="s">
        <b>{props.empty}</b>
        <Box variant="p">{props.emptyText}</Box>
        {create('normal')}
      </SpaceBetween>
    </Box>
  )
  const common = {
    variant: 'full-page' as const,
    trackBy: 'id',
    loading: list.isLoading || awaitsNames,
    loadingText: t('word.loading'),
    empty: nothing,
    pagination: <Pages page={state.page} next={list.data?.nextCursor ?? null} />,
    filter: (
      <ServerFilter
        properties={props.properties}
        placeholder={props.find}
        {...(props.text === undefined ? {} : { text: props.text })}
      />
    ),
    header: (
      <Header
        variant="awsui-h1-sticky"
        counter={list.data && state.page === 1 ? countOf(list.data, t) : ''}
        description={props.lead}
        actions={create('primary')}
      >
        {props.title}
      </Header>
    ),
  }
  if (narrow) {
    const [first, ...rest] = props.columns
    return (
      <Cards
        {...common}
        items={items}
        ariaLabels={{ itemSelectionLabel: () => '', selectionGroupLabel: props.title }}
        cardDefinition={{
          header: (policy: PolicyOf[Kind]) => first?.cell(policy),
          sections: rest.map((column, index) => ({
            id: column.id ?? String(index),
            header: column.header,
            content: (policy: PolicyOf[Kind]) => column.cell(policy),
          })),
        }}
      />
    )
  }
  return (
    <Table
      {...common}
      items={items}
      columnDefinitions={props.columns}
      {...chosen}
      enableKeyboardNavigation
      stickyHeader
      wrapLines
      ariaLabels={{ tableLabel: props.title }}
    />
  )
}

function countOf(
  page: { items: readonly unknown[]; nextCursor: string | null },
  t: Translate,
): string {
  const count = page.items.length
  return t(page.nextCursor === null ? 'list.count' : 'list.countMore', { count })
}

function NoMatch(props: { properties: readonly FilterProperty[] }): ReactNode {
  const { t } = useWords()
  const none = Object.fromEntries(props.properties.map(({ name }) => [name, null]))
  return (
    <Box textAlign="center" padding={{ vertical: 'l' }}>
      <SpaceBetween size="s">
        <b>{t('list.noMatchText')}</b>
        <Button onClick={() => setSearch({ ...none, ...firstPage })}>{t('do.clearFilters')}</Button>
      </SpaceBetween>
    </Box>
  )
}

/** Of an address that was typed or is old; what makes no sense is dropped, and said. */
function useDroppedNote(search: URLSearchParams, properties: readonly FilterProperty[]): void {
  const { t } = useWords()
  const kept = filterValues(search, properties)
  const dropped = properties
    .filter(({ name }) => (search.get(name) ?? '') !== '' && kept[name] === undefined)
    .map(({ name }) => name)
    .join(',')
  useEffect(() => {
    if (dropped === '') return
    flash({ type: 'info', text: t('flash.dropped') })
    setSearch(Object.fromEntries(dropped.split(',').map((name) => [name, null])), { replace: true })
  }, [dropped, t])
}
