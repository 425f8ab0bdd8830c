/** The tables as kysely sees them. The SQL is in migrations/, its net effect in schema.sql. */
import type { Generated, JSONColumnType } from 'kysely'
import type { RequestState } from '#core/request.ts'

type Nullable<T> = string | Extract<T, null>
type Json<T extends object | null> = JSONColumnType<T, Nullable<T>, Nullable<T>>

export interface DirectoryUserTable {
  user_id: string
  user_name: string
  display_name: string
  email: string | null
  enabled: boolean
  read_at: Date
  gone_at: Date | null
}

export interface DirectoryGroupTable {
  group_id: string
  display_name: string
  gone_at: Date | null
}

export interface DirectoryMembershipTable {
  group_id: string
  user_id: string
}

export interface DirectoryOuTable {
  ou_id: string
  name: string
  parent_id: string | null
  path: string[]
  gone_at: Date | null
}

export interface DirectoryAccountTable {
  account_id: string
  name: string
  state: string
  ou_path: string[]
  is_management: boolean
  gone_at: Date | null
}

export type PermissionSetLevel = 'read' | 'write' | 'admin' | 'unknown'

export interface DirectoryPermissionSetTable {
  permission_set_arn: string
  name: string
  description: string
  session_minutes: number | null
  level: PermissionSetLevel
  in_management_account: boolean
  content_read_at: Date | null
  /** Null: not read yet, or the endpoint does not show them. */
  managed_policies: Generated<string[] | null>
  customer_managed_policies: Generated<string[] | null>
  has_inline_policy: Generated<boolean | null>
  gone_at: Date | null
}

export interface DirectoryCounts {
  users: number
  groups: number
  memberships: number
  organizationalUnits: number
  accounts: number
  permissionSets: number
}

export interface RemovalsOfOneKind {
  count: number
  /** The first of them. */
  ids: string[]
}

export type DirectoryRemovals = { [Kind in keyof DirectoryCounts]: RemovalsOfOneKind }

export interface DirectoryRefreshTable {
  refresh_id: string
  state: 'queued' | 'running' | 'applied' | 'failed' | 'held' | 'accepted' | 'discarded'
  asked_by: string | null
  started_at: Date
  finished_at: Date | null
  counts: Json<DirectoryCounts | null>
  failure: string | null
  removals: Json<DirectoryRemovals | null>
  notes: Generated<string[]>
  removal_set_id: Generated<number | null>
  decided_by: Generated<string | null>
  decided_at: Generated<Date | null>
  used_at: Generated<Date | null>
}

export interface RemovalSetTable {
  removal_set_id: Generated<number>
  digest: Buffer
  removals: Json<Readonly<Record<keyof DirectoryCounts, readonly string[]>>>
}

export interface DirectoryVersionTable {
  only_row: Generated<boolean>
  version: number
  applied_at: Date | null
}

export interface StoredTargets {
  accounts: string[]
  organizationalUnits: { id: string; scope: 'children' | 'subtree' }[]
  root: boolean
}

export interface EligibilityPolicyTable {
  policy_id: string
  version: number
  subject_type: 'user' | 'group'
  subject_id: string
  targets: Json<StoredTargets>
  permission_sets: string[]
  max_duration_minutes: number
  approval_required: boolean
  ticket_required: boolean
  justification_required: boolean
  break_glass: boolean
  ticket: string | null
  note: string
  enabled: boolean
  created_at: Date
  updated_by: string
  updated_at: Date
  deleted_at: Date | null
}

export interface ApproverPolicyTable {
  policy_id: string
  version: number
  targets: Json<StoredTargets>
  permission_sets: string[] | null
  approver_groups: string[]
  approvals_required: number
  exclusive: boolean
  ticket: string | null
  note: string
  enabled: boolean
  created_at: Date
  updated_by: string
  updated_at: Date
  deleted_at: Date | null
}

export interface PolicyVersionTable {
  kind: 'eligibility' | 'approver'
  policy_id: string
  version: number
  body: Json<object | null>
  changed_by: string
  changed_at: Date
  accepted_by: Generated<string | null>
  by_service_token: Generated<string | null>
}

export interface SettingTable {
  only_row: Generated<boolean>
  version: number
  body: Json<object>
  updated_by: string
  updated_at: Date
}

export interface SealedSecretTable {
  name: string
  sealed: string
  set_at: Date
  set_by: string
}

