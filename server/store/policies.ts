import { type Kysely, type Selectable, sql } from 'kysely'
import type { ApproverPolicy, EligibilityPolicy } from '#core/facts.ts'
import type { AccountId, GroupId, OuId, PolicyId, UserId } from '#core/ids.ts'
import type { Change } from './change.ts'
import { type PolicyConditions, wherePolicy } from './policy-conditions.ts'
import type {
  ApproverPolicyTable,
  EligibilityPolicyTable,
  Schema,
  StoredTargets,
} from './schema.ts'

/** A policy, and who touched it last. */
export interface Stored<Policy> {
  readonly policy: Policy
  readonly updatedBy: string
  readonly updatedAt: Date
  readonly createdAt: Date
}

export interface PolicyPage {
  readonly limit: number
  readonly after: { readonly createdAt: Date; readonly id: string } | null
}

export interface PolicyWrite<Policy> {
  readonly policy: Policy
  readonly by: string
}

/** One kind of policy in its table. */
export interface PolicyStore<Policy> {
  all(db: Kysely<Schema>): Promise<Policy[]>
  get(db: Kysely<Schema>, id: string): Promise<Stored<Policy> | null>
  /** One more than asked for, so that the caller knows whether there are more. */
  list(db: Kysely<Schema>, page: PolicyPage, only: PolicyConditions): Promise<Stored<Policy>[]>
  insert(change: Change, write: PolicyWrite<Policy>): Promise<void>
  /** `policy.version` is the new one; false: the stored version is not the one before it. */
  update(change: Change, write: PolicyWrite<Policy>): Promise<boolean>
  /** The row stays, marked; false as in `update`. */
  remove(change: Change, gone: { id: string; version: number; by: string }): Promise<boolean>
}

type Table = 'eligibility_policy' | 'approver_policy'
type EligibilityRow = Selectable<EligibilityPolicyTable>
type ApproverRow = Selectable<ApproverPolicyTable>

const idAndVersion = (policy: { id: string; version: number }) =>
  sql<boolean>`policy_id = ${policy.id} and version = ${policy.version - 1} and deleted_at is null`

export const eligibilityPolicies: PolicyStore<EligibilityPolicy> = {
  async all(db) {
    const query = db.selectFrom('eligibility_policy').selectAll()
    return (await query.where('deleted_at', 'is', null).execute()).map(eligibilityFromRow)
  },
  async get(db, id) {
    const query = db.selectFrom('eligibility_policy').selectAll()
    const row = await query.where(byId(id)).executeTakeFirst()
    return row ? stored(row, eligibilityFromRow(row)) : null
  },
  async list(db, page, only) {
    const query = db.selectFrom('eligibility_policy').selectAll().where(after(page))
    const rows = await query
      .where(wherePolicy(only))
      .orderBy('created_at', 'desc')
      .orderBy('policy_id')
      .limit(page.limit + 1)
      .execute()
    return rows.map((row) => stored(row, eligibilityFromRow(row)))
  },
  async insert(change, { policy, by }) {
    const row = { ...eligibilityColumns(policy), ...newRow(policy.id, change.at, by) }
    await change.tx.insertInto('eligibility_policy').values(row).execute()
  },
  async update(change, { policy, by }) {
    const { numUpdatedRows } = await change.tx
      .updateTable('eligibility_policy')
      .set({ ...eligibilityColumns(policy), updated_by: by, updated_at: change.at })
      .where(idAndVersion(policy))
      .executeTakeFirst()
    return numUpdatedRows === 1n
  },
  remove: (change, gone) => removeFrom('eligibility_policy', change, gone),
}

export const approverPolicies: PolicyStore<ApproverPolicy> = {
  async all(db) {
    const query = db.selectFrom('approver_policy').selectAll()
    return (await query.where('deleted_at', 'is', null).execute()).map(approverFromRow)
  },
  async get(db, id) {
    const query = db.selectFrom('approver_policy').selectAll()
    const row = await query.where(byId(id)).executeTakeFirst()
    return row ? stored(row, approverFromRow(row)) : null
  },
  async list(db, page, only) {
    const query = db.selectFrom('approver_policy').selectAll().where(after(page))
    const rows = await query
      .where(wherePolicy(only))
      .orderBy('created_at', 'desc')
      .orderBy('policy_id')
      .limit(page.limit + 1)
      .execute()
    return rows.map((row) => stored(row, approverFromRow(row)))
  },
  async insert(change, { policy, by }) {
    const row = { ...approverColumns(policy), ...newRow(policy.id, change.at, by) }
    await change.tx.insertInto('approver_policy').values(row).execute()
  },
  async update(change, { policy, by }) {
    const { numUpdatedRows } = await change.tx
      .updateTable('approver_policy')
      .set({ ...approverColumns(policy), updated_by: by, updated_at: change.at })
      .where(idAndVersion(policy))
      .executeTakeFirst()
    return numUpdatedRows === 1n
  },
  remove: (change, gone) => removeFrom('approver_policy', change, gone),
}

