/**
 * Policies, settings and the part of the directory they are held against, put together once and
 * kept until `rules_version` or `directory_version` says that something changed. Every load asks
 * the database for those two numbers, so a decision never rests on rules that a committed change
 * has replaced; the 5,000 policies behind them are read and compiled only when it did.
 *
 * The numbers are read before the facts, so facts may be newer than their number (then the next
 * load reads them again), never older. A transaction that changes rules raises the number as its
 * last act and never loads rules after it: what it has not committed must not be kept here.
 */
import { createHash } from 'node:crypto'
import { type Kysely, sql, type Transaction } from 'kysely'
import { compilePolicies } from '#core/compiled.ts'
import type { PolicyEvaluator } from '#core/evaluator.ts'
import type {
  Account,
  ApproverPolicy,
  Directory,
  EligibilityPolicy,
  PermissionSet,
} from '#core/facts.ts'
import type { AccountId, GroupId, OuId, PermissionSetArn, UserId } from '#core/ids.ts'
import { indexPolicies, type PolicyIndex } from '#core/policy-index.ts'
import type { Settings } from '#core/settings.ts'
import { approverPolicies, eligibilityPolicies } from './policies.ts'
import { preparedOnce } from './prepared.ts'
import type { Schema } from './schema.ts'
import { loadSettings } from './settings.ts'

export interface Rules {
  /** Equal texts, equal rules. */
  readonly version: string
  /** The same as long as policies match the same targets, whoever is in which group. */
  readonly matchesVersion: string
  readonly settings: Settings
  readonly eligibilityPolicies: readonly EligibilityPolicy[]
  readonly approverPolicies: readonly ApproverPolicy[]
  /** Groups that an enabled approver policy names. */
  readonly approverGroupIds: ReadonlySet<GroupId>
  /** Members are known of those groups, of the administrators' and of the auditors'; of no other. */
  readonly directory: Directory
  readonly ouNames: ReadonlyMap<OuId, string>
  readonly evaluator: PolicyEvaluator
  /** What the evaluator rests on; previews of a change rest on it too. */
  readonly index: PolicyIndex
}

export interface RulesStore {
  load(db: Kysely<Schema>): Promise<Rules>
  /** The same, where another statement has just read how old they are. */
  at(db: Kysely<Schema>, numbers: RulesNumbers): Promise<Rules>
}

/** One for a process: it keeps the rules of the one database it is asked with. */
export function createRulesStore(): RulesStore {
  let kept: Kept | null = null
  let building: { readonly numbers: RulesNumbers; readonly result: Promise<Kept> } | null = null

  async function build(db: Kysely<Schema>, numbers: RulesNumbers): Promise<Kept> {
    const policies = kept?.numbers.rules === numbers.rules ? kept.policies : await readPolicies(db)
    kept = { numbers, policies, rules: await putTogether(db, numbers, policies) }
    return kept
  }

  /** However many ask after a change, the work is done once. */
  function buildTogether(db: Kysely<Schema>, numbers: RulesNumbers): Promise<Kept> {
    if (building && isSame(building.numbers, numbers)) return building.result
    const mine = { numbers, result: build(db, numbers) }
    building = mine
    const forget = () => {
      if (building === mine) building = null
    }
    mine.result.then(forget, forget)
    return mine.result
  }

  async function at(db: Kysely<Schema>, numbers: RulesNumbers): Promise<Rules> {
    if (kept && isSame(kept.numbers, numbers)) return kept.rules
    // A transaction holds a connection, for which the work of others may be waiting.
    const built = db.isTransaction ? build(db, numbers) : buildTogether(db, numbers)
    return (await built).rules
  }

  return { at, load: async (db) => at(db, await readNumbers(db)) }
}

interface Kept {
  readonly numbers: RulesNumbers
  readonly policies: Policies
  readonly rules: Rules
}

const isSame = (one: RulesNumbers, other: RulesNumbers) =>
  one.rules === other.rules && one.directory === other.directory

export interface RulesNumbers {
  readonly rules: number
  readonly directory: number
}

/** Columns of a statement that reads something else beside them. */
export const rulesNumber = sql<number>`(select version from rules_version)`
export const directoryNumber = sql<number>`(select version from directory_version)`

const numbersRead = preparedOnce(
  () => sql<RulesNumbers>`select ${rulesNumber} as rules, ${directoryNumber} as directory`,
)

async function readNumbers(db: Kysely<Schema>): Promise<RulesNumbers> {
  const [row] = await numbersRead(db)
  if (row === undefined) throw new Error('PostgreSQL did not say how old the rules are')
  return row
}

/** The rules stand still until the transaction ends; whoever changes them waits, or we wait. */
export async function holdRules(tx: Transaction<Schema>): Promise<void> {
  await tx.selectFrom('rules_version').select('version').forShare().execute()
}

