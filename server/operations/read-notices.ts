import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { NoticesQuery, UndeliveredNotice } from '#contract/notice.ts'
import { listUndelivered } from '#server/store/notices.ts'
import type { Schema } from '#server/store/schema.ts'
import { decodeCursor, pageOf } from './paging.ts'

const Cursor = z.tuple([z.iso.datetime(), z.uuid()])

export async function readUndelivered(
  { db }: { readonly db: Kysely<Schema> },
  { limit, cursor }: z.output<typeof NoticesQuery>,
): Promise<{ items: UndeliveredNotice[]; nextCursor: string | null }> {
  const place = decodeCursor(cursor, Cursor)
  const after = place && { createdAt: new Date(place[0]), id: place[1] }
  const found = await listUndelivered(db, { limit, after })
  const page = pageOf(found, limit, (last) => [last.createdAt.toISOString(), last.noticeId])
  return {
    ...page,
    items: page.items.map(
      ({ requestId, accountName, permissionSetName, requester, createdAt, ...notice }) => ({
        ...notice,
        request:
          requestId === null || accountName === null || permissionSetName === null
            ? null
            : { requestId, accountName, permissionSetName, requester: requester ?? '' },
        createdAt: createdAt.toISOString(),
      }),
    ),
  }
}
