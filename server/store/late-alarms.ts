/** Alarms of removals that take too long, and who was told of them. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { RequestId, UserId } from '#core/ids.ts'
import type { Schema } from './schema.ts'

export interface LateAlarm {
  readonly alarmId: number
  readonly keyId: number
  readonly raisedAt: Date
  /** When the removal was confirmed. */
  readonly overAt: Date | null
  readonly userId: UserId
  readonly displayName: string
  readonly accountId: string
  readonly accountName: string
  readonly permissionSetName: string
  readonly attempts: number
  readonly lastError: string | null
  /** When the access should have been gone. */
  readonly goneBy: Date
  /** The requests that are ending on it, or ended with it; none where access appeared that nobody should have. */
  readonly requestIds: readonly RequestId[]
  readonly deciderIds: readonly UserId[]
}

/** Those named, or those that are not over or have been since then; the oldest first. */
export async function lateAlarms(
  db: Kysely<Schema>,
  which: { readonly ids: readonly number[] } | { readonly overSince: Date },
): Promise<LateAlarm[]> {
  const wanted =
    'ids' in which
      ? sql`alarm.alarm_id = any(${[...which.ids]}::bigint[])`
      : sql`(alarm.over_at is null or alarm.over_at > ${which.overSince})`
  const { rows } = await sql<LateAlarm>`
    select alarm.alarm_id as "alarmId", k.key_id as "keyId", alarm.raised_at as "raisedAt",
      alarm.over_at as "overAt",
      k.user_id as "userId", coalesce(u.display_name, k.user_id) as "displayName",
      k.account_id as "accountId", coalesce(a.name, k.account_id) as "accountName",
      coalesce(p.name, k.permission_set_arn) as "permissionSetName",
      k.attempts, k.last_error as "lastError",
      coalesce(late.gone_by, alarm.raised_at) as "goneBy",
      coalesce(late.request_ids, '{}') as "requestIds",
      coalesce(late.decider_ids, '{}') as "deciderIds"
    from late_alarm alarm
    join ledger_key k on k.key_id = alarm.key_id
    left join directory_user u on u.user_id = k.user_id
    left join directory_account a on a.account_id = k.account_id
    left join directory_permission_set p on p.permission_set_arn = k.permission_set_arn
    left join lateral (
      select min(least(g.stopped_at, g.ends_at)) as gone_by,
        array_agg(distinct g.request_id::text) as request_ids,
        array_agg(distinct d.user_id) filter (where d.user_id is not null) as decider_ids
      from access_grant g
      join request r on r.request_id = g.request_id
      left join decision d on d.request_id = g.request_id
      where g.key_id = k.key_id and case when alarm.over_at is null
        then g.over_at is null and r.status = 'ending'
        else g.over_at between alarm.raised_at and alarm.over_at end
    ) late on true
    where ${wanted}
    order by alarm.alarm_id`.execute(db)
  return rows
}

export interface Told {
  readonly upToAlarm: number
  readonly toldAt: Date
}

export async function loadTold(db: Kysely<Schema>): Promise<Map<string, Told>> {
  const rows = await db.selectFrom('late_alarm_told').selectAll().execute()
  return new Map(
    rows.map((row) => [row.receiver_id, { upToAlarm: row.up_to_alarm, toldAt: row.told_at }]),
  )
}

/**
 * In the transaction that queues the notices: either both are there or neither. Answers who was not
 * told of as much meanwhile.
 */
export async function rememberTold(
  tx: Transaction<Schema>,
  receiverIds: readonly string[],
  { upToAlarm, toldAt }: Told,
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ receiver_id: string }>`
    insert into late_alarm_told as told (receiver_id, up_to_alarm, told_at)
      select unnest(${[...receiverIds]}::text[]), ${upToAlarm}, ${toldAt}
    on conflict (receiver_id) do update
      set up_to_alarm = excluded.up_to_alarm, told_at = excluded.told_at
      where told.up_to_alarm < excluded.up_to_alarm
    returning receiver_id`.execute(tx)
  return new Set(rows.map((row) => row.receiver_id))
}
