import Box from '@cloudscape-design/components/box'
import Cards from '@cloudscape-design/components/cards'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useWords } from '../../i18n.tsx'
import { useNarrow } from '../../narrow.ts'
import { LoadFailure } from '../LoadFailure.tsx'
import { Pages } from '../Pages.tsx'

export interface Column<Item> {
  readonly id: string
  readonly header: string
  readonly cell: (item: Item) => ReactNode
  readonly minWidth?: number
}

/** A page of one kind of thing; the first column names it. */
export function HealthList<Item>(props: {
  title: string
  empty: string
  columns: readonly Column<Item>[]
  query: UseQueryResult<{ items: Item[]; nextCursor: string | null }>
  page: number
  idOf: (item: Item) => string
}): ReactNode {
  const { t } = useWords()
  const narrow = useNarrow()
  const { title, columns, query } = props
  if (query.isError) {
    return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  }
  const next = query.data?.nextCursor ?? null
  const common = {
    items: query.data?.items ?? [],
    trackBy: props.idOf,
    loading: query.isLoading,
    loadingText: t('word.loading'),
    empty: (
      <Box textAlign="center" padding={{ vertical: 's' }}>
        {props.empty}
      </Box>
    ),
    ...(next !== null || props.page > 1
      ? { pagination: <Pages page={props.page} next={next} /> }
      : {}),
  }
  if (narrow) {
    const [first, ...rest] = columns
    return (
      <Cards
        {...common}
        ariaLabels={{ itemSelectionLabel: () => '', selectionGroupLabel: title }}
        cardDefinition={{
          header: (item: Item) => first?.cell(item),
          sections: rest.map(({ id, header, cell }) => ({ id, header, content: cell })),
        }}
      />
    )
  }
  return (
    <Table
      {...common}
      variant="embedded"
      columnDefinitions={columns.map(
        (column, index): TableProps.ColumnDefinition<Item> => ({
          ...column,
          isRowHeader: index === 0,
        }),
      )}
      enableKeyboardNavigation
      wrapLines
      ariaLabels={{ tableLabel: title }}
    />
  )
}
