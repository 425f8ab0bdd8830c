import Table, { type TableProps } from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import { useWords } from '../i18n.tsx'
import { useNarrow } from '../narrow.ts'
import { CardList } from './CardList.tsx'

/** A list that comes whole: a table, or cards on a narrow screen. */
export function PlainList<Item>(props: {
  readonly title: string
  readonly columns: readonly TableProps.ColumnDefinition<Item>[]
  readonly items: readonly Item[]
  readonly idOf: (item: Item) => string
  readonly loading?: boolean
  readonly nothing: ReactNode
  /** Only to be read: there is nothing in it that keys could reach. */
  readonly still?: boolean
}): ReactNode {
  const { t } = useWords()
  const narrow = useNarrow()
  const { title, columns } = props
  const common = {
    items: props.items,
    trackBy: props.idOf,
    loading: props.loading ?? false,
    loadingText: t('word.loading'),
    empty: props.nothing,
  }
  if (narrow) return <CardList {...common} {...{ title, columns }} page={1} next={null} />
  return (
    <Table
      {...common}
      variant="embedded"
      columnDefinitions={columns}
      enableKeyboardNavigation={props.still !== true}
      wrapLines
      ariaLabels={{ tableLabel: title }}
    />
  )
}
