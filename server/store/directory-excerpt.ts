/** The part of the replica that a page of policies names: for showing names and for warnings. */
import { type Kysely, sql } from 'kysely'
import type { GroupId, OuId, UserId } from '#core/ids.ts'
import type { Schema } from './schema.ts'

export interface NamedIds {
  readonly userIds: Iterable<UserId>
  readonly groupIds: Iterable<GroupId>
  readonly ouIds: Iterable<OuId>
}

/** Only what AWS still knows; names are of gone things too. */
export interface DirectoryExcerpt {
  readonly users: ReadonlyMap<UserId, { readonly enabled: boolean }>
  readonly groupIds: ReadonlySet<GroupId>
  readonly ouIds: ReadonlySet<OuId>
  /** Of each group at most `membersMax`: enough to tell empty from not, and a quorum from none. */
  readonly enabledMembers: ReadonlyMap<GroupId, ReadonlySet<UserId>>
  nameOf(id: string): string | null
}

/** One more than the largest number of approvals that a policy can ask for. */
const membersMax = 6

export async function loadExcerpt(db: Kysely<Schema>, ids: NamedIds): Promise<DirectoryExcerpt> {
  const userIds = [...new Set(ids.userIds)]
  const groupIds = [...new Set(ids.groupIds)]
  const ouIds = [...new Set(ids.ouIds)]
  // One after another: a transaction is one connection.
  const users = await db
    .selectFrom('directory_user')
    .select(['user_id', 'display_name', 'enabled', 'gone_at'])
    .where('user_id', '=', anyOf(userIds))
    .execute()
  const groups = await db
    .selectFrom('directory_group')
    .select(['group_id', 'display_name', 'gone_at'])
    .where('group_id', '=', anyOf(groupIds))
    .execute()
  const ous = await db
    .selectFrom('directory_ou')
    .select(['ou_id', 'gone_at'])
    .where('ou_id', '=', anyOf(ouIds))
    .execute()
  const members = await readSomeMembers(db, groupIds)
  const names = new Map([
    ...users.map((row) => [row.user_id, row.display_name] as const),
    ...groups.map((row) => [row.group_id, row.display_name] as const),
  ])
  const known = <Row extends { gone_at: Date | null }>(rows: readonly Row[]) =>
    rows.filter((row) => row.gone_at === null)
  return {
    users: new Map(
      known(users).map((row) => [row.user_id as UserId, { enabled: row.enabled }] as const),
    ),
    groupIds: new Set(known(groups).map((row) => row.group_id as GroupId)),
    ouIds: new Set(known(ous).map((row) => row.ou_id as OuId)),
    enabledMembers: members,
    nameOf: (id) => names.get(id) ?? null,
  }
}

function anyOf(ids: readonly string[]) {
  return sql<string>`any(${[...ids]}::text[])`
}

async function readSomeMembers(db: Kysely<Schema>, groupIds: readonly GroupId[]) {
  const { rows } = await sql<{ group_id: GroupId; user_id: UserId }>`
    select g.group_id, member.user_id
    from unnest(${[...groupIds]}::text[]) as g(group_id)
    cross join lateral (
      select m.user_id from directory_membership m
      join directory_user u using (user_id)
      where m.group_id = g.group_id and u.enabled and u.gone_at is null
      limit ${membersMax}
    ) as member`.execute(db)
  const members = new Map<GroupId, Set<UserId>>()
  for (const { group_id, user_id } of rows) {
    const set = members.get(group_id) ?? new Set()
    set.add(user_id)
    members.set(group_id, set)
  }
  return members
}
