import type { Kysely } from 'kysely'
import type { Change } from './change.ts'
import type { PolicyVersionTable, Schema } from './schema.ts'

export type PolicyKind = PolicyVersionTable['kind']

export interface PolicyVersion {
  readonly version: number
  /** Null: deleted by this version. */
  readonly body: object | null
  readonly changedBy: string
  readonly changedAt: Date
}

export const policyVersionsShownMax = 500

export async function insertPolicyVersion(
  change: Change,
  row: {
    kind: PolicyKind
    id: string
    version: number
    body: object | null
    by: string
    /** Another administrator, who accepted it as a proposal. */
    acceptedBy: string | null
    byServiceToken: string | null
  },
): Promise<void> {
  await change.tx
    .insertInto('policy_version')
    .values({
      kind: row.kind,
      policy_id: row.id,
      version: row.version,
      body: row.body === null ? null : JSON.stringify(row.body),
      changed_by: row.by,
      changed_at: change.at,
      accepted_by: row.acceptedBy,
      by_service_token: row.byServiceToken,
    })
    .execute()
}

/** Newest first; a deleted policy keeps its history. */
export async function listPolicyVersions(
  db: Kysely<Schema>,
  kind: PolicyKind,
  id: string,
): Promise<PolicyVersion[]> {
  return db
    .selectFrom('policy_version')
    .select(['version', 'body', 'changed_by as changedBy', 'changed_at as changedAt'])
    .where('kind', '=', kind)
    .where('policy_id', '=', id)
    .orderBy('version', 'desc')
    .limit(policyVersionsShownMax)
    .execute()
}
