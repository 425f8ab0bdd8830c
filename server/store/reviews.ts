/** Reviews of break-glass: opened with the request, given once. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { RequestId, UserId } from '#core/ids.ts'
import type { Change } from './change.ts'
import type { Schema } from './schema.ts'

export const reviewOutcomes = ['justified', 'not_justified'] as const
export type ReviewOutcome = (typeof reviewOutcomes)[number]

export interface GivenReview {
  readonly by: { readonly userId: UserId; readonly userName: string }
  readonly outcome: ReviewOutcome
  readonly comment: string
}

export async function openReview(change: Change, requestId: RequestId, dueAt: Date): Promise<void> {
  await change.tx.insertInto('review').values({ request_id: requestId, due_at: dueAt }).execute()
}

/** The caller holds the request's lock and has seen that none is given yet. */
export async function giveReview(
  change: Change,
  requestId: RequestId,
  { by, outcome, comment }: GivenReview,
): Promise<void> {
  await change.tx
    .updateTable('review')
    .set({
      reviewer_id: by.userId,
      reviewer_user_name: by.userName,
      outcome,
      comment,
      reviewed_at: change.at,
    })
    .where('request_id', '=', requestId)
    .execute()
}

export async function hasOverdueReview(
  db: Kysely<Schema>,
  requesterId: UserId,
  now: Date,
): Promise<boolean> {
  const row = await db
    .selectFrom('review as v')
    .innerJoin('request as r', 'r.request_id', 'v.request_id')
    .select('v.request_id')
    .where('v.outcome', 'is', null)
    .where('v.due_at', '<=', now)
    .where('r.requester_id', '=', requesterId)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

export async function countOpenReviews(db: Kysely<Schema>): Promise<number> {
  const row = await db
    .selectFrom('review')
    .select((eb) => eb.fn.countAll<number>().as('reviews'))
    .where('outcome', 'is', null)
    .executeTakeFirstOrThrow()
  return row.reviews
}

/** Marks those that are due and not told yet as told. Rows that somebody holds wait. */
export async function takeDueReviews(
  tx: Transaction<Schema>,
  now: Date,
  limit: number,
): Promise<RequestId[]> {
  const { rows } = await sql<{ request_id: string }>`
    update review set reminded_at = ${now} where request_id in (
      select request_id from review
      where outcome is null and reminded_at is null and due_at <= ${now}
      order by due_at limit ${limit} for update skip locked
    ) returning request_id`.execute(tx)
  return rows.map((row) => row.request_id as RequestId)
}
