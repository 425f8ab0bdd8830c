/** What TEAM knows of the organisation, as far as the sample's rows are held against it. */
import type { Kysely } from 'kysely'
import type { GroupId, UserId } from '#core/ids.ts'
import { type Rules, readEnabledMembers } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'

export interface KnownUser {
  readonly userId: UserId
  readonly userName: string
  readonly enabled: boolean
}

export interface Known {
  readonly rules: Rules
  readonly users: ReadonlyMap<string, KnownUser>
  /** By name in lower case, as the sample has them. */
  readonly userByName: ReadonlyMap<string, KnownUser>
  readonly groupNames: ReadonlyMap<string, string>
  /** Several groups may bear one name where a case is all that differs. */
  readonly groupsByName: ReadonlyMap<string, readonly GroupId[]>
  readonly ouNames: ReadonlyMap<string, string>
  readonly members: ReadonlyMap<GroupId, ReadonlySet<UserId>>
}

export async function loadKnown(db: Kysely<Schema>, rules: Rules): Promise<Known> {
  const users = await db
    .selectFrom('directory_user')
    .select(['user_id as userId', 'user_name as userName', 'enabled'])
    .where('gone_at', 'is', null)
    .execute()
  const groups = await db
    .selectFrom('directory_group')
    .select(['group_id', 'display_name'])
    .where('gone_at', 'is', null)
    .execute()
  const ous = await db
    .selectFrom('directory_ou')
    .select(['ou_id', 'name'])
    .where('gone_at', 'is', null)
    .execute()
  // The ids in the replica came from AWS, here and below.
  const known = users.map((user) => ({ ...user, userId: user.userId as UserId }))
  const idsByName = new Map<string, GroupId[]>()
  for (const { group_id, display_name } of groups) {
    const name = display_name.toLowerCase()
    idsByName.set(name, [...(idsByName.get(name) ?? []), group_id as GroupId])
  }
  return {
    rules,
    users: new Map(known.map((user) => [user.userId, user])),
    userByName: new Map(known.map((user) => [user.userName.toLowerCase(), user])),
    groupNames: new Map(groups.map((group) => [group.group_id, group.display_name])),
    groupsByName: idsByName,
    ouNames: new Map(ous.map((ou) => [ou.ou_id, ou.name])),
    members: await readEnabledMembers(db, [...idsByName.values()].flat()),
  }
}

/** Whom a policy with this subject is for; disabled people ask for nothing. */
export function peopleOf(
  { users, members }: Known,
  subject: { readonly type: 'user' | 'group'; readonly id: string },
): ReadonlySet<UserId> {
  if (subject.type === 'group') return members.get(subject.id as GroupId) ?? new Set()
  const user = users.get(subject.id)
  return new Set(user?.enabled ? [user.userId] : [])
}