export interface SettingVersionTable {
  setting_version_id: Generated<number>
  version: number
  body: Json<object>
  changed_by: string
  changed_at: Date
  accepted_by: string | null
  by_service_token: Generated<string | null>
}

export interface ProposalTable {
  proposal_id: string
  version: Generated<number>
  object_type: 'eligibility-policy' | 'approver-policy' | 'setting'
  object_id: string
  verb: 'create' | 'update' | 'delete'
  base_version: number
  body: Json<object | null>
  confirm_ending: number | null
  before: Json<object | null>
  after: Json<object | null>
  changed: string[]
  widens: string[]
  author_id: string
  author_name: string
  author_actor: Json<object>
  by_service_token: string | null
  proposed_at: Date
  expires_at: Date
  state: Generated<'waiting' | 'accepted' | 'refused' | 'withdrawn' | 'void'>
  void_reason: 'changed' | 'expired' | null
  decided_by: string | null
  decided_name: string | null
  decided_at: Date | null
  comment: string | null
}

export interface SparedGrantTable {
  request_id: string
  spared_at: Date
}

export interface RulesVersionTable {
  only_row: Generated<boolean>
  version: number
}

export interface RequestTargetTable {
  target_id: Generated<number>
  account_id: string
  permission_set_arn: string
}

export interface RequestTable {
  request_id: string
  version: number
  submission_id: string
  status: RequestState
  end_state: RequestState | null
  requester_id: string
  requester_user_name: string
  requester_name: string
  requester_email: string | null
  account_id: string
  account_name: string
  permission_set_arn: string
  permission_set_name: string
  target_id: Generated<number>
  requested_starts_at: Date | null
  duration_minutes: number
  justification: string
  ticket: string | null
  break_glass: boolean
  extends_request_id: string | null
  approval_required: boolean
  approvals_required: number
  approval_needs: Json<{ policyId: string; approvalsRequired: number }[]>
  explanation: Json<object>
  chain_minutes: number | null
  end_reason: string | null
  stopped_by_id: string | null
  stopped_by_name: string | null
  stop_comment: string | null
  failure: Json<{ code: string; message: string } | null>
  created_at: Date
  expires_at: Date
  updated_at: Date
  /** When its texts were erased, for privacy. */
  erased_at: Generated<Date | null>
}

export interface RequestStateChangeTable {
  change_id: Generated<number>
  request_id: string
  from_state: string
  to_state: string
  at: Date
}

export interface DecisionTable {
  request_id: string
  user_id: string
  user_name: string
  decision: 'approved' | 'rejected'
  comment: string | null
  at: Date
  counted_for: Generated<string[]>
}

export interface ReviewTable {
  request_id: string
  due_at: Date
  reminded_at: Date | null
  reviewer_id: string | null
  reviewer_user_name: string | null
  outcome: 'justified' | 'not_justified' | null
  comment: string | null
  reviewed_at: Date | null
}

export type Presence = 'absent' | 'present' | 'unknown'

export interface LedgerKeyTable {
  key_id: Generated<number>
  user_id: string
  account_id: string
  permission_set_arn: string
  held: Generated<boolean>
  presence: Generated<Presence>
  absent_seen_at: Date | null
  confirmed_at: Date | null
  watched_until: Date | null
  watched_since: Date | null
  next_look_at: Date | null
  not_before: Date | null
  attempts: Generated<number>
  last_error: string | null
  late_alarm_at: Date | null
  next_at: Date | null
  nudges: Generated<number>
  observed_at: Date | null
  missing_since: Date | null
  unwanted_since: Date | null
  alarm_not_before: Date | null
  updated_at: Date
}

export interface DriftTable {
  account_id: string
  permission_set_arn: string
  principal_type: 'USER' | 'GROUP'
  principal_id: string
  first_seen_at: Date
  last_seen_at: Date
}

export interface AccessGrantTable {
  grant_id: string
  request_id: string
  key_id: number
  due_at: Date
  immediate: boolean
  duration_minutes: number
  intent_at: Date | null
  hard_end: Date | null
  activation_deadline: Date | null
  granted_at: Date | null
  starts_at: Date | null
  ends_at: Date | null
  stopped_at: Date | null
  over_at: Date | null
  removal_confirmed_at: Date | null
  excess_seconds: string | null
  covered_by: string | null
  session_minutes: number | null
  extends_grant_id: string | null
  use_due_at: Generated<Date | null>
  use_attempts: Generated<number>
  use_summary: Json<UseSummaryRow | null>
}

