/** Live targets that are to be listed again, and what is found on them that TEAM did not make. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { AccountId, PermissionSetArn, Target } from '#core/ids.ts'
import type { Schema } from './schema.ts'

type Db = Kysely<Schema> | Transaction<Schema>

export interface ObservationTimes {
  /** Keys not covered by a look since then are due. */
  readonly lookedBefore: Date
  /** The same for keys that the last look missed. */
  readonly missedBefore: Date
  /** A look later than this was written down before the clock was set back. */
  readonly writtenBefore: Date
}

export interface TargetToObserve {
  readonly target: Target
  readonly keyIds: readonly number[]
}

/** Targets of which some key is due, the longest unobserved first, with all their live keys. */
export async function targetsToObserve(
  db: Db,
  { lookedBefore, missedBefore, writtenBefore }: ObservationTimes,
  limit: number,
): Promise<TargetToObserve[]> {
  const { rows } = await sql<{ accountId: string; arn: string; keyIds: number[] }>`
    select account_id as "accountId", permission_set_arn as arn,
           array_agg(key_id order by key_id) as "keyIds"
    from ledger_key
    where held and presence = 'present' and watched_until is null
    group by account_id, permission_set_arn
    having bool_or(
      greatest(observed_at, confirmed_at) <= ${lookedBefore}
      or greatest(observed_at, confirmed_at) > ${writtenBefore}
      or (missing_since is not null and observed_at <= ${missedBefore}))
    order by min(greatest(observed_at, confirmed_at)) nulls first
    limit ${limit}`.execute(db)
  return rows.map(({ accountId, arn, keyIds }) => ({
    // The ids in the ledger came from AWS.
    target: { accountId: accountId as AccountId, permissionSetArn: arn as PermissionSetArn },
    keyIds: keyIds.map(Number),
  }))
}

export interface Principal {
  readonly type: 'USER' | 'GROUP'
  readonly id: string
}

/** Answers the principals that are seen there for the first time. */
export async function replaceDrift(
  tx: Transaction<Schema>,
  target: Target,
  seen: { readonly principals: readonly Principal[]; readonly at: Date },
): Promise<Principal[]> {
  const { accountId, permissionSetArn } = target
  const known = await tx
    .selectFrom('drift')
    .select(['principal_type', 'principal_id'])
    .where('account_id', '=', accountId)
    .where('permission_set_arn', '=', permissionSetArn)
    .execute()
  const idsKnown = new Set(known.map((row) => row.principal_id))
  const idsSeen = seen.principals.map((one) => one.id)
  await tx
    .deleteFrom('drift')
    .where('account_id', '=', accountId)
    .where('permission_set_arn', '=', permissionSetArn)
    .where('principal_id', '<>', sql<string>`all(${idsSeen}::text[])`)
    .execute()
  if (seen.principals.length > 0) {
    await tx
      .insertInto('drift')
      .values(
        seen.principals.map(({ type, id }) => ({
          account_id: accountId,
          permission_set_arn: permissionSetArn,
          principal_type: type,
          principal_id: id,
          first_seen_at: seen.at,
          last_seen_at: seen.at,
        })),
      )
      .onConflict((conflict) =>
        conflict.constraint('one_row_an_assignment').doUpdateSet({ last_seen_at: seen.at }),
      )
      .execute()
  }
  return seen.principals.filter((one) => !idsKnown.has(one.id))
}

/** Of these people, those whose assignment on the target the ledger holds, or has just removed. */
export async function ownUsers(
  db: Db,
  target: Target,
  { userIds, removedAfter }: { userIds: readonly string[]; removedAfter: Date },
): Promise<Set<string>> {
  const rows = await db
    .selectFrom('ledger_key')
    .select('user_id')
    .where('account_id', '=', target.accountId)
    .where('permission_set_arn', '=', target.permissionSetArn)
    .where('user_id', '=', sql<string>`any(${[...userIds]}::text[])`)
    .where((eb) => eb.or([eb('held', '=', true), eb('confirmed_at', '>', removedAfter)]))
    .execute()
  return new Set(rows.map((row) => row.user_id))
}
