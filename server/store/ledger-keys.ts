/** The ledger as administrators see it, a key at a time; the engine has ledger.ts. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { AccountId, PermissionSetArn, UserId } from '#core/ids.ts'
import type { Presence, Schema } from './schema.ts'

export const keyStates = ['held', 'in_flight', 'unsettled', 'late'] as const
export type KeyState = (typeof keyStates)[number]

export interface StoredAlarm {
  readonly alarmId: number
  readonly raisedAt: Date
  readonly acknowledged: {
    readonly userId: string
    readonly userName: string
    readonly comment: string
    readonly at: Date
  } | null
}

export interface StoredKey {
  readonly keyId: number
  readonly userId: UserId
  readonly userName: string
  readonly displayName: string
  readonly accountId: AccountId
  readonly accountName: string
  readonly permissionSetArn: PermissionSetArn
  readonly permissionSetName: string
  readonly held: boolean
  readonly presence: Presence
  readonly confirmedAt: Date | null
  readonly watchedUntil: Date | null
  readonly attempts: number
  readonly lastError: string | null
  readonly nextTryAt: Date | null
  readonly call: { readonly kind: 'create' | 'delete'; readonly since: Date } | null
  readonly alarm: StoredAlarm | null
  /** That are not over, the first to end first. */
  readonly grants: readonly {
    readonly requestId: string
    readonly status: string
    readonly endsAt: string | null
  }[]
}

interface KeyRow extends Omit<StoredKey, 'call' | 'alarm'> {
  readonly callKind: 'create' | 'delete' | null
  readonly callSince: Date | null
  readonly alarmId: number | null
  readonly raisedAt: Date | null
  readonly acknowledgedAt: Date | null
  readonly acknowledgedById: string | null
  readonly acknowledgedByName: string | null
  readonly acknowledgement: string | null
}

const conditions = {
  held: sql<boolean>`k.held`,
  in_flight: sql<boolean>`exists (select 1 from intent i
    where i.key_id = k.key_id and i.state in ('written', 'accepted'))`,
  unsettled: sql<boolean>`k.watched_until is not null`,
  late: sql<boolean>`k.late_alarm_at is not null`,
} as const satisfies Record<KeyState, unknown>

export interface KeysQuery {
  /** Null: every key that is in any of the states. */
  readonly state: KeyState | null
  readonly limit: number
  readonly beforeId: number | null
}

/** Newest first; one more than the limit, so that the caller knows of more. */
export async function listKeys(db: Kysely<Schema>, query: KeysQuery): Promise<StoredKey[]> {
  const { state, limit, beforeId } = query
  const anyOf = state === null ? keyStates : [state]
  const where = sql.join(
    anyOf.map((one) => conditions[one]),
    sql` or `,
  )
  const rows = await selectKeys(
    db,
    sql`(${where}) and k.key_id < coalesce(${beforeId}::bigint, 9223372036854775807)
      order by k.key_id desc limit ${limit + 1}`,
  )
  return rows.map(keyOf)
}

export async function loadStoredKey(db: Kysely<Schema>, keyId: number): Promise<StoredKey | null> {
  const [row] = await selectKeys(db, sql`k.key_id = ${keyId}`)
  return row ? keyOf(row) : null
}

/**
 * Nobody else writes about this key until the transaction ends: writing an intent for it takes a
 * lock of its row, which waits for this one. To be taken after the locks of its requests.
 */
export async function lockKey(tx: Transaction<Schema>, keyId: number): Promise<void> {
  await tx
    .selectFrom('ledger_key')
    .select('key_id')
    .where('key_id', '=', keyId)
    .forUpdate()
    .executeTakeFirstOrThrow()
}

