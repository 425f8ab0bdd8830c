/** What the ledger knows of access that stays too long. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { RequestId } from '#core/ids.ts'
import type { Change } from './change.ts'
import { touchRequest } from './requests.ts'
import type { Schema } from './schema.ts'

export interface RemovalsAhead {
  readonly inAll: number
  readonly onAccount: number
  /** What AWS took for the last deletions, at the median; 10 s while there are none. */
  readonly deletionMs: number
}

const deletionMsDefault = 10_000

export async function removalsAhead(
  tx: Transaction<Schema>,
  accountId: string,
): Promise<RemovalsAhead> {
  const { rows } = await sql<RemovalsAhead>`
    select count(*)::int as "inAll",
           count(*) filter (where k.account_id = ${accountId})::int as "onAccount",
           (select coalesce(percentile_cont(0.5) within group (
                order by extract(epoch from last.settled_at - last.sent_at)::float8 * 1000),
              ${deletionMsDefault})
            from (select sent_at, settled_at from intent
                  where kind = 'delete' and state = 'succeeded' and sent_at is not null
                  order by intent_id desc limit 50) last) as "deletionMs"
    from access_grant g
    join request r using (request_id)
    join ledger_key k using (key_id)
    where g.over_at is null and r.status = 'ending' and k.presence <> 'absent'`.execute(tx)
  return rows[0] ?? { inAll: 0, onAccount: 0, deletionMs: deletionMsDefault }
}

/** The request of the newest creation of this key; null: of before they were remembered. */
export async function requestOfLateLanding(
  tx: Transaction<Schema>,
  keyId: number,
): Promise<RequestId | null> {
  const row = await tx
    .selectFrom('intent')
    .select('request_id')
    .where('key_id', '=', keyId)
    .where('kind', '=', 'create')
    .orderBy('intent_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return (row?.request_id ?? null) as RequestId | null
}

/** Answers the request's new version. */
export async function addExcess(c: Change, requestId: RequestId, seconds: number): Promise<number> {
  await c.tx
    .updateTable('access_grant')
    .set({ excess_seconds: sql`coalesce(excess_seconds, 0) + ${seconds}::numeric` })
    .where('request_id', '=', requestId)
    .execute()
  return touchRequest(c, requestId)
}

/** Of an account that is suspended or closed, AWS takes nothing away before it is active again. */
export async function isAccountActive(
  tx: Transaction<Schema>,
  accountId: string,
): Promise<boolean> {
  const row = await tx
    .selectFrom('directory_account')
    .select('state')
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  return row === undefined || row.state === 'ACTIVE'
}

/** The last time that access of this request appeared after its end, and was gone again. */
export async function lastLateLanding(
  db: Kysely<Schema>,
  requestId: RequestId,
): Promise<{ from: Date; to: Date } | null> {
  const { rows } = await sql<{ from: string; to: string }>`
    select payload::jsonb->>'from' as "from", payload::jsonb->>'to' as "to" from audit_event
    where object_type = 'request' and object_id = ${requestId}
      and action = 'access.excess_added' and payload is not null
    order by seq desc limit 1`.execute(db)
  const [row] = rows
  return row ? { from: new Date(row.from), to: new Date(row.to) } : null
}
