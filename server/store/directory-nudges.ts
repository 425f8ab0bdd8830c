import { sql } from 'kysely'
import type { Change } from './change.ts'

export interface Touched {
  readonly userIds: readonly string[]
  readonly accountIds: readonly string[]
  readonly permissionSetArns: readonly string[]
}

/** The engine looks at once at every grant that is not over and that this may concern. */
export async function nudgeKeys(c: Change, touched: Touched): Promise<void> {
  const { userIds, accountIds, permissionSetArns } = touched
  if (userIds.length + accountIds.length + permissionSetArns.length === 0) return
  const { rows } = await sql<{ key_id: number }>`
    select distinct k.key_id from ledger_key k
      join access_grant g on g.key_id = k.key_id and g.over_at is null
    where k.user_id = any(${unique(userIds)}::text[])
       or k.account_id = any(${unique(accountIds)}::text[])
       or k.permission_set_arn = any(${unique(permissionSetArns)}::text[])
    order by k.key_id`.execute(c.tx)
  if (rows.length > 0) await c.nudge(rows.map((row) => row.key_id))
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)]
}