/** Times are text in JSON. */
export interface UseSummaryRow {
  readonly services: { service: string; reads: number; writes: number }[]
  readonly reads: number
  readonly writes: number
  readonly errors: number
  readonly lastUsedAt: string | null
  readonly readAt: string
  readonly source: string
  readonly truncated: boolean
}

export interface SessionLogTable {
  log_id: string
  request_id: string
  asked_by: string | null
  state: 'queued' | 'running' | 'done' | 'failed'
  source: string
  location: string
  window_from: Date
  window_to: Date
  complete_at: Date | null
  query_id: Generated<string | null>
  looks: Generated<number>
  asked_at: Date
  started_at: Generated<Date | null>
  wanted_until: Date
  finished_at: Generated<Date | null>
  expires_at: Date
  failure: Json<{ code: string; message: string } | null>
  counts: Json<SessionLogCounts | null>
  truncated: Generated<boolean>
}

export interface SessionLogCounts {
  readonly events: number
  readonly reads: number
  readonly writes: number
  readonly errors: number
  /** Rows that the source brought and that are not of this grant. */
  readonly leftOut: number
}

export interface SessionLogEventTable {
  log_id: string
  ordinal: number
  read_only: boolean
  failed: boolean
  sealed: string
}

export type IntentState = 'written' | 'accepted' | 'succeeded' | 'failed' | 'refused' | 'unknown'

export interface IntentTable {
  intent_id: Generated<number>
  key_id: number
  kind: 'create' | 'delete'
  state: IntentState
  epoch: number
  written_at: Date
  sent_at: Date | null
  aws_request_id: string | null
  settled_at: Date | null
  reason: string | null
  request_id: string | null
}

export interface AuditEventTable {
  seq: number
  at: Date
  actor_type: 'user' | 'token' | 'system'
  actor_id: string
  actor_name: string
  action: string
  object_type: string
  object_id: string
  result: string
  payload: string | null
  salt: Buffer | null
  payload_hash: Buffer
  previous_hash: Buffer
  hash: Buffer
}

export interface LegalHoldTable {
  hold_id: string
  /** Null: everybody. */
  user_id: string | null
  user_name: string | null
  reason: string
  placed_by_id: string
  placed_by_name: string
  placed_at: Date
  released_by_id: string | null
  released_by_name: string | null
  release_reason: string | null
  released_at: Date | null
}

export interface AuditHeadTable {
  only_row: Generated<boolean>
  seq: number
  hash: Buffer
}

export interface ChangeFeedTable {
  seq: Generated<number>
  object_type: string
  object_id: string
  version: number
  at: Date
}

export interface RefusedSignInTable {
  address: string
  hour: Date
  refusals: number
}

export type NoticeState = 'queued' | 'sent' | 'folded' | 'dropped' | 'failed' | 'no_address' | 'off'

export interface NoticeTable {
  notice_id: string
  request_id: string | null
  event: string
  channel: string
  receiver_id: string
  address: string | null
  state: NoticeState
  facts: Json<object>
  attempts: Generated<number>
  last_error: string | null
  provider_id: string | null
  created_at: Date
  sent_at: Date | null
  unanswered: Generated<number>
  folded_into: string | null
  resent_at: Date | null
}

export interface SlackInteractionOnceTable {
  digest: Buffer
  received_at: Date
}

export interface SignInSessionTable {
  id_hash: Buffer
  user_id: string
  csrf_token: string
  created_at: Date
  last_seen_at: Date
  expires_at: Date
  ended_at: Date | null
  ended_why: string | null
  locale_hint: string | null
}

export interface SavedTargetJson {
  accountId: string
  accountName: string
  permissionSetArn: string
  permissionSetName: string
}

export interface SavedRequestTable {
  saved_request_id: string
  kind: 'own' | 'template'
  owner_id: string
  owner_user_name: string
  name: string
  targets: Json<SavedTargetJson[]>
  duration_minutes: number
  justification: string | null
  created_at: Date
}

export interface ApiTokenTable {
  token_id: string
  kind: 'person' | 'service'
  owner_id: string
  owner_user_name: string
  name: string
  scopes: string[]
  roles: string[]
  addresses: string[]
  secret_hash: Buffer
  created_at: Date
  expires_at: Date
  last_used_at: Date | null
  last_used_address: string | null
  revoked_at: Date | null
  revoked_by: string | null
  revoked_why: string | null
}

