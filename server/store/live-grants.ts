/** Grants that live now, and the people who hold them or soon will. */
import { type Kysely, sql } from 'kysely'
import type { AccountId, PermissionSetArn, RequestId, Target, UserId } from '#core/ids.ts'
import type { Change } from './change.ts'
import type { Schema } from './schema.ts'

export interface LiveGrant {
  readonly requestId: RequestId
  readonly userId: UserId
  readonly target: Target
  readonly breakGlass: boolean
  /** It had lost its eligibility already when the setting that ends such access was turned on. */
  readonly spared: boolean
}

export async function liveGrants(db: Kysely<Schema>): Promise<LiveGrant[]> {
  const rows = await db
    .selectFrom('request')
    .select((eb) => [
      'request_id',
      'requester_id',
      'account_id',
      'permission_set_arn',
      'break_glass',
      eb
        .exists(
          eb
            .selectFrom('spared_grant')
            .select('spared_grant.request_id')
            .whereRef('spared_grant.request_id', '=', 'request.request_id'),
        )
        .as('spared'),
    ])
    .where('status', 'in', ['activating', 'active'])
    .orderBy('request_id')
    .execute()
  return rows.map((row) => ({
    // Ids that AWS or TEAM gave.
    requestId: row.request_id as RequestId,
    userId: row.requester_id as UserId,
    target: {
      accountId: row.account_id as AccountId,
      permissionSetArn: row.permission_set_arn as PermissionSetArn,
    },
    breakGlass: row.break_glass,
    spared: row.spared === true,
  }))
}

/** They go on to their own end, though no policy allows them any more. */
export async function spareGrants(c: Change, requestIds: readonly RequestId[]): Promise<void> {
  if (requestIds.length === 0) return
  await c.tx
    .insertInto('spared_grant')
    .values(requestIds.map((id) => ({ request_id: id, spared_at: c.at })))
    .onConflict((conflict) => conflict.column('request_id').doNothing())
    .execute()
}

export interface WatchedPerson {
  readonly userId: UserId
  /** When AWS was last asked about this person. */
  readonly readAt: Date
}

/** People with a grant that lives or is due before `dueBefore`, the longest unread first. */
export async function peopleToWatch(db: Kysely<Schema>, dueBefore: Date): Promise<WatchedPerson[]> {
  const { rows } = await sql<WatchedPerson>`
    select u.user_id as "userId", u.read_at as "readAt"
    from directory_user u
    where u.user_id in (
      select r.requester_id from request r
        join access_grant g using (request_id)
        where g.over_at is null
          and (r.status in ('activating', 'active')
            or (r.status = 'scheduled' and g.due_at <= ${dueBefore})))
    order by u.read_at, u.user_id`.execute(db)
  return rows
}
