import { type Kysely, sql } from 'kysely'
import { type Channel, isChannel } from '#core/channels.ts'
import type { RequestId } from '#core/ids.ts'
import { preparedOnce } from './prepared.ts'
import type { NoticeState, Schema } from './schema.ts'

export interface StoredNotice {
  readonly noticeId: string
  readonly requestId: string
  readonly event: string
  readonly channel: Channel
  /** The address, or the receiver's name where there is none. */
  readonly to: string
  readonly state: NoticeState
  /** Attempts whose answer was lost. */
  readonly unanswered: number
  readonly at: Date
}

export function isUndelivered(state: NoticeState): boolean {
  return state === 'failed' || state === 'no_address'
}

const noticeRows = preparedOnce((db, ids: readonly RequestId[]) =>
  db
    .selectFrom('notice as n')
    .leftJoin('directory_user as u', 'u.user_id', 'n.receiver_id')
    .select([
      'n.notice_id',
      'n.request_id',
      'n.event',
      'n.channel',
      'n.address',
      'n.receiver_id',
      'n.state',
      'n.unanswered',
      'n.created_at',
      'n.sent_at',
      'u.user_name',
    ])
    .where('n.request_id', '=', sql<string>`any(${ids}::uuid[])`)
    .orderBy('n.created_at')
    .orderBy('n.notice_id'),
)

/** One query, however many requests there are; of each, in the order in which they were queued. */
export async function noticesOfRequests(
  db: Kysely<Schema>,
  ids: readonly RequestId[],
): Promise<Map<string, StoredNotice[]>> {
  if (ids.length === 0) return new Map()
  const rows = await noticeRows(db, ids)
  const notices = rows.map((row) => ({
    noticeId: row.notice_id,
    requestId: row.request_id ?? '',
    event: row.event,
    channel: isChannel(row.channel) ? row.channel : 'email',
    to: row.address ?? row.user_name ?? row.receiver_id,
    state: row.state,
    unanswered: row.unanswered,
    at: row.sent_at ?? row.created_at,
  }))
  return Map.groupBy(notices, ({ requestId }) => requestId)
}

export interface UndeliveredNotice {
  readonly noticeId: string
  readonly event: string
  readonly channel: Channel
  readonly to: string
  readonly requestId: string | null
  readonly accountName: string | null
  readonly permissionSetName: string | null
  readonly requester: string | null
  readonly attempts: number
  readonly lastError: string | null
  readonly createdAt: Date
}

export interface NoticePlace {
  readonly createdAt: Date
  readonly id: string
}

/** Newest first; one more than the limit. */
export async function listUndelivered(
  db: Kysely<Schema>,
  { limit, after }: { readonly limit: number; readonly after: NoticePlace | null },
): Promise<UndeliveredNotice[]> {
  const rows = await db
    .selectFrom('notice as n')
    .leftJoin('directory_user as u', 'u.user_id', 'n.receiver_id')
    .leftJoin('request as r', 'r.request_id', 'n.request_id')
    .select([
      'n.notice_id as noticeId',
      'n.event',
      'n.channel',
      'n.address',
      'n.receiver_id',
      'u.user_name',
      'n.request_id as requestId',
      'r.account_name as accountName',
      'r.permission_set_name as permissionSetName',
      'r.requester_name as requester',
      'n.attempts',
      'n.last_error as lastError',
      'n.created_at as createdAt',
    ])
    .where('n.state', '=', 'failed')
    .$if(after !== null, (query) =>
      query.where(
        sql<boolean>`(n.created_at, n.notice_id) < (${after?.createdAt}, ${after?.id}::uuid)`,
      ),
    )
    .orderBy('n.created_at', 'desc')
    .orderBy('n.notice_id', 'desc')
    .limit(limit + 1)
    .execute()
  return rows.map(({ address, user_name, receiver_id, channel, ...row }) => ({
    ...row,
    channel: isChannel(channel) ? channel : 'email',
    to: address ?? user_name ?? receiver_id,
  }))
}

export async function countUndelivered(db: Kysely<Schema>): Promise<number> {
  const row = await db
    .selectFrom('notice')
    .select((eb) => eb.fn.countAll<number>().as('notices'))
    .where('state', '=', 'failed')
    .executeTakeFirstOrThrow()
  return row.notices
}