export interface SamlAssertionOnceTable {
  assertion_id: string
  expires_at: Date
}

export interface PreferenceTable {
  user_id: string
  body: Json<object>
  updated_at: Date
}

export interface IdempotencyKeyTable {
  actor_id: string
  route: string
  key: string
  body_hash: Buffer
  status: number | null
  response: Json<object | null>
  created_at: Date
  claimed_at: Date
}

export interface LeaderTable {
  only_row: Generated<boolean>
  epoch: number
  holder: string | null
  expires_at: Date
}

export interface AwsBudgetTable {
  bucket: string
  tokens: number
  at: Date
}

export interface TargetLookTable {
  account_id: string
  permission_set_arn: string
  looked_at: Date
  user_ids: string[]
  group_ids: string[]
}

export interface AccessLookTable {
  look_id: string
  subject_type: 'account' | 'user'
  subject_id: string
  state: 'open' | 'done' | 'failed'
  asked_by_id: string
  asked_at: Date
  begun_at: Date | null
  stepped_at: Date
  not_before: Date | null
  finished_at: Date | null
  accounts_left: string[]
  account_id: string | null
  account_at: Date | null
  account_sets: Generated<string[]>
  sets_left: Generated<string[]>
  accounts_total: number
  accounts_done: Generated<number>
  targets_done: Generated<number>
  attempts: Generated<number>
  failure: string | null
}

export interface AccountReadingTable {
  account_id: string
  read_at: Date
  permission_set_arns: string[]
}

export interface LateAlarmTable {
  alarm_id: Generated<number>
  key_id: number
  raised_at: Date
  over_at: Date | null
  acknowledged_at: Date | null
  acknowledged_by_id: string | null
  acknowledged_by_name: string | null
  acknowledgement: string | null
}

export interface LateAlarmToldTable {
  receiver_id: string
  up_to_alarm: number
  told_at: Date
}

export interface DigestToldTable {
  receiver_id: string
  /** Of the receiver's own calendar. */
  day: string
}

export interface EnginePassTable {
  only_row: Generated<boolean>
  epoch: number
  leads_since: Date
  passed_at: Date
}

export interface InstallationTable {
  only_row: Generated<boolean>
  installation_id: string
}

export interface CreationHoldTable {
  only_row: Generated<boolean>
  reason: string
  since: Date
}

export interface Schema {
  directory_user: DirectoryUserTable
  directory_group: DirectoryGroupTable
  directory_membership: DirectoryMembershipTable
  directory_ou: DirectoryOuTable
  directory_account: DirectoryAccountTable
  directory_permission_set: DirectoryPermissionSetTable
  directory_refresh: DirectoryRefreshTable
  directory_version: DirectoryVersionTable
  eligibility_policy: EligibilityPolicyTable
  approver_policy: ApproverPolicyTable
  policy_version: PolicyVersionTable
  setting: SettingTable
  sealed_secret: SealedSecretTable
  setting_version: SettingVersionTable
  proposal: ProposalTable
  spared_grant: SparedGrantTable
  rules_version: RulesVersionTable
  request_target: RequestTargetTable
  request: RequestTable
  request_state_change: RequestStateChangeTable
  decision: DecisionTable
  review: ReviewTable
  ledger_key: LedgerKeyTable
  access_grant: AccessGrantTable
  session_log: SessionLogTable
  session_log_event: SessionLogEventTable
  intent: IntentTable
  drift: DriftTable
  audit_event: AuditEventTable
  audit_head: AuditHeadTable
  legal_hold: LegalHoldTable
  change_feed: ChangeFeedTable
  refused_sign_in: RefusedSignInTable
  notice: NoticeTable
  slack_interaction_once: SlackInteractionOnceTable
  sign_in_session: SignInSessionTable
  saml_assertion_once: SamlAssertionOnceTable
  api_token: ApiTokenTable
  saved_request: SavedRequestTable
  preference: PreferenceTable
  idempotency_key: IdempotencyKeyTable
  leader: LeaderTable
  aws_budget: AwsBudgetTable
  target_look: TargetLookTable
  access_look: AccessLookTable
  account_reading: AccountReadingTable
  late_alarm: LateAlarmTable
  late_alarm_told: LateAlarmToldTable
  digest_told: DigestToldTable
  removal_set: RemovalSetTable
  engine_pass: EnginePassTable
  installation: InstallationTable
  creation_hold: CreationHoldTable
}
