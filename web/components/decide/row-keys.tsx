/** The queue by keyboard: single keys act on the row that has the focus, and the focus goes on to the next. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react'
import { useMe } from '../../queries.ts'
import { useOpenAction } from '../action-dialog-store.ts'
import type { Verb } from './decide-together.ts'

const verbOf: Readonly<Record<string, Verb>> = { a: 'approve', r: 'reject' }

/** Makes the row of the table that holds it known by its id. */
export function RowMark(props: { id: string; children: ReactNode }): ReactNode {
  return <div data-row={props.id}>{props.children}</div>
}

const rowAt = (element: Element | null): HTMLElement | null =>
  element?.closest('tr')?.querySelector<HTMLElement>('[data-row]') ?? null

/** Single keys would be typed text in a field, and shortcuts of the browser with a modifier. */
function isPlainKey(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.nativeEvent.isComposing) return false
  return !(event.target instanceof Element && event.target.closest('input, textarea, select'))
}

export function RowKeys(props: {
  ids: readonly string[]
  onVerb: (id: string, verb: Verb) => void
  onLook: (id: string) => void
  children: ReactNode
}): ReactNode {
  const { shortcuts } = useMe().preferences
  const table = useRef<HTMLDivElement>(null)
  const remember = useNextRow(table, props.ids)
  const onKeyDown = (event: KeyboardEvent) => {
    const id = event.target instanceof Element ? rowAt(event.target)?.dataset.row : undefined
    if (!shortcuts || id === undefined || !isPlainKey(event)) return
    const verb = verbOf[event.key.toLowerCase()]
    if (verb) props.onVerb(id, verb)
    // On a link or a button Enter is theirs.
    else if (event.key === 'Enter' && event.target instanceof HTMLTableCellElement) {
      props.onLook(id)
    } else return
    event.preventDefault()
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it hears the keys of the rows inside
    <div ref={table} onKeyDown={onKeyDown} onFocus={(event) => remember(rowAt(event.target))}>
      {props.children}
    </div>
  )
}

/** When the row that had the focus is gone, the focus is on the row that stood after it. */
function useNextRow(table: { readonly current: HTMLElement | null }, ids: readonly string[]) {
  const last = useRef<readonly string[]>([])
  const asked = useOpenAction() !== null
  const key = ids.join(' ')
  useEffect(() => {
    const [had, ...after] = last.current
    const present = key.split(' ')
    if (asked || had === undefined || present.includes(had)) return
    // The dialog gives the focus back first, to a button that is no longer there.
    const timer = setTimeout(() => {
      if (document.activeElement !== document.body) return
      const next = after.find((id) => present.includes(id))
      const mark = next && table.current?.querySelector(`[data-row="${CSS.escape(next)}"]`)
      const heading = document.querySelector<HTMLElement>('#content h1')
      if (!mark && heading) heading.tabIndex = -1
      ;(mark ? mark.querySelector<HTMLElement>('a') : heading)?.focus()
    }, 50)
    return () => clearTimeout(timer)
  }, [table, key, asked])
  return (mark: HTMLElement | null) => {
    const id = mark?.dataset.row
    if (id === undefined) return
    const at = ids.indexOf(id)
    last.current = [id, ...ids.slice(at + 1), ...ids.slice(0, at).reverse()]
  }
}
