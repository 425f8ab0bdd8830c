/**
 * Everybody the directory knows, with their groups, kept until `directory_version` says that it
 * changed. Read when somebody asks about all people at once, and not before; those who ask while it
 * is read share the reading.
 */
import { type Kysely, sql } from 'kysely'
import type { Person } from '#core/facts.ts'
import type { GroupId } from '#core/ids.ts'
import { numberPeople, type People } from '#core/people.ts'
import type { Schema } from './schema.ts'

export interface DirectoryPeople {
  load(db: Kysely<Schema>): Promise<People>
}

export function createDirectoryPeople(): DirectoryPeople {
  let kept: { version: number; people: Promise<People> } | null = null
  return {
    async load(db) {
      // Before the people are read: what is kept may be newer than its number, never older.
      const { version } = await db
        .selectFrom('directory_version')
        .select('version')
        .executeTakeFirstOrThrow()
      if (kept?.version === version) return kept.people
      const mine = { version, people: readPeople(db) }
      kept = mine
      mine.people.catch(() => {
        if (kept === mine) kept = null
      })
      return mine.people
    },
  }
}

async function readPeople(db: Kysely<Schema>): Promise<People> {
  const { rows } = await sql<Omit<Person, 'groupIds'> & { groupIds: GroupId[] | null }>`
    select u.user_id as "userId", u.user_name as "userName", u.display_name as "displayName",
           u.email, u.enabled, m.group_ids as "groupIds"
    from directory_user u
    left join (select user_id, array_agg(group_id) as group_ids
               from directory_membership group by user_id) m using (user_id)
    where u.gone_at is null`.execute(db)
  return numberPeople(rows.map((row) => ({ ...row, groupIds: new Set(row.groupIds) })))
}

/** Names of every group, gone ones too; an unknown id is its own name. */
export async function groupNames(db: Kysely<Schema>): Promise<(groupId: GroupId) => string> {
  const rows = await db.selectFrom('directory_group').select(['group_id', 'display_name']).execute()
  const names = new Map<string, string>(rows.map((row) => [row.group_id, row.display_name]))
  return (groupId) => names.get(groupId) ?? groupId
}
