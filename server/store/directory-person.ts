/** One person, read by themselves, into the replica; newer than whatever a refresh began before. */
import { type Kysely, sql } from 'kysely'
import type { GroupId, UserId } from '#core/ids.ts'
import { type Change, change } from './change.ts'
import { lockReplica, raiseVersion } from './directory.ts'
import { nudgeKeys } from './directory-nudges.ts'
import { forgetTimesToCome, writeMemberships, writeUsers } from './directory-rows.ts'
import type { UserRead } from './directory-snapshot.ts'
import type { Schema } from './schema.ts'

export type PersonReading =
  | { readonly kind: 'read'; readonly user: UserRead; readonly groupIds: ReadonlySet<GroupId> }
  | { readonly kind: 'gone' }

export interface PersonOrder {
  readonly userId: UserId
  readonly reading: PersonReading
  /** Before AWS was asked. */
  readonly readAt: Date
}

/** True if the replica changed; false if it said so already, or knows something newer. */
export function applyPerson(db: Kysely<Schema>, at: Date, order: PersonOrder): Promise<boolean> {
  return change(db, at, async (c) => {
    const { userId, reading, readAt } = order
    await lockReplica(c.tx)
    const old = await loadOld(c, userId)
    const isNewer = old !== null && old.readAt > readAt
    if (isNewer && old.readAt <= at) return false
    if (isNewer) await forgetTimesToCome(c.tx, { at, readAt, userId })
    if (reading.kind === 'gone') {
      if (old === null) return false
      // Known to be gone already: it has been confirmed once more, which a decision asks for.
      await c.tx
        .updateTable('directory_user')
        .set({ read_at: readAt, ...(!old.gone && { gone_at: at, enabled: false }) })
        .where('user_id', '=', userId)
        .execute()
      if (old.gone) return false
      await c.tx.deleteFrom('directory_membership').where('user_id', '=', userId).execute()
    } else {
      await writeUsers(c.tx, [{ ...reading.user, userId }], readAt)
      await writeGroupsOf(c, { userId, groupIds: reading.groupIds, readAt })
      if (old !== null && !differs(old, reading)) return false
    }
    await raiseVersion(c.tx)
    await nudgeKeys(c, { userIds: [userId], accountIds: [], permissionSetArns: [] })
    c.changed('person', userId)
    return true
  })
}

interface OldPerson extends Omit<UserRead, 'userId'> {
  readonly groupIds: ReadonlySet<string>
  readonly readAt: Date
  readonly gone: boolean
}

async function loadOld(c: Change, userId: UserId): Promise<OldPerson | null> {
  const row = await c.tx
    .selectFrom('directory_user')
    .selectAll()
    .where('user_id', '=', userId)
    .executeTakeFirst()
  if (!row) return null
  const groups = await c.tx
    .selectFrom('directory_membership')
    .select('group_id')
    .where('user_id', '=', userId)
    .execute()
  return {
    userName: row.user_name,
    displayName: row.display_name,
    email: row.email,
    enabled: row.enabled,
    groupIds: new Set(groups.map((group) => group.group_id)),
    readAt: row.read_at,
    gone: row.gone_at !== null,
  }
}

function differs(old: OldPerson, { user, groupIds }: PersonReading & { kind: 'read' }): boolean {
  return (
    old.gone ||
    old.enabled !== user.enabled ||
    old.userName !== user.userName ||
    old.displayName !== user.displayName ||
    old.email !== user.email ||
    old.groupIds.symmetricDifference(groupIds).size > 0
  )
}

async function writeGroupsOf(
  c: Change,
  { userId, groupIds, readAt }: { userId: UserId; groupIds: ReadonlySet<GroupId>; readAt: Date },
): Promise<void> {
  const kept = sql<string>`all(${[...groupIds]}::text[])`
  await c.tx
    .deleteFrom('directory_membership')
    .where('user_id', '=', userId)
    .where('group_id', '!=', kept)
    .execute()
  const rows = [...groupIds].map((groupId) => ({ groupId, userId }))
  await writeMemberships(c.tx, rows, readAt)
}
