import type { Kysely } from 'kysely'
import { z } from 'zod'
import {
  type DirectoryListQuery,
  listAccounts,
  listGroups,
  listOus,
  listPermissionSets,
  listUsers,
  type Placed,
} from '#server/store/directory-lists.ts'
import type { Schema } from '#server/store/schema.ts'
import { decodeCursor, pageOf } from './paging.ts'

export interface DirectoryPageQuery {
  readonly q?: string | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface DirectoryPage<Item> {
  readonly items: Item[]
  readonly nextCursor: string | null
}

/** Name as sorted, and id. */
const Place = z.tuple([z.string(), z.string()])

function paged<Item>(
  list: (db: Kysely<Schema>, query: DirectoryListQuery) => Promise<Placed<Item>[]>,
) {
  return async (
    db: Kysely<Schema>,
    { q, limit, cursor }: DirectoryPageQuery,
  ): Promise<DirectoryPage<Item>> => {
    const after = decodeCursor(cursor, Place)
    const page = pageOf(await list(db, { q, limit, after }), limit, (last) => last.place)
    return { items: page.items.map(({ item }) => item), nextCursor: page.nextCursor }
  }
}

/** The replica, for the pages of `/directory/…`. */
export const listDirectory = {
  users: paged(listUsers),
  groups: paged(listGroups),
  accounts: paged(listAccounts),
  organizationalUnits: paged(listOus),
  permissionSets: paged(listPermissionSets),
}
