import { type Kysely, type Selectable, sql } from 'kysely'
import type { Person } from '#core/facts.ts'
import type { GroupId, UserId } from '#core/ids.ts'
import { preparedOnce } from './prepared.ts'
import type { DirectoryUserTable, Schema } from './schema.ts'

export interface PersonInReplica extends Person {
  /** When AWS was last asked about this person; older by 60 s, it is asked again before a write. */
  readonly readAt: Date
}

/** Of a person in a statement's row; whoever is not in the replica has none of it. */
export const personColumns = [
  'u.user_name',
  'u.display_name',
  'u.email',
  'u.enabled',
  'u.read_at',
  'u.gone_at',
  sql<string[] | null>`(select coalesce(array_agg(m.group_id), '{}') from directory_membership m
    where m.user_id = u.user_id)`.as('groupIds'),
] as const

export function personFromRow(userId: UserId, row: PersonRow): PersonInReplica {
  return {
    userId,
    userName: row.user_name,
    displayName: row.display_name,
    email: row.email,
    enabled: row.enabled && row.gone_at === null,
    groupIds: new Set(row.groupIds as GroupId[] | null),
    readAt: row.read_at,
  }
}

type PersonRow = Pick<
  Selectable<DirectoryUserTable>,
  'user_name' | 'display_name' | 'email' | 'enabled' | 'read_at' | 'gone_at'
> & { readonly groupIds: string[] | null }

/** From the replica, with their groups. Somebody whom AWS no longer knows is there, disabled. */
export async function loadPeople(
  db: Kysely<Schema>,
  userIds: readonly UserId[],
): Promise<Map<UserId, PersonInReplica>> {
  const rows = await peopleRows(db, userIds)
  return new Map(
    rows.map((row) => {
      const userId = row.user_id as UserId
      return [userId, personFromRow(userId, row)]
    }),
  )
}

const peopleRows = preparedOnce((db, userIds: readonly UserId[]) =>
  db
    .selectFrom('directory_user as u')
    .select(['u.user_id', ...personColumns])
    .where('u.user_id', '=', sql<string>`any(${userIds}::text[])`),
)

export async function loadPerson(
  db: Kysely<Schema>,
  userId: UserId,
): Promise<PersonInReplica | null> {
  return (await loadPeople(db, [userId])).get(userId) ?? null
}

export interface PlaceAmongPeople {
  readonly sortName: string
  readonly userId: UserId
}

/** By name; one more than asked for, so that the caller knows of more. */
export async function pageOfPeople(
  db: Kysely<Schema>,
  userIds: readonly UserId[],
  page: {
    readonly limit: number
    readonly after: { readonly sortName: string; readonly userId: string } | null
  },
): Promise<PlaceAmongPeople[]> {
  const after =
    page.after === null
      ? sql`true`
      : sql`(lower(display_name) collate "C", user_id collate "C")
          > (${page.after.sortName}, ${page.after.userId})`
  const { rows } = await sql<PlaceAmongPeople>`
    select lower(display_name) as "sortName", user_id as "userId" from directory_user
    where user_id = any(${[...userIds]}::text[]) and ${after}
    order by lower(display_name) collate "C", user_id collate "C"
    limit ${page.limit + 1}`.execute(db)
  return rows
}

/** For showing: a name for each id, of people who have gone too. An unknown id is its own name. */
export async function namesOfUsers(
  db: Kysely<Schema>,
  userIds: Iterable<string>,
): Promise<(userId: string) => string> {
  const rows = await db
    .selectFrom('directory_user')
    .select(['user_id', 'user_name'])
    .where('user_id', '=', sql<string>`any(${[...new Set(userIds)]}::text[])`)
    .execute()
  const names = new Map(rows.map((row) => [row.user_id, row.user_name]))
  return (userId) => names.get(userId) ?? userId
}

export interface DescribedUser {
  readonly userId: string
  readonly userName: string
  readonly displayName: string
}

/** The same with the name that people are known by. */
export async function describeUsers(
  db: Kysely<Schema>,
  userIds: Iterable<string>,
): Promise<(userId: string) => DescribedUser> {
  const rows = await db
    .selectFrom('directory_user')
    .select(['user_id', 'user_name', 'display_name'])
    .where('user_id', '=', sql<string>`any(${[...new Set(userIds)]}::text[])`)
    .execute()
  const known = new Map(rows.map((row) => [row.user_id, row]))
  return (userId) => {
    const row = known.get(userId)
    return {
      userId,
      userName: row?.user_name ?? userId,
      displayName: row?.display_name ?? userId,
    }
  }
}
