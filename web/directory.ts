/** The directory for pickers: searched as one types, or read whole where names of ids are needed. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { get } from './api.ts'
import type { DirectoryKind, DirectoryPages } from './queries.ts'

const pageSize = 200
const pagesMax = 25
const staleMs = 300_000

type ItemOf<Kind extends DirectoryKind> = DirectoryPages[Kind]['items'][number]

async function readWhole<Kind extends DirectoryKind>(
  kind: Kind,
  signal: AbortSignal,
): Promise<ItemOf<Kind>[]> {
  const items: ItemOf<Kind>[] = []
  let cursor: string | null = null
  for (let page = 0; page < pagesMax; page += 1) {
    const query: Record<string, string | number> = {
      limit: pageSize,
      ...(cursor ? { cursor } : {}),
    }
    const answer: DirectoryPages[Kind] = await get(`/directory/${kind}`, query, signal)
    items.push(...answer.items)
    cursor = answer.nextCursor
    if (cursor === null) break
  }
  return items
}

/** Not of users, of whom there may be tens of thousands. */
function useWhole<Kind extends Exclude<DirectoryKind, 'users'>>(kind: Kind, wanted: boolean) {
  return useQuery({
    queryKey: ['directory', 'whole', kind],
    queryFn: ({ signal }) => readWhole(kind, signal),
    staleTime: staleMs,
    enabled: wanted,
  })
}

/** The organization's units, and whether they still come: a tree that appears pushes what is below it. */
export const useUnits = () => useWhole('organizational-units', true)

/** Everything of one kind. */
export function useWholeDirectory<Kind extends Exclude<DirectoryKind, 'users'>>(
  kind: Kind,
  wanted: boolean = true,
): ItemOf<Kind>[] | undefined {
  return useWhole(kind, wanted).data
}

export interface Names {
  readonly account: (id: string) => string
  readonly unit: (id: string) => string
  readonly permissionSet: (entry: string) => string
  readonly group: (id: string) => string
}

/** Names for ids that policies hold. What the directory no longer knows shows as its id. */
export function useNames(): Names {
  const { data: accounts } = useWhole('accounts', true)
  const { data: units } = useWhole('organizational-units', true)
  const { data: sets } = useWhole('permission-sets', true)
  const { data: groups } = useWhole('groups', true)
  return useMemo(() => {
    const accountNames = new Map(accounts?.map((one) => [one.accountId, one.name]))
    const unitNames = new Map(units?.map((one) => [one.id, one.name]))
    const setNames = new Map(sets?.map((one) => [one.permissionSetArn, one.name]))
    const groupNames = new Map(groups?.map((one) => [one.groupId, one.displayName]))
    return {
      account: (id) => accountNames.get(id) ?? id,
      unit: (id) => unitNames.get(id) ?? id,
      permissionSet: (entry) => setNames.get(entry) ?? entry,
      group: (id) => groupNames.get(id) ?? id,
    }
  }, [accounts, units, sets, groups])
}

/** Whether names still come: a list that shows ids until then moves under the reader. */
export function useNamesAwaited(): boolean {
  const accounts = useWhole('accounts', true)
  const units = useWhole('organizational-units', true)
  const sets = useWhole('permission-sets', true)
  const groups = useWhole('groups', true)
  return [accounts, units, sets, groups].some(({ isPending }) => isPending)
}
