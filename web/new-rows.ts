/** Rows that came while a list is read: those that would push others down wait to be asked for. */
import { useRef, useState } from 'react'

interface Row {
  readonly id: string
}

interface Split<One extends Row> {
  readonly shown: readonly One[]
  readonly waiting: readonly One[]
}

/** What stands behind everything that is known pushes nothing, and shows at once. */
export function splitNew<One extends Row>(
  rows: readonly One[],
  known: ReadonlySet<string>,
): Split<One> {
  const last = rows.findLastIndex(({ id }) => known.has(id))
  const waits = ({ id }: One, at: number) => at < last && !known.has(id)
  return {
    shown: rows.filter((row, at) => !waits(row, at)),
    waiting: rows.filter(waits),
  }
}

/**
 * `page`: what makes it another list, such as its filters; what a list begins with is no news. While
 * the rows are still another page's they are shown as they are.
 */
export function useNewRows<One extends Row>(
  rows: readonly One[],
  { page, isOtherPage }: { readonly page: string; readonly isOtherPage: boolean },
): Split<One> & { readonly showAll: () => void } {
  const known = useRef({ page: '', ids: new Set<string>() })
  const [, redraw] = useState(0)
  const showAll = () => {
    known.current = { page: '', ids: new Set() }
    redraw((count) => count + 1)
  }
  if (isOtherPage) return { shown: rows, waiting: [], showAll }
  if (known.current.page !== page) {
    known.current = { page, ids: new Set(rows.map(({ id }) => id)) }
  }
  const split = splitNew(rows, known.current.ids)
  for (const { id } of split.shown) known.current.ids.add(id)
  return { ...split, showAll }
}
