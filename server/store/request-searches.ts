/** Questions about several requests at once, some of which hold what they find. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type {
  AccountId,
  PermissionSetArn,
  RequestId,
  SubmissionId,
  Target,
  UserId,
} from '#core/ids.ts'
import { loadRequests, type StoredRequest } from './requests.ts'
import type { Schema } from './schema.ts'

/** A person's pending requests, by target. Extensions wait for themselves. */
export async function pendingRequestsOf(
  db: Kysely<Schema>,
  userId: UserId,
): Promise<{ id: RequestId; target: Target; expiresAt: Date }[]> {
  const rows = await db
    .selectFrom('request')
    .select(['request_id', 'account_id', 'permission_set_arn', 'expires_at'])
    .where('requester_id', '=', userId)
    .where('status', '=', 'pending')
    .where('extends_request_id', 'is', null)
    .execute()
  return rows.map((row) => ({
    id: row.request_id as RequestId,
    target: {
      accountId: row.account_id as AccountId,
      permissionSetArn: row.permission_set_arn as PermissionSetArn,
    },
    expiresAt: row.expires_at,
  }))
}

/** Locked, the oldest first: what one person was granted on one target and still is. */
export async function lockGrantedRequests(
  tx: Transaction<Schema>,
  userId: UserId,
  target: Target,
): Promise<StoredRequest[]> {
  const rows = await tx
    .selectFrom('request')
    .select('request_id')
    .where('requester_id', '=', userId)
    .where('account_id', '=', target.accountId)
    .where('permission_set_arn', '=', target.permissionSetArn)
    .where('status', 'in', ['scheduled', 'activating', 'active', 'ending'])
    // As everywhere, a parent before its extension.
    .orderBy('created_at')
    .orderBy('request_id')
    .forUpdate()
    .execute()
  return loadRequests(
    tx,
    rows.map((row) => row.request_id as RequestId),
  )
}

export async function requestIdsOfSubmission(
  db: Kysely<Schema>,
  submissionId: SubmissionId,
): Promise<RequestId[]> {
  const rows = await db
    .selectFrom('request')
    .select('request_id')
    .where('submission_id', '=', submissionId)
    .orderBy('account_name')
    .orderBy('request_id')
    .execute()
  return rows.map((row) => row.request_id as RequestId)
}

/** Locked: extensions of it that have not begun, be they decided or not. */
export async function lockUnstartedExtensions(
  tx: Transaction<Schema>,
  id: RequestId,
): Promise<StoredRequest[]> {
  const rows = await tx
    .selectFrom('request')
    .select('request_id')
    .where('extends_request_id', '=', id)
    .where('status', 'in', ['pending', 'scheduled'])
    .orderBy('created_at')
    .forUpdate()
    .execute()
  return loadRequests(
    tx,
    rows.map((row) => row.request_id as RequestId),
  )
}

/**
 * Pending requests whose time is up, and extensions of what is over, the oldest first. Asked each
 * second, and mostly there is none.
 */
export async function expiredRequestIds(
  db: Kysely<Schema>,
  now: Date,
  { limit, except }: { limit: number; except: readonly RequestId[] },
): Promise<RequestId[]> {
  const { rows } = await sql<{ id: RequestId }>`
    select request_id as id from (
      select request_id, expires_at from request where status = 'pending' and expires_at <= ${now}
      union
      select r.request_id, r.expires_at
      from request r join request parent on parent.request_id = r.extends_request_id
      where r.status = 'pending' and parent.status <> 'active') as due
    where request_id <> all(${[...except]}::uuid[])
    order by expires_at, request_id
    limit ${limit}`.execute(db)
  return rows.map(({ id }) => id)
}

/** False: somebody holds it just now, and is deciding on it. */
export async function lockIfFree(tx: Transaction<Schema>, id: RequestId): Promise<boolean> {
  const row = await tx
    .selectFrom('request')
    .select('request_id')
    .where('request_id', '=', id)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
  return row !== undefined
}
