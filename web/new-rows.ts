/** Rows that came while a list is read: those that would push others down wait to be asked for. */
import { useRef, useState } from 'react'

interface Split<One> {
  readonly shown: readonly One[]
  readonly waiting: readonly One[]
}

/** What stands behind everything that is known pushes nothing, and shows at once. */
export function splitNew<One>(rows: readonly One[], isKnown: (row: One) => boolean): Split<One> {
  const last = rows.findLastIndex(isKnown)
  const waits = (row: One, at: number) => at < last && !isKnown(row)
  return {
    shown: rows.filter((row, at) => !waits(row, at)),
    waiting: rows.filter(waits),
  }
}

interface ListOfRows<One> {
  readonly idOf: (row: One) => string
  readonly page: string
  readonly isOtherPage: boolean
}

/**
 * `page`: what makes it another list, such as its filters; what a list begins with is no news. While
 * the rows are still another page's they are shown as they are.
 */
export function useNewRows<One>(
  rows: readonly One[],
  { idOf, page, isOtherPage }: ListOfRows<One>,
): Split<One> & { readonly showAll: () => void } {
  const known = useRef({ page: '', ids: new Set<string>() })
  const [, redraw] = useState(0)
  const showAll = () => {
    known.current = { page: '', ids: new Set() }
    redraw((count) => count + 1)
  }
  if (isOtherPage) return { shown: rows, waiting: [], showAll }
  if (known.current.page !== page) {
    known.current = { page, ids: new Set(rows.map(idOf)) }
  }
  const { ids } = known.current
  const split = splitNew(rows, (row) => ids.has(idOf(row)))
  for (const row of split.shown) ids.add(idOf(row))
  return { ...split, showAll }
}
