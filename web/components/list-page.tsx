/** What every list that the server pages has in common: where it is, what came, what stands there else. */
import Box from '@cloudscape-design/components/box'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { UseQueryResult } from '@tanstack/react-query'
import { type ReactNode, useDeferredValue } from 'react'
import { usePlace } from '../router.ts'
import { parseListState } from '../url-state.ts'
import { type PageSize, usePageSize } from './columns.tsx'
import { LoadFailure } from './LoadFailure.tsx'

export interface ListPage {
  readonly pageSize: PageSize
  readonly page: number
  readonly query: { readonly limit: number; readonly cursor?: string }
}

/** The page that the URL names, as long as the person chose for this list. */
export function useListPage(...list: Parameters<typeof usePageSize>): ListPage {
  const pageSize = usePageSize(...list)
  const { cursor, page } = parseListState(usePlace().search).state
  return { pageSize, page, query: { limit: pageSize.rows, ...(cursor && { cursor }) } }
}

interface ListAnswer<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
}

/** The server's answer as a list shows it: its rows, or why there are none. */
export function answered<Item>(list: UseQueryResult<ListAnswer<Item>>, empty: ReactNode) {
  return {
    items: list.data?.items ?? [],
    next: list.data?.nextCursor ?? null,
    loading: list.isLoading,
    nothing: list.error ? (
      <LoadFailure error={list.error} onRetry={() => void list.refetch()} />
    ) : (
      empty
    ),
  }
}

/** The first rows are many at once: they are drawn in slices, between which keys are heard. */
export function useFirstRows<Item>(list: { items: readonly Item[]; loading: boolean }) {
  const hasRows = list.items.length > 0
  const showsRows = useDeferredValue(hasRows, false)
  return {
    items: showsRows ? list.items : [],
    loading: list.loading || (hasRows && !showsRows),
  }
}

export function NoRows(props: { text: string; children?: ReactNode }): ReactNode {
  return (
    <Box textAlign="center" padding={{ vertical: 'l' }}>
      <SpaceBetween size="s">
        <b>{props.text}</b>
        {props.children}
      </SpaceBetween>
    </Box>
  )
}
