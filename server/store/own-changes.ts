/** What one person changed of policies and settings, and all that followed upon it. */
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

export interface OwnPolicyQuery {
  readonly userId: string
  /** The person and their groups: an eligibility policy that never named them gives them nothing. */
  readonly subjectIds: readonly string[]
  readonly since: Date
}

/**
 * Of every policy that the person changed alone since then, the version before that and all later
 * ones; by policy, oldest first. Most people have changed none, and that costs one look at an index.
 */
export async function policyVersionsSinceOwn(
  db: Kysely<Schema>,
  { userId, subjectIds, since }: OwnPolicyQuery,
): Promise<VersionRow[]> {
  const { rows } = await sql<VersionRow>`
    with own as (
      select policy_id, min(version) as first from policy_version
      where changed_by = ${userId} and changed_at > ${since} and accepted_by is null
      group by policy_id)
    select v.kind, v.policy_id as "policyId", v.version, v.body,
      v.changed_by = ${userId} and v.changed_at > ${since} and v.accepted_by is null as own
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
  { userId, since }: { userId: string; since: Date },
): Promise<SettingsVersion[]> {
  const { rows } = await sql<{ body: object; own: boolean }>`
    with own as (
      select min(version) as first from setting_version
      where changed_by = ${userId} and changed_at > ${since} and accepted_by is null)
    select v.body,
      v.changed_by = ${userId} and v.changed_at > ${since} and v.accepted_by is null as own
    from own join setting_version v on v.version >= own.first - 1
    order by v.version, v.setting_version_id`.execute(db)
  return rows.map(({ body, own }) => ({ body: withDefaults(body), own }))
}
