import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Header from '@cloudscape-design/components/header'
import type { TableProps } from '@cloudscape-design/components/table'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import { useNamesAwaited } from '../../directory.ts'
import { flash } from '../../flash.ts'
import { useWords } from '../../i18n.tsx'
import { type PolicyKind, type PolicyOf, policiesQuery, useMe } from '../../queries.ts'
import { setSearch, usePlace } from '../../router.ts'
import { firstPage } from '../../url-state.ts'
import { type FilterProperty, filterValues, ServerFilter } from '../audit/ServerFilter.tsx'
import { counterOf, FullList } from '../FullList.tsx'
import { answered, NoRows, useListPage } from '../list-page.tsx'
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
  usePageTitle(props.title)
  const values = filterValues(search, props.properties)
  const { pageSize, page, query } = useListPage(props.kind, usualRows)
  useDroppedNote(search, props.properties)
  const list = useQuery(policiesQuery(props.kind, { ...values, ...query }))
  const awaitsNames = useNamesAwaited()
  // The page of a kind holds policies of that kind; TypeScript can't see through the index.
  const items = (awaitsNames ? [] : (list.data?.items ?? [])) as PolicyOf[Kind][]
  const create = (variant: 'primary' | 'normal') =>
    mayWrite ? (
      <Button variant={variant} href={props.newPath}>
        {props.newText}
      </Button>
    ) : null
  const isFiltered = Object.keys(values).length > 0 || query.cursor !== undefined
  const nothing = isFiltered ? (
    <NoMatch properties={props.properties} />
  ) : (
    <NoRows text={props.empty}>
      <Box variant="p">{props.emptyText}</Box>
      {create('normal')}
    </NoRows>
  )
  return (
    <FullList
      title={props.title}
      columns={props.columns}
      idOf={({ id }) => id}
      pageSize={pageSize}
      page={page}
      {...answered<unknown>(list, nothing)}
      items={items}
      loading={list.isLoading || awaitsNames}
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
            { page, t },
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
    <NoRows text={t('list.noMatchText')}>
      <Button onClick={() => setSearch({ ...none, ...firstPage })}>{t('do.clearFilters')}</Button>
    </NoRows>
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
