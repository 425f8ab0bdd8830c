/** People grouped by the policies they stand under, counted by PostgreSQL: core/eligibility-preview.ts. */
import { type Kysely, sql } from 'kysely'
import type { PeopleClass } from '#core/eligibility-preview.ts'
import type { UserId } from '#core/ids.ts'
import type { SubjectKey } from '#core/policy-index.ts'
import type { Schema } from './schema.ts'

export interface CountedClass extends PeopleClass {
  /** The first of them by id. */
  readonly userIds: readonly UserId[]
}

export const classMembersShownMax = 5

export async function loadPeopleClasses(
  db: Kysely<Schema>,
  wanted: { readonly named: readonly SubjectKey[]; readonly others: Iterable<SubjectKey> },
): Promise<CountedClass[]> {
  const all = [...new Set([...wanted.named, ...wanted.others])]
  const { rows } = await sql<CountedClass>`
    with population as (
      select m.user_id from directory_membership m
        where m.group_id = any(${idsOf('group', wanted.named)}::text[])
      union
      select unnest(${idsOf('user', wanted.named)}::text[])
    ), standing as (
      select m.user_id, 'group ' || m.group_id as subject
        from population p join directory_membership m on m.user_id = p.user_id
        where m.group_id = any(${idsOf('group', all)}::text[])
      union all
      select p.user_id, 'user ' || p.user_id from population p
        where p.user_id = any(${idsOf('user', all)}::text[])
    ), person as (
      select s.user_id, array_agg(s.subject order by s.subject) as subjects
      from standing s join directory_user u on u.user_id = s.user_id
      where u.enabled and u.gone_at is null
      group by s.user_id
    )
    select subjects, count(*)::integer as count,
      (array_agg(user_id order by user_id))[1:${sql.lit(classMembersShownMax)}] as "userIds"
    from person group by subjects order by count(*) desc, subjects`.execute(db)
  return rows
}

function idsOf(type: 'user' | 'group', subjects: readonly SubjectKey[]): string[] {
  const prefix = `${type} `
  return subjects
    .filter((subject) => subject.startsWith(prefix))
    .map((subject) => subject.slice(prefix.length))
}
