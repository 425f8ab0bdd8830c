import { type Kysely, sql } from 'kysely'
import type { Schema } from './schema.ts'

export interface KeyCounts {
  readonly held: number
  readonly inFlight: number
  readonly unsettled: number
  readonly late: number
}

export async function countKeys(db: Kysely<Schema>): Promise<KeyCounts> {
  const { rows } = await sql<KeyCounts>`
    select (select count(*) from ledger_key where held) as held,
           (select count(*) from intent where state in ('written', 'accepted')) as "inFlight",
           (select count(*) from ledger_key where watched_until is not null) as unsettled,
           (select count(*) from late_alarm where over_at is null) as late`.execute(db)
  return rows[0] ?? { held: 0, inFlight: 0, unsettled: 0, late: 0 }
}

export interface LateRemoval {
  readonly requestId: string | null
  readonly userId: string
  readonly accountId: string
  readonly permissionSetArn: string
  readonly since: Date
  readonly attempts: number
  readonly lastError: string | null
  readonly nextTryAt: Date | null
}

/** Longest late first. */
export async function lateRemovals(db: Kysely<Schema>, limit: number): Promise<LateRemoval[]> {
  const { rows } = await sql<LateRemoval>`
    select g.request_id as "requestId", k.user_id as "userId", k.account_id as "accountId",
           k.permission_set_arn as "permissionSetArn",
           coalesce(least(g.stopped_at, g.ends_at), k.late_alarm_at) as since,
           k.attempts, k.last_error as "lastError",
           coalesce(k.not_before, k.next_at) as "nextTryAt"
    from ledger_key k
    left join lateral (
      select request_id, stopped_at, ends_at from access_grant
      join request using (request_id)
      where key_id = k.key_id and over_at is null and request.status = 'ending'
      order by least(stopped_at, ends_at) limit 1
    ) g on true
    where k.late_alarm_at is not null
    order by since limit ${limit}`.execute(db)
  return rows
}

export async function readLease(db: Kysely<Schema>) {
  return db
    .selectFrom('leader')
    .select(['holder', 'epoch', 'expires_at as expiresAt'])
    .executeTakeFirstOrThrow()
}