/**
 * Whoever changes policies or settings comes here first, one after the other: what each is judged
 * by (is a second administrator needed? what would end?) is then what it is written upon.
 */
export async function lockRules(tx: Transaction<Schema>): Promise<void> {
  await tx.selectFrom('rules_version').select('version').forUpdate().execute()
}

/** The last act of a change of policies or settings. */
export async function raiseRulesVersion(tx: Transaction<Schema>): Promise<void> {
  await tx.updateTable('rules_version').set({ version: sql`version + 1` }).execute()
}

type Policies = Pick<
  Rules,
  'settings' | 'eligibilityPolicies' | 'approverPolicies' | 'approverGroupIds'
>

async function readPolicies(db: Kysely<Schema>): Promise<Policies> {
  const { settings } = await loadSettings(db)
  const approver = await approverPolicies.all(db)
  const enabled = approver.filter((policy) => policy.enabled)
  return {
    settings,
    eligibilityPolicies: await eligibilityPolicies.all(db),
    approverPolicies: approver,
    approverGroupIds: new Set(enabled.flatMap((policy) => policy.approverGroups)),
  }
}

async function putTogether(
  db: Kysely<Schema>,
  numbers: RulesNumbers,
  policies: Policies,
): Promise<Rules> {
  const { adminGroupId, auditorGroupId } = policies.settings
  const overseers = [adminGroupId, auditorGroupId].filter((id) => id !== null)
  const directory: Directory = {
    accounts: await readAccounts(db),
    permissionSets: await readPermissionSets(db),
    enabledMembers: await readEnabledMembers(db, [...policies.approverGroupIds, ...overseers]),
  }
  const index = indexPolicies({ ...policies, directory })
  return {
    ...policies,
    version: `${numbers.rules}.${numbers.directory}`,
    matchesVersion: `${numbers.rules}.${digestOfTargets(directory)}`,
    directory,
    ouNames: await readOuNames(db),
    evaluator: compilePolicies({ ...policies, directory }, index),
    index,
  }
}

function digestOfTargets({ accounts, permissionSets }: Directory): string {
  const hash = createHash('sha256')
  for (const { accountId, ouPath } of accounts.values()) {
    hash.update(JSON.stringify([accountId, ouPath]))
  }
  for (const { permissionSetArn, name } of permissionSets.values()) {
    hash.update(JSON.stringify([permissionSetArn, name]))
  }
  return hash.digest('base64url')
}

// The ids in the replica came from AWS.

async function readAccounts(db: Kysely<Schema>): Promise<Map<AccountId, Account>> {
  const rows = await db
    .selectFrom('directory_account')
    .select(['account_id', 'name', 'state', 'ou_path', 'is_management'])
    .where('gone_at', 'is', null)
    .orderBy('account_id')
    .execute()
  return new Map(
    rows.map((row) => {
      const accountId = row.account_id as AccountId
      const { name, state, is_management: isManagement } = row
      return [accountId, { accountId, name, state, ouPath: row.ou_path as OuId[], isManagement }]
    }),
  )
}

async function readPermissionSets(
  db: Kysely<Schema>,
): Promise<Map<PermissionSetArn, PermissionSet>> {
  const rows = await db
    .selectFrom('directory_permission_set')
    .selectAll()
    .where('gone_at', 'is', null)
    .orderBy('permission_set_arn')
    .execute()
  return new Map(
    rows.map((row) => {
      const permissionSetArn = row.permission_set_arn as PermissionSetArn
      const { name, description, level } = row
      const rest = {
        sessionMinutes: row.session_minutes,
        inManagementAccount: row.in_management_account,
      }
      return [permissionSetArn, { permissionSetArn, name, description, level, ...rest }]
    }),
  )
}

export async function readEnabledMembers(
  db: Kysely<Schema>,
  groupIds: Iterable<GroupId>,
): Promise<Map<GroupId, Set<UserId>>> {
  const rows = await db
    .selectFrom('directory_membership as m')
    .innerJoin('directory_user as u', 'u.user_id', 'm.user_id')
    .select(['m.group_id as groupId', 'm.user_id as userId'])
    .where('m.group_id', '=', sql<string>`any(${[...groupIds]}::text[])`)
    .where('u.enabled', '=', true)
    .where('u.gone_at', 'is', null)
    .execute()
  const members = new Map<GroupId, Set<UserId>>()
  for (const row of rows) {
    const groupId = row.groupId as GroupId
    const set = members.get(groupId) ?? new Set()
    set.add(row.userId as UserId)
    members.set(groupId, set)
  }
  return members
}

async function readOuNames(db: Kysely<Schema>): Promise<Map<OuId, string>> {
  const rows = await db.selectFrom('directory_ou').select(['ou_id', 'name']).execute()
  return new Map(rows.map((row) => [row.ou_id as OuId, row.name]))
}
