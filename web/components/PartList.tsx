import Header, { type HeaderProps } from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import { useWords } from '../i18n.tsx'
import { useNarrow } from '../narrow.ts'
import { CardList } from './CardList.tsx'
import { type PageSize, useChosenColumns } from './columns.tsx'
import { useFirstRows } from './list-page.tsx'
import { Pages } from './Pages.tsx'

export interface Column<Item> {
  readonly id: string
  readonly header: string
  readonly cell: (item: Item) => ReactNode
  readonly minWidth?: number
  /** Whether it names the row; if none says so, the first does. */
  readonly isRowHeader?: boolean
}

export interface PartListProps<Item> {
  readonly title: string
  /** Where what stands above does not name the list already. */
  readonly heading?: Pick<HeaderProps, 'variant' | 'description' | 'actions'>
  readonly columns: readonly Column<Item>[]
  readonly items: readonly Item[]
  readonly idOf?: (item: Item) => string
  /** By what the choice of columns is remembered, if not as that of rows. */
  readonly columnsOf?: string
  readonly pageSize: PageSize
  readonly page: number
  readonly next: string | null
  readonly loading: boolean
  readonly filter?: ReactNode
  readonly nothing: ReactNode
  readonly variant?: 'container' | 'embedded'
}

/** A list that is a part of a page. */
export function PartList<Item>(props: PartListProps<Item>): ReactNode {
  const { t } = useWords()
  const narrow = useNarrow()
  const { title, pageSize, page, next } = props
  const columns = props.columns.map((column, at) => ({ isRowHeader: at === 0, ...column }))
  const { columnDisplay, preferences } = useChosenColumns(
    props.columnsOf ?? pageSize.list,
    columns,
    {
      pageSize,
    },
  )
  const common = {
    ...useFirstRows(props),
    ...(props.idOf && { trackBy: props.idOf }),
    loadingText: t('word.loading'),
    filter: props.filter,
    empty: props.nothing,
  }
  if (narrow) {
    const header = props.heading && <Header {...props.heading}>{title}</Header>
    return (
      <CardList
        {...common}
        title={title}
        columns={columns}
        page={page}
        next={next}
        header={header}
      />
    )
  }
  const pages = <Pages page={page} next={next} />
  return (
    <Table
      {...common}
      {...(props.filter && { pagination: pages, preferences })}
      columnDisplay={columnDisplay}
      variant={props.variant ?? 'embedded'}
      columnDefinitions={columns}
      header={
        props.heading && (
          <Header
            {...props.heading}
            actions={
              <SpaceBetween direction="horizontal" size="xs" alignItems="center">
                {props.heading.actions}
                {/* Where there is no filter beside which they could stand. */}
                {!props.filter && (page > 1 || next !== null) && pages}
                {!props.filter && preferences}
              </SpaceBetween>
            }
          >
            {title}
          </Header>
        )
      }
      enableKeyboardNavigation
      wrapLines
      ariaLabels={{ tableLabel: title }}
    />
  )
}
