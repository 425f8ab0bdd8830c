/** Assignments on targets that TEAM manages and that its ledger does not hold, for showing. */
import { type Kysely, sql } from 'kysely'
import type { Schema } from './schema.ts'

export interface Drift {
  readonly principalType: 'USER' | 'GROUP'
  readonly principalId: string
  readonly userName: string | null
  readonly displayName: string
  readonly accountId: string
  readonly accountName: string
  readonly permissionSetArn: string
  readonly permissionSetName: string
  readonly firstSeenAt: Date
  readonly lastSeenAt: Date
}

/** When it was first seen, account, permission set, principal. */
export type DriftPlace = readonly [string, string, string, string]

export const driftPlace = (one: Drift): DriftPlace => [
  one.firstSeenAt.toISOString(),
  one.accountId,
  one.permissionSetArn,
  one.principalId,
]

/** Newest first; one more than the limit. */
export async function listDrift(
  db: Kysely<Schema>,
  { limit, after }: { readonly limit: number; readonly after: DriftPlace | null },
): Promise<Drift[]> {
  const [seen, account, arn, principal] = after ?? [null, '', '', '']
  // As a date: of a year that PostgreSQL writes otherwise, such as 0, it would not take the text.
  const seenAt = seen === null ? null : new Date(seen)
  const { rows } = await sql<Drift>`
    select d.principal_type as "principalType", d.principal_id as "principalId",
      u.user_name as "userName", coalesce(u.display_name, g.display_name, d.principal_id)
        as "displayName",
      d.account_id as "accountId", coalesce(a.name, d.account_id) as "accountName",
      d.permission_set_arn as "permissionSetArn",
      coalesce(p.name, d.permission_set_arn) as "permissionSetName",
      d.first_seen_at as "firstSeenAt", d.last_seen_at as "lastSeenAt"
    from drift d
    left join directory_user u on d.principal_type = 'USER' and u.user_id = d.principal_id
    left join directory_group g on d.principal_type = 'GROUP' and g.group_id = d.principal_id
    left join directory_account a on a.account_id = d.account_id
    left join directory_permission_set p on p.permission_set_arn = d.permission_set_arn
    where ${after === null} or d.first_seen_at < ${seenAt}::timestamptz
      or (d.first_seen_at = ${seenAt}::timestamptz
        and (d.account_id, d.permission_set_arn, d.principal_id)
          > (${account}, ${arn}, ${principal}))
    order by d.first_seen_at desc, d.account_id, d.permission_set_arn, d.principal_id
    limit ${limit + 1}`.execute(db)
  return rows
}

export async function countDrift(db: Kysely<Schema>): Promise<number> {
  const row = await db
    .selectFrom('drift')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return row.n
}
