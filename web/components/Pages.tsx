import Pagination from '@cloudscape-design/components/pagination'
import type { ReactNode } from 'react'
import { useWords } from '../i18n.tsx'
import { setSearch, usePlace } from '../router.ts'

/**
 * Cursors of pages that were left by "next", so that "previous" finds back. A shared link to a later
 * page has none; from there "previous" leads to the first page.
 */
const cursors = new Map<string, string>()

function listKey(path: string, search: URLSearchParams): string {
  const filters = new URLSearchParams(search)
  filters.delete('cursor')
  filters.delete('page')
  return `${path}?${filters}`
}

export function Pages(props: { page: number; next: string | null }): ReactNode {
  const { t } = useWords()
  const { path, search } = usePlace()
  const { page, next } = props
  const list = listKey(path, search)
  const goTo = (wanted: number) => {
    if (wanted > page && next !== null) cursors.set(`${list} ${wanted}`, next)
    const cursor = wanted > 1 ? (cursors.get(`${list} ${wanted}`) ?? null) : null
    setSearch({ cursor, page: cursor === null ? null : String(wanted) })
  }
  return (
    <Pagination
      currentPageIndex={page}
      pagesCount={page}
      openEnd={next !== null}
      onChange={({ detail }) => goTo(detail.currentPageIndex)}
      ariaLabels={{
        paginationLabel: t('list.pages'),
        nextPageLabel: t('list.next'),
        previousPageLabel: t('list.previous'),
        pageLabel: (number) => t('list.page', { page: number }),
      }}
    />
  )
}
