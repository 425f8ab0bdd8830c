/** Calls that change something in AWS: written before they are sent, then what became of them. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { AccountId, PermissionSetArn, Target } from '#core/ids.ts'
import type { Schema } from './schema.ts'

type Db = Kysely<Schema> | Transaction<Schema>

export interface AcceptedCall {
  readonly keyId: number
  readonly kind: 'create' | 'delete'
  readonly awsRequestId: string
}

/** Calls that AWS accepted and whose outcome is not known yet, the oldest first. */
export async function acceptedCalls(db: Db): Promise<AcceptedCall[]> {
  const rows = await db
    .selectFrom('intent')
    .select(['key_id', 'kind', 'aws_request_id'])
    .where('state', '=', 'accepted')
    .orderBy('intent_id')
    .execute()
  return rows.map((row) => ({
    keyId: row.key_id,
    kind: row.kind,
    awsRequestId: row.aws_request_id ?? '',
  }))
}

export interface CallInFlight {
  readonly keyId: number
  readonly kind: 'create' | 'delete'
  readonly target: Target
}

/** Calls that AWS works on, or may have received. */
export async function callsInFlight(db: Db): Promise<CallInFlight[]> {
  const rows = await db
    .selectFrom('intent')
    .innerJoin('ledger_key', 'ledger_key.key_id', 'intent.key_id')
    .select(['intent.key_id', 'kind', 'account_id', 'permission_set_arn'])
    .where('state', 'in', ['written', 'accepted'])
    .execute()
  return rows.map((row) => ({
    keyId: row.key_id,
    kind: row.kind,
    target: {
      // The ids in the ledger came from AWS.
      accountId: row.account_id as AccountId,
      permissionSetArn: row.permission_set_arn as PermissionSetArn,
    },
  }))
}

/** Raises a unique violation (`one_call_in_flight_a_key`) if a call is in flight already. */
export async function writeIntent(
  tx: Transaction<Schema>,
  intent: {
    keyId: number
    kind: 'create' | 'delete'
    epoch: number
    at: Date
    requestId: string | null
  },
): Promise<number> {
  const row = await tx
    .insertInto('intent')
    .values({
      key_id: intent.keyId,
      kind: intent.kind,
      state: 'written',
      epoch: intent.epoch,
      written_at: intent.at,
      sent_at: null,
      aws_request_id: null,
      settled_at: null,
      reason: null,
      request_id: intent.requestId,
    })
    .returning('intent_id')
    .executeTakeFirstOrThrow()
  return row.intent_id
}

export async function acceptIntent(
  tx: Transaction<Schema>,
  intentId: number,
  awsRequestId: string,
  at: Date,
): Promise<void> {
  await tx
    .updateTable('intent')
    .set({ state: 'accepted', aws_request_id: awsRequestId, sent_at: at })
    .where('intent_id', '=', intentId)
    .where('state', '=', 'written')
    .execute()
}

export async function settleIntent(
  tx: Transaction<Schema>,
  intentId: number,
  outcome: {
    state: 'succeeded' | 'failed' | 'refused' | 'unknown'
    reason: string | null
    at: Date
  },
): Promise<void> {
  await tx
    .updateTable('intent')
    .set({ state: outcome.state, reason: outcome.reason, settled_at: outcome.at })
    .where('intent_id', '=', intentId)
    .where('state', 'in', ['written', 'accepted'])
    .execute()
}

/** What was in doubt is settled: it was seen, or its horizon has passed. */
export async function settleDoubts(
  tx: Transaction<Schema>,
  keyId: number,
  state: 'succeeded' | 'failed',
  at: Date,
): Promise<void> {
  await tx
    .updateTable('intent')
    .set({ state, settled_at: at })
    .where('key_id', '=', keyId)
    .where('state', '=', 'unknown')
    .execute()
}

export interface KnownBy {
  readonly kind: 'create' | 'delete'
  readonly userId: string
  readonly accountId: string
  readonly permissionSetArn: string
  readonly writtenAt: Date
}

/**
 * Of intents that a log has, the places of those that this database has not. Not by their numbers:
 * a restored database gives those again. One key has one call in flight, so what was written when
 * for which key is one intent.
 */
export async function unknownIntents(db: Db, logged: readonly KnownBy[]): Promise<number[]> {
  const of = (value: (one: KnownBy) => string) => logged.map(value)
  const { rows } = await sql<{ place: number }>`
    select (logged.place - 1)::int as place
    from unnest(${of((one) => one.kind)}::text[], ${of((one) => one.userId)}::text[],
        ${of((one) => one.accountId)}::text[], ${of((one) => one.permissionSetArn)}::text[],
        ${of((one) => one.writtenAt.toISOString())}::timestamptz[])
      with ordinality as logged(kind, user_id, account_id, permission_set_arn, written_at, place)
    where not exists (
      select 1 from intent i join ledger_key k using (key_id)
      where k.user_id = logged.user_id and k.account_id = logged.account_id
        and k.permission_set_arn = logged.permission_set_arn
        and i.kind = logged.kind and i.written_at = logged.written_at)
    order by place`.execute(db)
  return rows.map(({ place }) => place)
}

/** A call that this database had forgotten: its outcome is unknown. */
export async function insertLostIntent(
  tx: Transaction<Schema>,
  lost: {
    keyId: number
    kind: 'create' | 'delete'
    epoch: number
    writtenAt: Date
    at: Date
    reason: string
  },
): Promise<void> {
  await tx
    .insertInto('intent')
    .values({
      key_id: lost.keyId,
      kind: lost.kind,
      state: 'unknown',
      epoch: lost.epoch,
      written_at: lost.writtenAt,
      sent_at: null,
      aws_request_id: null,
      settled_at: lost.at,
      reason: lost.reason,
      request_id: null,
    })
    .execute()
}
