import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { TableProps } from '@cloudscape-design/components/table'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import { useNamesAwaited } from '../../directory.ts'
import { flash } from '../../flash.ts'
import { useWords } from '../../i18n.tsx'
import { type PolicyKind, type PolicyOf, policiesQuery, useMe } from '../../queries.ts'
import { setSearch, usePlace } from '../../router.ts'
import { firstPage, parseListState } from '../../url-state.ts'
import { type FilterProperty, filterValues, ServerFilter } from '../audit/ServerFilter.tsx'
import { usePageSize } from '../columns.tsx'
import { counterOf, FullList } from '../FullList.tsx'
import { LoadFailure } from '../LoadFailure.tsx'
import { usePageTitle } from '../Page.tsx'

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
const usualRows = 20

export function PolicyList<Kind extends PolicyKind>(props: PolicyListProps<Kind>): ReactNode {
  const { t } = useWords()
  const mayWrite = useMe().roles.includes('admin')
  const { search } = usePlace()
  const { state } = parseListState(search)
  usePageTitle(props.title)
  const values = filterValues(search, props.properties)
  const pageSize = usePageSize(props.kind, usualRows)
  useDroppedNote(search, props.properties)
  const { cursor } = state
  const list = useQuery(
    policiesQuery(props.kind, { ...values, limit: pageSize.rows, ...(cursor && { cursor }) }),
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
  return (
    <FullList
      title={props.title}
      columns={props.columns}
      items={items}
      idOf={({ id }) => id}
      pageSize={pageSize}
      page={state.page}
      next={list.data?.nextCursor ?? null}
      loading={list.isLoading || awaitsNames}
      nothing={nothing}
      filter={
        <ServerFilter
          properties={props.properties}
          placeholder={props.find}
          {...(props.text === undefined ? {} : { text: props.text })}
        />
      }
      header={
        <Header
          variant="awsui-h1-sticky"
          counter={counterOf(
            list.data && { count: list.data.items.length, more: list.data.nextCursor !== null },
            { page: state.page, t },
          )}
          description={props.lead}
          actions={create('primary')}
        >
          {props.title}
        </Header>
      }
    />
  )
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
