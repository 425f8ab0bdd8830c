/**
 * Lists of the replica for people who administer: by name, then id, from after a given place on, and
 * one more than the limit, which tells whether there is a next page. `q` matches beginnings of names
 * and ids, whatever the case. What is gone is not listed.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type {
  DirectoryAccount,
  DirectoryGroup,
  DirectoryOu,
  DirectoryPermissionSet,
  DirectoryUser,
} from '#contract/directory.ts'
import type { Schema } from './schema.ts'

export interface DirectoryListQuery {
  readonly q?: string | undefined
  readonly limit: number
  readonly after: Place | null
}

/** Name as sorted, and id. */
export type Place = readonly [string, string]

export interface Placed<Item> {
  readonly place: Place
  readonly item: Item
}

interface SortColumns {
  readonly id: string
  readonly sortName: string
}

interface Listed<Row> {
  readonly table: string
  readonly id: string
  readonly name: string
  /** Columns whose beginnings `q` is held against, beside name and id. */
  readonly alsoSearched?: readonly string[]
  readonly columns: RawBuilder<Row>
}

async function list<Row extends object, Item>(
  db: Kysely<Schema>,
  listed: Listed<Row>,
  query: DirectoryListQuery,
  itemOf: (row: Row) => Item,
): Promise<Placed<Item>[]> {
  const sortName = sql`lower(t.${sql.ref(listed.name)}) collate "C"`
  const id = sql`t.${sql.ref(listed.id)} collate "C"`
  const { after } = query
  // The page first, then its columns: some of them count, which is not to be done for every row.
  const { rows } = await sql<{ at: SortColumns; row: Row }>`
    with page as materialized (
      select t.*, ${sortName} as sort_name, ${id} as sort_id
      from ${sql.table(listed.table)} t
      where t.gone_at is null and ${matches(listed, query.q)}
        and ${after === null ? sql`true` : sql`(${sortName}, ${id}) > (${after[0]}, ${after[1]})`}
      order by sort_name, sort_id
      limit ${query.limit + 1}
    )
    select json_build_object('id', t.sort_id, 'sortName', t.sort_name) as at, to_json(r) as row
    from page t, lateral (select ${listed.columns}) r
    order by t.sort_name, t.sort_id`.execute(db)
  return rows.map(({ at, row }) => ({ place: [at.sortName, at.id], item: itemOf(row) }))
}

const asItIs = <Row>(row: Row): Row => row

function matches<Row>(listed: Listed<Row>, q: string | undefined): RawBuilder<unknown> {
  const text = q?.trim().toLowerCase() ?? ''
  if (text === '') return sql`true`
  const columns = [listed.name, listed.id, ...(listed.alsoSearched ?? [])]
  const tests = columns.map((column) => sql`starts_with(lower(t.${sql.ref(column)}), ${text})`)
  return sql`(${sql.join(tests, sql` or `)})`
}

export function listUsers(
  db: Kysely<Schema>,
  query: DirectoryListQuery,
): Promise<Placed<DirectoryUser>[]> {
  const columns = sql<DirectoryUser>`
    t.user_id as "userId", t.user_name as "userName", t.display_name as "displayName",
    t.email, t.enabled`
  const listed = {
    table: 'directory_user',
    id: 'user_id',
    name: 'user_name',
    alsoSearched: ['display_name', 'email'],
    columns,
  }
  return list(db, listed, query, asItIs)
}

export function listGroups(
  db: Kysely<Schema>,
  query: DirectoryListQuery,
): Promise<Placed<DirectoryGroup>[]> {
  const columns = sql<DirectoryGroup>`
    t.group_id as "groupId", t.display_name as "displayName",
    (select count(*) from directory_membership m
      join directory_user u on u.user_id = m.user_id and u.gone_at is null
      where m.group_id = t.group_id) as "memberCount"`
  const listed = { table: 'directory_group', id: 'group_id', name: 'display_name', columns }
  return list(db, listed, query, asItIs)
}

/** Names of the OUs on the way, from the root; an OU that is gone keeps its name. */
const namesOnPath = (path: string) => sql`
  array(select coalesce(o.name, way.id)
    from unnest(t.${sql.ref(path)}) with ordinality as way(id, place)
    left join directory_ou o on o.ou_id = way.id order by way.place)`

export function listAccounts(
  db: Kysely<Schema>,
  query: DirectoryListQuery,
): Promise<Placed<DirectoryAccount>[]> {
  type Row = Omit<DirectoryAccount, 'offered' | 'notOfferedWhy'> & { isManagement: boolean }
  const columns = sql<Row>`
    t.account_id as "accountId", t.name, t.state, t.is_management as "isManagement",
    ${namesOnPath('ou_path')} as "ouPath"`
  const listed = { table: 'directory_account', id: 'account_id', name: 'name', columns }
  return list(db, listed, query, ({ isManagement, ...row }) => {
    const notActive = row.state === 'ACTIVE' ? null : ('account_not_active' as const)
    const notOfferedWhy = isManagement ? ('management_account' as const) : notActive
    return { ...row, offered: notOfferedWhy === null, notOfferedWhy }
  })
}

export function listOus(
  db: Kysely<Schema>,
  query: DirectoryListQuery,
): Promise<Placed<DirectoryOu>[]> {
  const columns = sql<DirectoryOu>`
    t.ou_id as id, t.name, t.parent_id as "parentId", ${namesOnPath('path')} as path,
    (select count(*) from directory_account a
      where a.gone_at is null and a.state = 'ACTIVE'
        and t.ou_id = any(a.ou_path)) as "accountCount"`
  const listed = { table: 'directory_ou', id: 'ou_id', name: 'name', columns }
  return list(db, listed, query, asItIs)
}

export function listPermissionSets(
  db: Kysely<Schema>,
  query: DirectoryListQuery,
): Promise<Placed<DirectoryPermissionSet>[]> {
  type Row = Omit<DirectoryPermissionSet, 'offered' | 'notOfferedWhy'> & {
    inManagementAccount: boolean
  }
  const columns = sql<Row>`
    t.permission_set_arn as "permissionSetArn", t.name, t.description, t.level,
    t.session_minutes as "sessionMinutes", t.in_management_account as "inManagementAccount"`
  const listed = {
    table: 'directory_permission_set',
    id: 'permission_set_arn',
    name: 'name',
    columns,
  }
  return list(db, listed, query, ({ inManagementAccount, ...row }) => ({
    ...row,
    offered: !inManagementAccount,
    notOfferedWhy: inManagementAccount ? ('in_management_account' as const) : null,
  }))
}
