import Box from '@cloudscape-design/components/box'
import Cards, { type CardsProps } from '@cloudscape-design/components/cards'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { TableProps } from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import { Pages } from './Pages.tsx'

export type CardListProps<Item> = Pick<
  CardsProps<Item>,
  'variant' | 'items' | 'trackBy' | 'loading' | 'loadingText' | 'header' | 'filter' | 'empty'
> & {
  readonly title: string
  readonly columns: readonly TableProps.ColumnDefinition<Item>[]
  /** Where the columns, one below the other under the first, would say too much. */
  readonly card?: CardsProps.CardDefinition<Item> | undefined
  readonly page: number
  readonly next: string | null
}

/** A list on a narrow screen. Where there are more pages than one, they stand below it. */
export function CardList<Item>(props: CardListProps<Item>): ReactNode {
  const { title, columns, card, page, next, ...cards } = props
  // Given to the cards, the pages would stand above them, too, and push them down as they come.
  const hasPages = !cards.loading && (page > 1 || next !== null)
  return (
    <SpaceBetween size="l">
      <Cards
        {...cards}
        ariaLabels={{ itemSelectionLabel: () => '', selectionGroupLabel: title }}
        cardDefinition={card ?? cardOf(columns)}
      />
      {hasPages && (
        <Box textAlign="center">
          <Pages page={page} next={next} />
        </Box>
      )}
    </SpaceBetween>
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
