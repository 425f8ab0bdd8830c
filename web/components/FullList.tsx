/**
 * A list that is a page of its own and that the server pages: a table with the columns and the number
 * of rows that were chosen, or cards on a narrow screen.
 */
import Box from '@cloudscape-design/components/box'
import Cards, { type CardsProps } from '@cloudscape-design/components/cards'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import { type ReactNode, useDeferredValue } from 'react'
import { type Translate, useWords } from '../i18n.tsx'
import { useNarrow } from '../narrow.ts'
import { type PageSize, useChosenColumns } from './columns.tsx'
import { Pages } from './Pages.tsx'

export interface FullListProps<Item> {
  readonly title: string
  readonly columns: readonly TableProps.ColumnDefinition<Item>[]
  readonly items: readonly Item[]
  readonly idOf: (item: Item) => string
  readonly pageSize: PageSize
  readonly page: number
  readonly next: string | null
  readonly loading: boolean
  readonly header: ReactNode
  readonly filter?: ReactNode
  readonly nothing: ReactNode
  /** Where the columns, one below the other under the first, would say too much. */
  readonly card?: CardsProps.CardDefinition<Item>
}

export function FullList<Item>(props: FullListProps<Item>): ReactNode {
  const { t } = useWords()
  const narrow = useNarrow()
  const { title, columns, pageSize, page, next } = props
  const chosen = useChosenColumns(pageSize.list, columns, pageSize)
  const hasRows = props.items.length > 0
  // The first rows are many at once: they are drawn in slices, between which keys are heard.
  const showsRows = useDeferredValue(hasRows, false)
  const loading = props.loading || (hasRows && !showsRows)
  const common = {
    variant: 'full-page' as const,
    items: showsRows ? props.items : [],
    trackBy: props.idOf,
    loading,
    loadingText: t('word.loading'),
    header: props.header,
    filter: props.filter,
    empty: props.nothing,
  }
  const pages = <Pages page={page} next={next} />
  if (narrow) {
    // Given to the cards, the pages would stand above them, too, and push them down as they come.
    return (
      <SpaceBetween size="l">
        <Cards
          {...common}
          ariaLabels={{ itemSelectionLabel: () => '', selectionGroupLabel: title }}
          cardDefinition={props.card ?? cardOf(columns)}
        />
        {!loading && (page > 1 || next !== null) && <Box textAlign="center">{pages}</Box>}
      </SpaceBetween>
    )
  }
  return (
    <Table
      {...common}
      {...chosen}
      pagination={pages}
      columnDefinitions={columns}
      stickyColumns={columns.at(-1)?.id === 'actions' ? { last: 1 } : {}}
      enableKeyboardNavigation
      stickyHeader
      wrapLines
      ariaLabels={{ tableLabel: title }}
    />
  )
}

function cardOf<Item>(
  columns: readonly TableProps.ColumnDefinition<Item>[],
): CardsProps.CardDefinition<Item> {
  const [first, ...rest] = columns
  return {
    header: (item) => first?.cell(item),
    sections: rest.map(({ id, header, cell }) => ({ id: id ?? '', header, content: cell })),
  }
}

/** How many rows there are, beside the heading of the first page; until then room for it. */
export function counterOf(
  rows: { readonly count: number; readonly more: boolean } | undefined,
  { page, t }: { readonly page: number; readonly t: Translate },
): string {
  if (page > 1) return ''
  if (rows === undefined) return '\u2007'.repeat(5)
  return t(rows.more ? 'list.countMore' : 'list.count', { count: rows.count })
}
