import { type Kysely, sql } from 'kysely'
import type { Schema } from './schema.ts'

/** A name for each id of the directory, whatever it is of; of a membership, both ends. */
export async function namesOfThings(
  db: Kysely<Schema>,
  ids: readonly string[],
): Promise<(id: string) => string> {
  const wanted = [...new Set(ids.flatMap((id) => id.split(' ')))]
  const { rows } = await sql<{ id: string; name: string }>`
    select user_id as id, user_name as name from directory_user where user_id = any(${wanted})
    union all
    select group_id, display_name from directory_group where group_id = any(${wanted})
    union all
    select ou_id, name from directory_ou where ou_id = any(${wanted})
    union all
    select account_id, name from directory_account where account_id = any(${wanted})
    union all
    select permission_set_arn, name from directory_permission_set
      where permission_set_arn = any(${wanted})`.execute(db)
  const names = new Map(rows.map(({ id, name }) => [id, name]))
  const nameOf = (id: string) => names.get(id) ?? id
  return (id) => id.split(' ').map(nameOf).join(': ')
}
