/** What an approver would want to know of a request, counted from those before it. */
import { type Kysely, sql } from 'kysely'
import type { RequestId } from '#core/ids.ts'
import { type PermissionSetPolicies, type PolicyColumns, policiesOf } from './directory-contents.ts'
import { preparedOnce } from './prepared.ts'
import type { Schema } from './schema.ts'

export interface StoredHints {
  readonly firstTime: boolean
  readonly askedLately: number
  readonly grantedLately: number
  /** Null: too few were granted to speak of a habit. */
  readonly usualMinutes: number | null
  readonly sameWords: boolean
  /** What the permission set consists of; null: not read. */
  readonly contents: PermissionSetPolicies | null
}

const lately = sql.lit('30 days')
const habitLooksAt = 10
const habitMin = 3

/**
 * One query, however many there are. Each looks at one person's requests for one target by the
 * index `request_asked_before`; extensions prolong what was asked for and are not counted.
 */
export async function loadHints(
  db: Kysely<Schema>,
  ids: readonly RequestId[],
): Promise<ReadonlyMap<string, StoredHints>> {
  if (ids.length === 0) return new Map()
  const rows = await hintRows(db, ids)
  return new Map(
    rows.map((row) => [
      row.request_id,
      {
        firstTime: row.is_first,
        askedLately: row.asked,
        grantedLately: row.granted,
        usualMinutes: row.usual,
        sameWords: row.words !== '' && row.words === row.last_words,
        contents: policiesOf(row),
      },
    ]),
  )
}

/** Of a submission before this one: what is asked for together is one occasion. */
const sameAsked = sql<boolean>`p.requester_id = r.requester_id and p.target_id = r.target_id
  and p.created_at < r.created_at and p.extends_request_id is null`

/** Width and case make no difference, as in a search. */
function words(table: 'p' | 'r') {
  return sql<string>`lower(normalize(${sql.ref(`${table}.justification`)}, nfkc))`
}

interface HintRow extends PolicyColumns {
  readonly request_id: string
  readonly asked: number
  readonly granted: number
  readonly usual: number | null
  readonly last_words: string | null
  readonly words: string
  readonly is_first: boolean
}

const hintRows = preparedOnce(
  (_db, ids: readonly RequestId[]) => sql<HintRow>`
    select r.request_id, recent.asked, recent.granted, habit.usual,
           last.words as last_words, ${words('r')} as words,
           last.words is null as is_first,
           s.managed_policies, s.customer_managed_policies, s.has_inline_policy
    from request r
    left join directory_permission_set s on s.permission_set_arn = r.permission_set_arn
    cross join lateral (
      select count(*)::int as asked, count(g.request_id)::int as granted
      from request p left join access_grant g on g.request_id = p.request_id
      where ${sameAsked} and p.created_at >= r.created_at - interval ${lately}
    ) recent
    cross join lateral (
      select case when count(*) >= ${sql.lit(habitMin)}
             then percentile_disc(0.5) within group (order by h.duration_minutes) end as usual
      from (
        select p.duration_minutes from request p
        where ${sameAsked} and exists (select from access_grant g where g.request_id = p.request_id)
        order by p.created_at desc limit ${sql.lit(habitLooksAt)}
      ) h
    ) habit
    left join lateral (
      select ${words('p')} as words from request p
      where ${sameAsked} order by p.created_at desc limit 1
    ) last on true
    where r.request_id = any(${ids}::uuid[])`,
)

/** The newest first: what the same person asked for on the same target before this one. */
export async function earlierRequestIds(
  db: Kysely<Schema>,
  id: RequestId,
  limit: number,
): Promise<RequestId[]> {
  const { rows } = await sql<{ request_id: string }>`
    select p.request_id from request r
    join request p on p.requester_id = r.requester_id and p.target_id = r.target_id
      and p.created_at < r.created_at
    where r.request_id = ${id}
    order by p.created_at desc, p.request_id desc
    limit ${limit}`.execute(db)
  return rows.map((row) => row.request_id as RequestId)
}
