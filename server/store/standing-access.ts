/**
 * Who holds access now, as far as TEAM has seen: standing assignments as looks at targets showed
 * them, and what TEAM's own ledger holds. Nothing here asks AWS; each row says when AWS showed it.
 *
 * A look at a target is out of date where a later reading of the account no longer found the set
 * provisioned there: nobody can hold it then. What the observation of live targets has seen since is
 * taken in. A direct assignment of a key that TEAM's ledger holds, or that TEAM has just removed, is
 * TEAM's own, as in `look-at-target.ts`.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { AccountId, GroupId, PermissionSetArn, RequestId, UserId } from '#core/ids.ts'
import type { RequestState } from '#core/request.ts'
import type { Schema } from './schema.ts'

export type Principal =
  | { readonly type: 'USER'; readonly id: UserId }
  | { readonly type: 'GROUP'; readonly id: GroupId }

export interface Sighting {
  readonly accountId: AccountId
  readonly permissionSetArn: PermissionSetArn
  readonly principal: Principal
  readonly seenAt: Date
}

const removalMsMax = 60_000

function selectSightings(
  looks: RawBuilder<boolean>,
  drift: RawBuilder<boolean>,
  principals: RawBuilder<boolean>,
): RawBuilder<{ accountId: string; arn: string; type: 'USER' | 'GROUP'; id: string; at: Date }> {
  return sql`
    with look as (
      select t.* from target_look t
      left join account_reading r on r.account_id = t.account_id
      where ${looks} and (r.read_at is null or r.read_at <= t.looked_at
        or t.permission_set_arn = any(r.permission_set_arns))
    ), seen as (
      select account_id, permission_set_arn, 'USER' as type, unnest(user_ids) as id, looked_at as at
        from look
      union all
      select account_id, permission_set_arn, 'GROUP', unnest(group_ids), looked_at from look
      union all
      select d.account_id, d.permission_set_arn, d.principal_type, d.principal_id, d.last_seen_at
        from drift d
        left join target_look t on t.account_id = d.account_id
          and t.permission_set_arn = d.permission_set_arn
        where ${drift} and (t.looked_at is null or t.looked_at < d.last_seen_at)
    )
    select distinct on (s.account_id, s.permission_set_arn, s.type, s.id)
      s.account_id as "accountId", s.permission_set_arn as arn, s.type, s.id, s.at
    from seen s
    left join ledger_key k on s.type = 'USER' and k.user_id = s.id
      and k.account_id = s.account_id and k.permission_set_arn = s.permission_set_arn
    where ${principals} and (k.key_id is null or (not k.held and k.presence = 'absent'
      and (k.confirmed_at is null
        or k.confirmed_at <= s.at - make_interval(secs => ${removalMsMax / 1000}::float8))))
    order by s.account_id, s.permission_set_arn, s.type, s.id, s.at desc`
}

export async function sightingsIn(db: Kysely<Schema>, accountId: AccountId): Promise<Sighting[]> {
  const query = selectSightings(
    sql<boolean>`t.account_id = ${accountId}`,
    sql<boolean>`d.account_id = ${accountId}`,
    sql<boolean>`true`,
  )
  return (await query.execute(db)).rows.map(sightingOf)
}

export async function sightingsOf(
  db: Kysely<Schema>,
  { userId, groupIds }: { readonly userId: UserId; readonly groupIds: ReadonlySet<GroupId> },
): Promise<Sighting[]> {
  const groups = sql`${[...groupIds]}::text[]`
  const query = selectSightings(
    sql<boolean>`(t.user_ids @> array[${userId}::text] or t.group_ids && ${groups})`,
    sql<boolean>`d.principal_id = any(array[${userId}::text] || ${groups})`,
    sql<boolean>`((s.type = 'USER' and s.id = ${userId}) or (s.type = 'GROUP' and s.id = any(${groups})))`,
  )
  return (await query.execute(db)).rows.map(sightingOf)
}

function sightingOf(row: {
  accountId: string
  arn: string
  type: 'USER' | 'GROUP'
  id: string
  at: Date
}): Sighting {
  // The ids are those of AWS's own answers.
  return {
    accountId: row.accountId as AccountId,
    permissionSetArn: row.arn as PermissionSetArn,
    principal: { type: row.type, id: row.id } as Principal,
    seenAt: row.at,
  }
}

/** An assignment that TEAM holds, with a request on it that is not over; null: it is being removed. */
export interface HeldByTeam {
  readonly userId: UserId
  readonly accountId: AccountId
  readonly permissionSetArn: PermissionSetArn
  /** When AWS last showed it; null: it has not confirmed it yet. */
  readonly seenAt: Date | null
  readonly request: {
    readonly id: RequestId
    readonly status: RequestState
    readonly endsAt: Date | null
    readonly breakGlass: boolean
    readonly approvedBy: readonly { readonly userId: string; readonly userName: string }[]
  } | null
}

interface HeldRow extends Omit<HeldByTeam, 'request'> {
  readonly requestId: RequestId | null
  readonly status: RequestState
  readonly endsAt: Date | null
  readonly breakGlass: boolean
  readonly approvedBy: { userId: string; userName: string }[]
}

export async function heldByTeam(
  db: Kysely<Schema>,
  subject: { readonly accountId: AccountId } | { readonly userId: UserId },
): Promise<HeldByTeam[]> {
  const where =
    'accountId' in subject
      ? sql`k.account_id = ${subject.accountId}`
      : sql`k.user_id = ${subject.userId}`
  const { rows } = await sql<HeldRow>`
    select k.user_id as "userId", k.account_id as "accountId",
      k.permission_set_arn as "permissionSetArn",
      case when k.presence = 'absent' then null
        else greatest(k.confirmed_at, k.observed_at) end as "seenAt",
      r.request_id as "requestId", r.status, g.ends_at as "endsAt", r.break_glass as "breakGlass",
      coalesce((
        select json_agg(json_build_object('userId', d.user_id, 'userName', d.user_name)
            order by d.at, d.user_id)
          from decision d where d.request_id = r.request_id and d.decision = 'approved'),
        '[]') as "approvedBy"
    from ledger_key k
    left join (access_grant g join request r on r.request_id = g.request_id
        and r.status in ('activating', 'active', 'ending'))
      on g.key_id = k.key_id and g.over_at is null
    where k.held and ${where}
    order by k.key_id, g.ends_at, r.request_id`.execute(db)
  return rows.map(({ requestId, status, endsAt, breakGlass, approvedBy, ...key }) => ({
    ...key,
    request: requestId && { id: requestId, status, endsAt, breakGlass, approvedBy },
  }))
}