async function selectKeys(db: Kysely<Schema>, where: ReturnType<typeof sql>): Promise<KeyRow[]> {
  const { rows } = await sql<KeyRow>`
    select k.key_id as "keyId", k.user_id as "userId",
      coalesce(u.user_name, k.user_id) as "userName",
      coalesce(u.display_name, k.user_id) as "displayName",
      k.account_id as "accountId", coalesce(a.name, k.account_id) as "accountName",
      k.permission_set_arn as "permissionSetArn",
      coalesce(p.name, k.permission_set_arn) as "permissionSetName",
      k.held, k.presence, k.confirmed_at as "confirmedAt", k.watched_until as "watchedUntil",
      k.attempts, k.last_error as "lastError", coalesce(k.not_before, k.next_at) as "nextTryAt",
      call.kind as "callKind", call.written_at as "callSince",
      alarm.alarm_id as "alarmId", alarm.raised_at as "raisedAt",
      alarm.acknowledged_at as "acknowledgedAt", alarm.acknowledged_by_id as "acknowledgedById",
      alarm.acknowledged_by_name as "acknowledgedByName", alarm.acknowledgement,
      coalesce((
        select json_agg(json_build_object('requestId', r.request_id, 'status', r.status,
            'endsAt', g.ends_at) order by g.ends_at, r.request_id)
          from access_grant g join request r on r.request_id = g.request_id
          where g.key_id = k.key_id and g.over_at is null), '[]') as grants
    from ledger_key k
    left join directory_user u on u.user_id = k.user_id
    left join directory_account a on a.account_id = k.account_id
    left join directory_permission_set p on p.permission_set_arn = k.permission_set_arn
    left join intent call on call.key_id = k.key_id and call.state in ('written', 'accepted')
    left join late_alarm alarm on alarm.key_id = k.key_id and alarm.over_at is null
    where ${where}`.execute(db)
  return rows
}

function keyOf(row: KeyRow): StoredKey {
  const { callKind, callSince, alarmId, raisedAt, ...rest } = row
  const { acknowledgedAt, acknowledgedById, acknowledgedByName, acknowledgement, ...key } = rest
  const isAcknowledged = acknowledgedAt !== null && acknowledgedById !== null
  return {
    ...key,
    grants: key.grants.map((grant) => ({
      ...grant,
      endsAt: grant.endsAt && new Date(grant.endsAt).toISOString(),
    })),
    call: callKind === null || callSince === null ? null : { kind: callKind, since: callSince },
    alarm:
      alarmId === null || raisedAt === null
        ? null
        : {
            alarmId,
            raisedAt,
            acknowledged: isAcknowledged
              ? {
                  userId: acknowledgedById,
                  userName: acknowledgedByName ?? acknowledgedById,
                  comment: acknowledgement ?? '',
                  at: acknowledgedAt,
                }
              : null,
          },
  }
}

/** False if somebody else acknowledged it first, or it is over. */
export async function acknowledgeAlarm(
  tx: Transaction<Schema>,
  alarmId: number,
  word: { readonly userId: string; readonly userName: string; comment: string; at: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('late_alarm')
    .set({
      acknowledged_at: word.at,
      acknowledged_by_id: word.userId,
      acknowledged_by_name: word.userName,
      acknowledgement: word.comment,
    })
    .where('alarm_id', '=', alarmId)
    .where('over_at', 'is', null)
    .where('acknowledged_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/**
 * TEAM has nothing to do with what stands there any more. By the words of core/plan.ts the key is
 * absent: no assignment of TEAM's making exists; and as nothing was removed just now, what a look
 * shows there from here on is standing access.
 */
export async function letGoOfKey(tx: Transaction<Schema>, keyId: number, at: Date): Promise<void> {
  await tx
    .updateTable('ledger_key')
    .set({
      held: false,
      presence: 'absent',
      absent_seen_at: null,
      confirmed_at: null,
      watched_since: null,
      watched_until: null,
      next_look_at: null,
      not_before: null,
      attempts: 0,
      last_error: null,
      late_alarm_at: null,
      observed_at: null,
      missing_since: null,
      unwanted_since: null,
      alarm_not_before: null,
      updated_at: at,
    })
    .where('key_id', '=', keyId)
    .execute()
}
