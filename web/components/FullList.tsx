/**
 * A list that is a page of its own and that the server pages: a table with the columns and the number
 * of rows that were chosen, or cards on a narrow screen.
 */
import type { CardsProps } from '@cloudscape-design/components/cards'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import { type Translate, useWords } from '../i18n.tsx'
import { useNarrow } from '../narrow.ts'
import { CardList } from './CardList.tsx'
import { type PageSize, useChosenColumns } from './columns.tsx'
import { useFirstRows } from './list-page.tsx'
import { Pages } from './Pages.tsx'

export interface FullListProps<Item> {
  readonly title: string
  readonly columns: readonly TableProps.ColumnDefinition<Item>[]
  /** The names of those that show when somebody chooses them. */
  readonly optional?: readonly string[] | undefined
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
  const chosen = useChosenColumns(pageSize.list, columns, props)
  const common = {
    ...useFirstRows(props),
    variant: 'full-page' as const,
    trackBy: props.idOf,
    loadingText: t('word.loading'),
    header: props.header,
    filter: props.filter,
    empty: props.nothing,
  }
  if (narrow) {
    const { card } = props
    return <CardList {...common} {...{ title, columns, card, page, next }} />
  }
  return (
    <Table
      {...common}
      {...chosen}
      pagination={<Pages page={page} next={next} />}
      columnDefinitions={columns}
      stickyColumns={columns.at(-1)?.id === 'actions' ? { last: 1 } : {}}
      enableKeyboardNavigation
      stickyHeader
      wrapLines
      ariaLabels={{ tableLabel: title }}
    />
  )
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
