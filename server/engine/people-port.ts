/** What may be asked of the Identity Store about single people; `server/aws/` answers it. */
import type { GroupId, UserId } from '#core/ids.ts'
import type { PersonReading } from '#server/store/directory-person.ts'

export type { PersonReading } from '#server/store/directory-person.ts'
export type { UserRead } from '#server/store/directory-snapshot.ts'

/** Everything here throws when AWS could not be asked or did not answer the question. */
export interface People {
  /** Null: nobody has this user name. */
  findUserId(userName: string): Promise<UserId | null>
  /** Status and all memberships. */
  readPerson(userId: UserId): Promise<PersonReading>
  /** Which of the groups each person is in; somebody unknown is in none. */
  areMembers(
    userIds: readonly UserId[],
    groupIds: readonly GroupId[],
  ): Promise<ReadonlyMap<UserId, ReadonlySet<GroupId>>>
}
