/** What operations write of access: the grant, its row in the ledger, and its being stopped. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { GrantId, Key, RequestId } from '#core/ids.ts'
import type { Change } from './change.ts'
import { dueOfUse } from './grant-use.ts'

export interface NewGrant {
  readonly requestId: RequestId
  readonly key: Key
  readonly dueAt: Date
  readonly immediate: boolean
  readonly durationMinutes: number
  readonly activationDeadline: Date
  /** The grant at whose end it begins. */
  readonly extendsGrantId: GrantId | null
}

export async function insertGrant(change: Change, grant: NewGrant): Promise<{ keyId: number }> {
  const keyId = await ensureLedgerKey(change, grant.key)
  await change.tx
    .insertInto('access_grant')
    .values({
      grant_id: randomUUID(),
      request_id: grant.requestId,
      key_id: keyId,
      due_at: grant.dueAt,
      immediate: grant.immediate,
      duration_minutes: grant.durationMinutes,
      activation_deadline: grant.activationDeadline,
      intent_at: null,
      granted_at: null,
      hard_end: null,
      starts_at: null,
      ends_at: null,
      stopped_at: null,
      over_at: null,
      removal_confirmed_at: null,
      excess_seconds: null,
      covered_by: null,
      session_minutes: null,
      extends_grant_id: grant.extendsGrantId,
    })
    .execute()
  return { keyId }
}

export async function ensureLedgerKey(change: Change, key: Key): Promise<number> {
  const { tx, at } = change
  await tx
    .insertInto('ledger_key')
    .values({
      user_id: key.userId,
      account_id: key.accountId,
      permission_set_arn: key.permissionSetArn,
      absent_seen_at: null,
      confirmed_at: null,
      watched_until: null,
      watched_since: null,
      next_look_at: null,
      not_before: null,
      last_error: null,
      late_alarm_at: null,
      next_at: null,
      updated_at: at,
    })
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'account_id', 'permission_set_arn']).doNothing(),
    )
    .execute()
  const row = await tx
    .selectFrom('ledger_key')
    .select('key_id')
    .where('user_id', '=', key.userId)
    .where('account_id', '=', key.accountId)
    .where('permission_set_arn', '=', key.permissionSetArn)
    .executeTakeFirstOrThrow()
  return row.key_id
}

/** From this moment the access is not wanted any more; the engine takes it away. */
export async function stopGrant(change: Change, requestId: RequestId): Promise<void> {
  await change.tx
    .updateTable('access_grant')
    .set({ stopped_at: change.at })
    .where('request_id', '=', requestId)
    .execute()
}

/** It was never started, so there is nothing to take away. */
export async function closeUnstartedGrant(change: Change, requestId: RequestId): Promise<void> {
  await change.tx
    .updateTable('access_grant')
    .set({ stopped_at: change.at, over_at: change.at })
    .where('request_id', '=', requestId)
    .execute()
}

/**
 * It is over, and what stands in AWS was handed over instead of removed. If it should have been
 * gone before, the excess is counted up to this moment.
 */
export async function handOverGrant(change: Change, requestId: RequestId): Promise<void> {
  const { at, tx } = change
  await sql`
    update access_grant g set
      over_at = ${at},
      excess_seconds = greatest(0, extract(epoch from
        ${at}::timestamptz - least(${at}::timestamptz, g.stopped_at, g.ends_at))),
      stopped_at = coalesce(g.stopped_at, ${at}),
      use_due_at = ${dueOfUse({ goneAt: at, goesOn: true })}
    where g.request_id = ${requestId}`.execute(tx)
}
