import Box from '@cloudscape-design/components/box'
import Cards from '@cloudscape-design/components/cards'
import Table from '@cloudscape-design/components/table'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useWords } from '../../i18n.tsx'
import { useNarrow } from '../../narrow.ts'
import { useChosenColumns } from '../columns.tsx'
import { LoadFailure } from '../LoadFailure.tsx'
import type { ListPage } from '../list-page.tsx'
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
  at: ListPage
  idOf: (item: Item) => string
}): ReactNode {
  const { t } = useWords()
  const narrow = useNarrow()
  const { title, query } = props
  const { page, pageSize } = props.at
  const columns = props.columns.map((column, at) => ({ ...column, isRowHeader: at === 0 }))
  const chosen = useChosenColumns(pageSize.list, columns, pageSize)
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
    ...(next !== null || page > 1 ? { pagination: <Pages page={page} next={next} /> } : {}),
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
      {...chosen}
      variant="embedded"
      columnDefinitions={columns}
      enableKeyboardNavigation
      wrapLines
      ariaLabels={{ tableLabel: title }}
    />
  )
}
