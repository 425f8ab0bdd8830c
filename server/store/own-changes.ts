/**
 * What one person changed of policies and settings, and all that followed upon it. A program's word is
 * that of whoever holds its secret: what it changed counts as every administrator's own; accepted by
 * somebody, as theirs.
 */
import { type Kysely, sql } from 'kysely'
import type { Settings } from '#core/settings.ts'
import type { Schema } from './schema.ts'
import { withDefaults } from './settings.ts'

export interface VersionRow {
  readonly kind: 'eligibility' | 'approver'
  readonly policyId: string
  readonly version: number
  readonly body: object | null
  readonly own: boolean
}

export interface OwnQuery {
  readonly userId: string
  readonly isAdmin: boolean
  readonly since: Date
}

export interface OwnPolicyQuery extends OwnQuery {
  /** The person and their groups: an eligibility policy that never named them gives them nothing. */
  readonly subjectIds: readonly string[]
}

/** Of either table of versions; each part by an index, or not at all. */
const ownVersions = (table: string, columns: string, { userId, isAdmin, since }: OwnQuery) => sql`
  select ${sql.raw(columns)} from ${sql.table(table)}
  where changed_by = ${userId} and changed_at > ${since} and accepted_by is null
  union
  select ${sql.raw(columns)} from ${sql.table(table)}
  where by_service_token is not null and changed_at > ${since} and accepted_by = ${userId}
  union
  select ${sql.raw(columns)} from ${sql.table(table)}
  where by_service_token is not null and changed_at > ${since} and accepted_by is null
    and ${isAdmin}`

/**
 * Of every policy that the person changed alone since then, the version before that and all later
 * ones; by policy, oldest first. Most people have changed none, and that costs one look at an index.
 */
export async function policyVersionsSinceOwn(
  db: Kysely<Schema>,
  { subjectIds, ...query }: OwnPolicyQuery,
): Promise<VersionRow[]> {
  const { rows } = await sql<VersionRow>`
    with made as (${ownVersions('policy_version', 'policy_id, version', query)}),
    own as (select policy_id, min(version) as first from made group by policy_id)
    select v.kind, v.policy_id as "policyId", v.version, v.body,
      (v.policy_id, v.version) in (select policy_id, version from made) as own
    from own join policy_version v on v.policy_id = own.policy_id and v.version >= own.first - 1
    where v.kind = 'approver' or exists (
      select from policy_version w
      where w.policy_id = own.policy_id and w.version >= own.first - 1
        and w.body -> 'subject' ->> 'id' = any(${[...subjectIds]}::text[]))
    order by v.policy_id, v.version`.execute(db)
  return rows
}

export interface SettingsVersion {
  readonly body: Settings
  readonly own: boolean
}

/** The same of the settings; empty: the person changed none. */
export async function settingsVersionsSinceOwn(
  db: Kysely<Schema>,
  query: OwnQuery,
): Promise<SettingsVersion[]> {
  const { rows } = await sql<{ body: object; own: boolean }>`
    with made as (${ownVersions('setting_version', 'setting_version_id, version', query)}),
    own as (select min(version) as first from made)
    select v.body, v.setting_version_id in (select setting_version_id from made) as own
    from own join setting_version v on v.version >= own.first - 1
    order by v.version, v.setting_version_id`.execute(db)
  return rows.map(({ body, own }) => ({ body: withDefaults(body), own }))
}