async function removeFrom(
  table: Table,
  change: Change,
  gone: { id: string; version: number; by: string },
): Promise<boolean> {
  const { numUpdatedRows } = await change.tx
    .updateTable(table)
    .set({
      version: gone.version,
      deleted_at: change.at,
      updated_by: gone.by,
      updated_at: change.at,
    })
    .where(idAndVersion(gone))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

function byId(id: string) {
  return sql<boolean>`policy_id = ${id} and deleted_at is null`
}

/** Newest first, then by id. */
function after({ after: last }: PolicyPage) {
  return last === null
    ? sql<boolean>`deleted_at is null`
    : sql<boolean>`deleted_at is null and (created_at < ${last.createdAt}
        or (created_at = ${last.createdAt} and policy_id > ${last.id}))`
}

function newRow(id: string, at: Date, by: string) {
  return { policy_id: id, created_at: at, updated_by: by, updated_at: at, deleted_at: null }
}

function stored<Policy>(
  row: { updated_by: string; updated_at: Date; created_at: Date },
  policy: Policy,
): Stored<Policy> {
  return {
    policy,
    updatedBy: row.updated_by,
    updatedAt: row.updated_at,
    createdAt: row.created_at,
  }
}

// Ids in these rows were parsed by the contract's schemas before they were written.

function eligibilityFromRow(row: EligibilityRow): EligibilityPolicy {
  return {
    id: row.policy_id as PolicyId,
    version: row.version,
    subject:
      row.subject_type === 'user'
        ? { type: 'user', id: row.subject_id as UserId }
        : { type: 'group', id: row.subject_id as GroupId },
    targets: targetsFromRow(row.targets),
    permissionSets: row.permission_sets,
    maxDurationMinutes: row.max_duration_minutes,
    approvalRequired: row.approval_required,
    ticketRequired: row.ticket_required,
    justificationRequired: row.justification_required,
    breakGlass: row.break_glass,
    ticket: row.ticket,
    note: row.note,
    enabled: row.enabled,
  }
}

function approverFromRow(row: ApproverRow): ApproverPolicy {
  return {
    id: row.policy_id as PolicyId,
    version: row.version,
    targets: targetsFromRow(row.targets),
    permissionSets: row.permission_sets,
    approverGroups: row.approver_groups as GroupId[],
    approvalsRequired: row.approvals_required,
    exclusive: row.exclusive,
    ticket: row.ticket,
    note: row.note,
    enabled: row.enabled,
  }
}

function targetsFromRow(targets: StoredTargets) {
  return {
    accounts: targets.accounts as AccountId[],
    organizationalUnits: targets.organizationalUnits.map(({ id, scope }) => ({
      id: id as OuId,
      scope,
    })),
    root: targets.root,
  }
}

function eligibilityColumns(policy: EligibilityPolicy) {
  return {
    version: policy.version,
    subject_type: policy.subject.type,
    subject_id: policy.subject.id,
    targets: JSON.stringify(policy.targets),
    permission_sets: [...policy.permissionSets],
    max_duration_minutes: policy.maxDurationMinutes,
    approval_required: policy.approvalRequired,
    ticket_required: policy.ticketRequired,
    justification_required: policy.justificationRequired,
    break_glass: policy.breakGlass,
    ticket: policy.ticket,
    note: policy.note,
    enabled: policy.enabled,
  }
}

function approverColumns(policy: ApproverPolicy) {
  return {
    version: policy.version,
    targets: JSON.stringify(policy.targets),
    permission_sets: policy.permissionSets === null ? null : [...policy.permissionSets],
    approver_groups: [...policy.approverGroups],
    approvals_required: policy.approvalsRequired,
    exclusive: policy.exclusive,
    ticket: policy.ticket,
    note: policy.note,
    enabled: policy.enabled,
  }
}
