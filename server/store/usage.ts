/** Used against granted: what was granted in a time, by permission set, person or account. */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { UsageLine } from '#contract/audit.ts'
import type { Schema } from './schema.ts'

export type UsageBy = 'set' | 'person' | 'account'

export interface UsageAsked {
  readonly by: UsageBy
  /** Requests made from then on, and before then. */
  readonly from: Date
  readonly to: Date
  readonly now: Date
  readonly limit: number
  readonly after: { readonly grantedMinutes: number; readonly id: string } | null
}

const columns: Record<UsageBy, { id: RawBuilder<string>; name: RawBuilder<string> }> = {
  set: { id: sql`r.permission_set_arn`, name: sql`r.permission_set_name` },
  person: { id: sql`r.requester_id`, name: sql`r.requester_user_name` },
  account: { id: sql`r.account_id`, name: sql`r.account_name` },
}

/** Most granted first; one more than the limit, so that the caller knows of more. */
export async function listUsage(db: Kysely<Schema>, asked: UsageAsked): Promise<UsageLine[]> {
  const { by, from, to, now, limit, after } = asked
  const { id, name } = columns[by]
  const below =
    after === null
      ? sql`true`
      : sql`(sum(r.duration_minutes), ${id}) < (${after.grantedMinutes}::bigint, ${after.id})`
  const { rows } = await sql<UsageRow>`
    select ${id} as id, (array_agg(${name} order by r.created_at desc))[1] as name,
      count(*) as grants, sum(r.duration_minutes) as granted_minutes,
      coalesce(sum(extract(epoch from
        greatest(coalesce(g.over_at, ${now}) - coalesce(g.starts_at, g.granted_at), interval '0'))
      ) filter (where g.granted_at is not null), 0)::text as active_seconds,
      count(g.use_summary) as recorded,
      count(*) filter (where g.use_summary -> 'services' = '[]'::jsonb) as unused,
      array(select distinct one ->> 'service' from unnest(array_agg(g.use_summary)) as summary,
        jsonb_array_elements(summary -> 'services') as one order by 1) as services
    from request r join access_grant g on g.request_id = r.request_id
    where r.created_at >= ${from} and r.created_at < ${to}
    group by ${id} having ${below}
    order by sum(r.duration_minutes) desc, ${id} desc
    limit ${limit + 1}`.execute(db)
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    grants: row.grants,
    grantedMinutes: row.granted_minutes,
    activeMinutes: Math.round(Number(row.active_seconds) / 60),
    recorded: row.recorded,
    // Nothing recorded is not the same as nothing used.
    servicesUsed: row.recorded === 0 ? null : row.services,
    neverUsed: row.recorded === 0 ? null : row.unused,
  }))
}

interface UsageRow {
  readonly id: string
  readonly name: string
  readonly grants: number
  readonly granted_minutes: number
  readonly active_seconds: string
  readonly recorded: number
  readonly unused: number
  readonly services: string[]
}
