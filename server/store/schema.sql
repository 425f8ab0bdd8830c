-- What the files in migrations/ come to, in the order of names. Made by
-- `node scripts/dump-schema.ts` from a migrated database: to change it, add a migration.

-- ── types ──

create type request_state as enum (
  'pending',
  'scheduled',
  'activating',
  'active',
  'ending',
  'ended',
  'revoked',
  'rejected',
  'cancelled',
  'expired',
  'failed'
);

-- ── tables ──

create table access_grant (
  grant_id uuid not null,
  request_id uuid not null,
  key_id bigint not null,
  due_at timestamp with time zone not null,
  immediate boolean not null,
  duration_minutes integer not null,
  intent_at timestamp with time zone,
  hard_end timestamp with time zone,
  activation_deadline timestamp with time zone,
  granted_at timestamp with time zone,
  starts_at timestamp with time zone,
  ends_at timestamp with time zone,
  stopped_at timestamp with time zone,
  over_at timestamp with time zone,
  removal_confirmed_at timestamp with time zone,
  excess_seconds numeric,
  covered_by uuid,
  session_minutes integer,
  extends_grant_id uuid,
  use_due_at timestamp with time zone,
  use_attempts integer not null default 0,
  use_summary jsonb,
  constraint access_grant_pkey PRIMARY KEY (grant_id),
  constraint access_grant_request_id_key UNIQUE (request_id),
  constraint access_grant_covered_by_fkey FOREIGN KEY (covered_by) REFERENCES access_grant(grant_id),
  constraint access_grant_extends_grant_id_fkey FOREIGN KEY (extends_grant_id) REFERENCES access_grant(grant_id),
  constraint access_grant_key_id_fkey FOREIGN KEY (key_id) REFERENCES ledger_key(key_id),
  constraint access_grant_request_id_fkey FOREIGN KEY (request_id) REFERENCES request(request_id),
  constraint a_grant_ends_after_it_starts CHECK ((ends_at > starts_at)),
  constraint a_summary_of_use_is_not_due_again CHECK (((use_summary IS NULL) OR (use_due_at IS NULL)))
);

create table access_look (
  look_id uuid not null,
  subject_type text not null,
  subject_id text not null,
  state text not null,
  asked_by_id text not null,
  asked_at timestamp with time zone not null,
  begun_at timestamp with time zone,
  stepped_at timestamp with time zone not null,
  not_before timestamp with time zone,
  finished_at timestamp with time zone,
  accounts_left text[] not null,
  account_id text,
  account_at timestamp with time zone,
  account_sets text[] not null default '{}'::text[],
  sets_left text[] not null default '{}'::text[],
  accounts_total integer not null,
  accounts_done integer not null default 0,
  targets_done integer not null default 0,
  attempts integer not null default 0,
  failure text,
  constraint access_look_pkey PRIMARY KEY (look_id),
  constraint a_look_is_about_an_account_or_a_person CHECK ((subject_type = ANY (ARRAY['account'::text, 'user'::text]))),
  constraint a_look_is_open_done_or_failed CHECK ((state = ANY (ARRAY['open'::text, 'done'::text, 'failed'::text]))),
  constraint a_look_that_failed_says_why CHECK (((state <> 'failed'::text) OR (failure IS NOT NULL))),
  constraint a_look_that_is_over_says_when CHECK (((state = 'open'::text) = (finished_at IS NULL)))
);

create table account_reading (
  account_id text not null,
  read_at timestamp with time zone not null,
  permission_set_arns text[] not null,
  constraint account_reading_pkey PRIMARY KEY (account_id)
);

create table api_token (
  token_id text not null,
  kind text not null,
  owner_id text not null,
  owner_user_name text not null,
  name text not null,
  scopes text[] not null,
  roles text[] not null,
  addresses text[] not null,
  secret_hash bytea not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  last_used_at timestamp with time zone,
  last_used_address text,
  revoked_at timestamp with time zone,
  revoked_by text,
  revoked_why text,
  constraint api_token_pkey PRIMARY KEY (token_id),
  constraint a_revocation_is_told_whole CHECK ((num_nonnulls(revoked_at, revoked_by, revoked_why) = ANY (ARRAY[0, 3]))),
  constraint a_service_token_is_no_requester_and_no_approver CHECK ((roles <@ ARRAY['auditor'::text, 'admin'::text])),
  constraint a_token_has_scopes CHECK ((cardinality(scopes) > 0)),
  constraint a_token_is_of_a_person_or_a_service CHECK ((kind = ANY (ARRAY['person'::text, 'service'::text]))),
  constraint a_token_keeps_a_hash_and_no_secret CHECK ((length(secret_hash) = 32)),
  constraint a_token_lives_ninety_days_at_most CHECK (((expires_at > created_at) AND (expires_at <= (created_at + '2160:00:00'::interval)))),
  constraint only_a_service_token_has_roles_of_its_own CHECK (((kind = 'service'::text) OR (roles = '{}'::text[])))
);

create table approver_policy (
  policy_id uuid not null,
  version integer not null,
  targets jsonb not null,
  permission_sets text[],
  approver_groups text[] not null,
  approvals_required integer not null,
  exclusive boolean not null,
  ticket text,
  note text not null,
  enabled boolean not null,
  created_at timestamp with time zone not null,
  updated_by text not null,
  updated_at timestamp with time zone not null,
  deleted_at timestamp with time zone,
  constraint approver_policy_pkey PRIMARY KEY (policy_id),
  constraint one_to_five_approvals_are_required CHECK (((approvals_required >= 1) AND (approvals_required <= 5)))
);

create table audit_event (
  seq bigint not null,
  at timestamp with time zone not null,
  actor_type text not null,
  actor_id text not null,
  actor_name text not null,
  action text not null,
  object_type text not null,
  object_id text not null,
  result text not null,
  payload text,
  salt bytea,
  payload_hash bytea not null,
  previous_hash bytea not null,
  hash bytea not null,
  constraint audit_event_pkey PRIMARY KEY (seq),
  constraint an_actor_is_a_user_a_token_or_the_system CHECK ((actor_type = ANY (ARRAY['user'::text, 'token'::text, 'system'::text])))
);

create table audit_head (
  only_row boolean not null default true,
  seq bigint not null,
  hash bytea not null,
  constraint audit_head_pkey PRIMARY KEY (only_row),
  constraint audit_head_only_row_check CHECK (only_row)
);

create table aws_budget (
  bucket text not null,
  tokens double precision not null,
  at timestamp with time zone not null,
  constraint aws_budget_pkey PRIMARY KEY (bucket)
);

create table change_feed (
  seq bigint not null generated always as identity,
  object_type text not null,
  object_id text not null,
  version integer not null,
  at timestamp with time zone not null,
  constraint change_feed_pkey PRIMARY KEY (seq)
);

create table creation_hold (
  only_row boolean not null default true,
  reason text not null,
  since timestamp with time zone not null,
  constraint creation_hold_pkey PRIMARY KEY (only_row),
  constraint creation_hold_only_row_check CHECK (only_row)
);

create table decision (
  request_id uuid not null,
  user_id text not null,
  user_name text not null,
  decision text not null,
  comment text,
  at timestamp with time zone not null,
  counted_for text[] not null default '{}'::text[],
  constraint one_person_decides_once PRIMARY KEY (request_id, user_id),
  constraint decision_request_id_fkey FOREIGN KEY (request_id) REFERENCES request(request_id),
  constraint a_decision_is_yes_or_no CHECK ((decision = ANY (ARRAY['approved'::text, 'rejected'::text])))
);

create table digest_told (
  receiver_id text not null,
  day text not null,
  constraint digest_told_pkey PRIMARY KEY (receiver_id),
  constraint a_day_is_a_date CHECK ((day ~ '^\d{4}-\d{2}-\d{2}$'::text))
);

create table directory_account (
  account_id text not null,
  name text not null,
  state text not null,
  ou_path text[] not null,
  is_management boolean not null,
  gone_at timestamp with time zone,
  constraint directory_account_pkey PRIMARY KEY (account_id)
);

create table directory_group (
  group_id text not null,
  display_name text not null,
  gone_at timestamp with time zone,
  constraint directory_group_pkey PRIMARY KEY (group_id)
);

create table directory_membership (
  group_id text not null,
  user_id text not null,
  constraint directory_membership_pkey PRIMARY KEY (user_id, group_id)
);

create table directory_ou (
  ou_id text not null,
  name text not null,
  parent_id text,
  path text[] not null,
  gone_at timestamp with time zone,
  constraint directory_ou_pkey PRIMARY KEY (ou_id)
);

create table directory_permission_set (
  permission_set_arn text not null,
  name text not null,
  description text not null,
  session_minutes integer,
  level text not null,
  in_management_account boolean not null,
  content_read_at timestamp with time zone,
  gone_at timestamp with time zone,
  managed_policies text[],
  customer_managed_policies text[],
  has_inline_policy boolean,
  constraint directory_permission_set_pkey PRIMARY KEY (permission_set_arn),
  constraint a_level_is_one_of_four CHECK ((level = ANY (ARRAY['read'::text, 'write'::text, 'admin'::text, 'unknown'::text])))
);

create table directory_refresh (
  refresh_id uuid not null,
  state text not null,
  asked_by text,
  started_at timestamp with time zone not null,
  finished_at timestamp with time zone,
  counts jsonb,
  failure text,
  removals jsonb,
  notes text[] not null default '{}'::text[],
  removal_set_id bigint,
  decided_by text,
  decided_at timestamp with time zone,
  used_at timestamp with time zone,
  constraint directory_refresh_pkey PRIMARY KEY (refresh_id),
  constraint directory_refresh_removal_set_id_fkey FOREIGN KEY (removal_set_id) REFERENCES removal_set(removal_set_id),
  constraint a_refresh_state_is_known CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'applied'::text, 'failed'::text, 'held'::text, 'accepted'::text, 'discarded'::text])))
);

create table directory_user (
  user_id text not null,
  user_name text not null,
  display_name text not null,
  email text,
  enabled boolean not null,
  read_at timestamp with time zone not null,
  gone_at timestamp with time zone,
  constraint directory_user_pkey PRIMARY KEY (user_id)
);

create table directory_version (
  only_row boolean not null default true,
  version bigint not null,
  applied_at timestamp with time zone,
  constraint directory_version_pkey PRIMARY KEY (only_row),
  constraint directory_version_only_row_check CHECK (only_row)
);

create table drift (
  account_id text not null,
  permission_set_arn text not null,
  principal_type text not null,
  principal_id text not null,
  first_seen_at timestamp with time zone not null,
  last_seen_at timestamp with time zone not null,
  constraint one_row_an_assignment PRIMARY KEY (account_id, permission_set_arn, principal_type, principal_id),
  constraint a_principal_is_a_user_or_a_group CHECK ((principal_type = ANY (ARRAY['USER'::text, 'GROUP'::text])))
);

create table eligibility_policy (
  policy_id uuid not null,
  version integer not null,
  subject_type text not null,
  subject_id text not null,
  targets jsonb not null,
  permission_sets text[] not null,
  max_duration_minutes integer not null,
  approval_required boolean not null,
  ticket_required boolean not null,
  justification_required boolean not null,
  break_glass boolean not null,
  ticket text,
  note text not null,
  enabled boolean not null,
  created_at timestamp with time zone not null,
  updated_by text not null,
  updated_at timestamp with time zone not null,
  deleted_at timestamp with time zone,
  constraint eligibility_policy_pkey PRIMARY KEY (policy_id),
  constraint a_longest_duration_is_at_least_a_minute CHECK ((max_duration_minutes >= 1)),
  constraint a_subject_is_a_user_or_a_group CHECK ((subject_type = ANY (ARRAY['user'::text, 'group'::text])))
);

create table engine_pass (
  only_row boolean not null default true,
  epoch bigint not null,
  leads_since timestamp with time zone not null,
  passed_at timestamp with time zone not null,
  constraint engine_pass_pkey PRIMARY KEY (only_row),
  constraint engine_pass_only_row_check CHECK (only_row)
);

create table idempotency_key (
  actor_id text not null,
  route text not null,
  key text not null,
  body_hash bytea not null,
  status integer,
  response jsonb,
  created_at timestamp with time zone not null,
  claimed_at timestamp with time zone not null,
  constraint idempotency_key_pkey PRIMARY KEY (actor_id, route, key)
);

create table installation (
  only_row boolean not null default true,
  installation_id uuid not null,
  constraint installation_pkey PRIMARY KEY (only_row),
  constraint installation_only_row_check CHECK (only_row)
);

create table intent (
  intent_id bigint not null generated always as identity,
  key_id bigint not null,
  kind text not null,
  state text not null,
  epoch bigint not null,
  written_at timestamp with time zone not null,
  sent_at timestamp with time zone,
  aws_request_id text,
  settled_at timestamp with time zone,
  reason text,
  request_id uuid,
  constraint intent_pkey PRIMARY KEY (intent_id),
  constraint intent_key_id_fkey FOREIGN KEY (key_id) REFERENCES ledger_key(key_id),
  constraint intent_request_id_fkey FOREIGN KEY (request_id) REFERENCES request(request_id),
  constraint an_accepted_intent_has_an_id CHECK (((state <> 'accepted'::text) OR (aws_request_id IS NOT NULL))),
  constraint an_intent_creates_or_deletes CHECK ((kind = ANY (ARRAY['create'::text, 'delete'::text]))),
  constraint an_intent_state_is_known CHECK ((state = ANY (ARRAY['written'::text, 'accepted'::text, 'succeeded'::text, 'failed'::text, 'refused'::text, 'unknown'::text])))
);

create table late_alarm (
  alarm_id bigint not null generated always as identity,
  key_id bigint not null,
  raised_at timestamp with time zone not null,
  over_at timestamp with time zone,
  acknowledged_at timestamp with time zone,
  acknowledged_by_id text,
  acknowledged_by_name text,
  acknowledgement text,
  constraint late_alarm_pkey PRIMARY KEY (alarm_id),
  constraint late_alarm_key_id_fkey FOREIGN KEY (key_id) REFERENCES ledger_key(key_id),
  constraint an_acknowledgement_says_who_when_and_what CHECK ((num_nulls(acknowledged_at, acknowledged_by_id, acknowledged_by_name, acknowledgement) = ANY (ARRAY[0, 4])))
);

create table late_alarm_told (
  receiver_id text not null,
  up_to_alarm bigint not null,
  told_at timestamp with time zone not null,
  constraint late_alarm_told_pkey PRIMARY KEY (receiver_id)
);

create table leader (
  only_row boolean not null default true,
  epoch bigint not null,
  holder text,
  expires_at timestamp with time zone not null,
  constraint leader_pkey PRIMARY KEY (only_row),
  constraint leader_only_row_check CHECK (only_row)
);

create table ledger_key (
  key_id bigint not null generated always as identity,
  user_id text not null,
  account_id text not null,
  permission_set_arn text not null,
  held boolean not null default false,
  presence text not null default 'absent'::text,
  absent_seen_at timestamp with time zone,
  confirmed_at timestamp with time zone,
  watched_until timestamp with time zone,
  watched_since timestamp with time zone,
  next_look_at timestamp with time zone,
  not_before timestamp with time zone,
  attempts integer not null default 0,
  last_error text,
  late_alarm_at timestamp with time zone,
  next_at timestamp with time zone,
  nudges bigint not null default 0,
  updated_at timestamp with time zone not null,
  observed_at timestamp with time zone,
  missing_since timestamp with time zone,
  unwanted_since timestamp with time zone,
  alarm_not_before timestamp with time zone,
  constraint ledger_key_pkey PRIMARY KEY (key_id),
  constraint one_row_a_key UNIQUE (user_id, account_id, permission_set_arn),
  constraint presence_is_known_or_said_to_be_unknown CHECK ((presence = ANY (ARRAY['absent'::text, 'present'::text, 'unknown'::text])))
);

create table legal_hold (
  hold_id uuid not null,
  user_id text,
  user_name text,
  reason text not null,
  placed_by_id text not null,
  placed_by_name text not null,
  placed_at timestamp with time zone not null,
  released_by_id text,
  released_by_name text,
  release_reason text,
  released_at timestamp with time zone,
  constraint legal_hold_pkey PRIMARY KEY (hold_id),
  constraint a_hold_of_a_person_names_them CHECK (((user_id IS NULL) = (user_name IS NULL))),
  constraint a_release_is_told_whole CHECK ((num_nonnulls(released_by_id, released_by_name, release_reason, released_at) = ANY (ARRAY[0, 4])))
);

create table legal_move (
  from_state text not null,
  to_state text not null,
  constraint legal_move_pkey PRIMARY KEY (from_state, to_state)
);

create table notice (
  notice_id uuid not null,
  request_id uuid,
  event text not null,
  channel text not null,
  receiver_id text not null,
  address text,
  state text not null,
  facts jsonb not null,
  attempts integer not null default 0,
  last_error text,
  provider_id text,
  created_at timestamp with time zone not null,
  sent_at timestamp with time zone,
  unanswered integer not null default 0,
  folded_into uuid,
  resent_at timestamp with time zone,
  constraint notice_pkey PRIMARY KEY (notice_id),
  constraint notice_request_id_fkey FOREIGN KEY (request_id) REFERENCES request(request_id),
  constraint a_channel_is_known CHECK ((channel = ANY (ARRAY['email'::text, 'sns'::text, 'slack'::text, 'webhook'::text]))),
  constraint a_notice_state_is_known CHECK ((state = ANY (ARRAY['queued'::text, 'sent'::text, 'folded'::text, 'dropped'::text, 'failed'::text, 'no_address'::text, 'off'::text]))),
  constraint folded_notices_say_into_which CHECK (((state = 'folded'::text) = (folded_into IS NOT NULL)))
);

create table policy_version (
  kind text not null,
  policy_id uuid not null,
  version integer not null,
  body jsonb,
  changed_by text not null,
  changed_at timestamp with time zone not null,
  accepted_by text,
  by_service_token text,
  constraint policy_version_pkey PRIMARY KEY (policy_id, version),
  constraint a_policy_is_of_one_of_two_kinds CHECK ((kind = ANY (ARRAY['eligibility'::text, 'approver'::text])))
);

create table preference (
  user_id text not null,
  body jsonb not null,
  updated_at timestamp with time zone not null,
  constraint preference_pkey PRIMARY KEY (user_id)
);

create table proposal (
  proposal_id uuid not null,
  version integer not null default 1,
  object_type text not null,
  object_id text not null,
  verb text not null,
  base_version integer not null,
  body jsonb,
  confirm_ending integer,
  before jsonb,
  after jsonb,
  changed text[] not null,
  widens text[] not null,
  author_id text not null,
  author_name text not null,
  author_actor jsonb not null,
  proposed_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  state text not null default 'waiting'::text,
  void_reason text,
  decided_by text,
  decided_name text,
  decided_at timestamp with time zone,
  comment text,
  by_service_token text,
  constraint proposal_pkey PRIMARY KEY (proposal_id),
  constraint a_decision_on_a_proposal_is_told_whole CHECK (
CASE
    WHEN (state = ANY (ARRAY['accepted'::text, 'refused'::text, 'withdrawn'::text])) THEN (num_nulls(decided_by, decided_name, decided_at) = 0)
    ELSE (num_nonnulls(decided_by, decided_name) = 0)
END),
  constraint a_proposal_changes_a_policy_or_settings CHECK ((object_type = ANY (ARRAY['eligibility-policy'::text, 'approver-policy'::text, 'setting'::text]))),
  constraint a_proposal_creates_updates_or_deletes CHECK ((verb = ANY (ARRAY['create'::text, 'update'::text, 'delete'::text]))),
  constraint a_proposal_state_is_known CHECK ((state = ANY (ARRAY['waiting'::text, 'accepted'::text, 'refused'::text, 'withdrawn'::text, 'void'::text]))),
  constraint a_proposal_widens_something CHECK ((cardinality(widens) > 0)),
  constraint a_void_proposal_says_why CHECK (((state = 'void'::text) = (void_reason IS NOT NULL))),
  constraint nobody_accepts_their_own_proposal CHECK (((state <> 'accepted'::text) OR (decided_by <> author_id))),
  constraint only_a_deletion_has_no_body CHECK (((body IS NULL) = (verb = 'delete'::text))),
  constraint only_its_author_withdraws_a_proposal CHECK (((state <> 'withdrawn'::text) OR (decided_by = author_id)))
);

create table refused_sign_in (
  address text not null,
  hour timestamp with time zone not null,
  refusals integer not null,
  constraint refused_sign_in_pkey PRIMARY KEY (hour, address)
);

create table removal_set (
  removal_set_id bigint not null generated always as identity,
  digest bytea not null,
  removals jsonb not null,
  constraint removal_set_pkey PRIMARY KEY (removal_set_id),
  constraint one_row_a_removal_set UNIQUE (digest)
);

create table request (
  request_id uuid not null,
  version integer not null,
  submission_id uuid not null,
  status request_state not null,
  end_state request_state,
  requester_id text not null,
  requester_user_name text not null,
  requester_name text not null,
  requester_email text,
  account_id text not null,
  account_name text not null,
  permission_set_arn text not null,
  permission_set_name text not null,
  target_id bigint not null,
  requested_starts_at timestamp with time zone,
  duration_minutes integer not null,
  justification text not null,
  ticket text,
  break_glass boolean not null,
  extends_request_id uuid,
  approval_required boolean not null,
  approvals_required integer not null,
  approval_needs jsonb not null,
  explanation jsonb not null,
  end_reason text,
  stopped_by_id text,
  stopped_by_name text,
  stop_comment text,
  failure jsonb,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  chain_minutes integer,
  erased_at timestamp with time zone,
  constraint request_pkey PRIMARY KEY (request_id),
  constraint request_extends_request_id_fkey FOREIGN KEY (extends_request_id) REFERENCES request(request_id),
  constraint request_target_id_fkey FOREIGN KEY (target_id) REFERENCES request_target(target_id),
  constraint a_duration_is_at_least_a_minute CHECK ((duration_minutes >= 1)),
  constraint a_request_that_failed_says_why CHECK (((status <> 'failed'::request_state) OR (failure IS NOT NULL))),
  constraint an_end_state_is_final CHECK (((end_state IS NULL) OR (end_state = ANY (ARRAY['ended'::request_state, 'revoked'::request_state, 'cancelled'::request_state, 'failed'::request_state])))),
  constraint an_ending_request_knows_its_end CHECK (((status <> 'ending'::request_state) OR (end_state IS NOT NULL))),
  constraint break_glass_is_for_now_and_extends_nothing CHECK (((NOT break_glass) OR ((requested_starts_at IS NULL) AND (extends_request_id IS NULL))))
);

create table request_state_change (
  change_id bigint not null generated always as identity,
  request_id uuid not null,
  from_state text not null,
  to_state text not null,
  at timestamp with time zone not null,
  constraint request_state_change_pkey PRIMARY KEY (change_id),
  constraint only_legal_moves_of_a_request FOREIGN KEY (from_state, to_state) REFERENCES legal_move(from_state, to_state),
  constraint request_state_change_request_id_fkey FOREIGN KEY (request_id) REFERENCES request(request_id)
);

create table request_target (
  target_id bigint not null generated always as identity,
  account_id text not null,
  permission_set_arn text not null,
  constraint request_target_pkey PRIMARY KEY (target_id),
  constraint one_row_a_target UNIQUE (account_id, permission_set_arn)
);

create table review (
  request_id uuid not null,
  due_at timestamp with time zone not null,
  reminded_at timestamp with time zone,
  reviewer_id text,
  reviewer_user_name text,
  outcome text,
  comment text,
  reviewed_at timestamp with time zone,
  constraint review_pkey PRIMARY KEY (request_id),
  constraint review_request_id_fkey FOREIGN KEY (request_id) REFERENCES request(request_id),
  constraint a_review_finds_use_justified_or_not CHECK ((outcome = ANY (ARRAY['justified'::text, 'not_justified'::text]))),
  constraint a_review_is_given_whole_or_not_at_all CHECK ((num_nonnulls(reviewer_id, reviewer_user_name, outcome, comment, reviewed_at) = ANY (ARRAY[0, 5])))
);

create table rules_version (
  only_row boolean not null default true,
  version bigint not null,
  constraint rules_version_pkey PRIMARY KEY (only_row),
  constraint rules_version_only_row_check CHECK (only_row)
);

create table saml_assertion_once (
  assertion_id text not null,
  expires_at timestamp with time zone not null,
  constraint saml_assertion_once_pkey PRIMARY KEY (assertion_id)
);

create table saved_request (
  saved_request_id uuid not null,
  kind text not null,
  owner_id text not null,
  owner_user_name text not null,
  name text not null,
  targets jsonb not null,
  duration_minutes integer not null,
  justification text,
  created_at timestamp with time zone not null,
  constraint saved_request_pkey PRIMARY KEY (saved_request_id),
  constraint a_saved_request_is_ones_own_or_a_template CHECK ((kind = ANY (ARRAY['own'::text, 'template'::text]))),
  constraint a_saved_request_lasts_whole_minutes CHECK ((duration_minutes >= 1)),
  constraint a_saved_request_names_up_to_twenty_targets CHECK (((jsonb_typeof(targets) = 'array'::text) AND ((jsonb_array_length(targets) >= 1) AND (jsonb_array_length(targets) <= 20))))
);

create table schema_migration (
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null,
  constraint schema_migration_pkey PRIMARY KEY (name)
);

create table schema_minimum (
  only_row boolean not null default true,
  code_level integer not null,
  constraint schema_minimum_pkey PRIMARY KEY (only_row),
  constraint schema_minimum_only_row_check CHECK (only_row)
);

create table sealed_secret (
  name text not null,
  sealed text not null,
  set_at timestamp with time zone not null,
  set_by text not null,
  constraint sealed_secret_pkey PRIMARY KEY (name),
  constraint a_secret_is_kept_sealed CHECK ((sealed ~ '^v1\.[0-9a-f]{16}\.[A-Za-z0-9_-]{38,}$'::text))
);

create table session_log (
  log_id uuid not null,
  request_id uuid not null,
  asked_by text,
  state text not null,
  source text not null,
  location text not null,
  window_from timestamp with time zone not null,
  window_to timestamp with time zone not null,
  complete_at timestamp with time zone,
  query_id text,
  looks integer not null default 0,
  asked_at timestamp with time zone not null,
  started_at timestamp with time zone,
  wanted_until timestamp with time zone not null,
  finished_at timestamp with time zone,
  expires_at timestamp with time zone not null,
  failure jsonb,
  counts jsonb,
  truncated boolean not null default false,
  constraint session_log_pkey PRIMARY KEY (log_id),
  constraint session_log_request_id_fkey FOREIGN KEY (request_id) REFERENCES request(request_id),
  constraint a_session_log_state_is_known CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'failed'::text]))),
  constraint a_session_log_that_failed_says_why CHECK (((state <> 'failed'::text) OR (failure IS NOT NULL))),
  constraint a_session_log_that_is_done_has_counts CHECK (((state <> 'done'::text) OR (counts IS NOT NULL))),
  constraint a_session_log_that_runs_has_a_query CHECK (((state <> 'running'::text) OR (query_id IS NOT NULL)))
);

create table session_log_event (
  log_id uuid not null,
  ordinal integer not null,
  read_only boolean not null,
  failed boolean not null,
  sealed text not null,
  constraint session_log_event_pkey PRIMARY KEY (log_id, ordinal),
  constraint session_log_event_log_id_fkey FOREIGN KEY (log_id) REFERENCES session_log(log_id) ON DELETE CASCADE
);

create table setting (
  only_row boolean not null default true,
  version integer not null,
  body jsonb not null,
  updated_by text not null,
  updated_at timestamp with time zone not null,
  constraint setting_pkey PRIMARY KEY (only_row),
  constraint setting_only_row_check CHECK (only_row)
);

create table setting_version (
  setting_version_id bigint not null generated always as identity,
  version integer not null,
  body jsonb not null,
  changed_by text not null,
  changed_at timestamp with time zone not null,
  accepted_by text,
  by_service_token text,
  constraint setting_version_pkey PRIMARY KEY (setting_version_id)
);

create table sign_in_session (
  id_hash bytea not null,
  user_id text not null,
  csrf_token text not null,
  created_at timestamp with time zone not null,
  last_seen_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  ended_why text,
  locale_hint text,
  constraint sign_in_session_pkey PRIMARY KEY (id_hash)
);

create table slack_interaction_once (
  digest bytea not null,
  received_at timestamp with time zone not null,
  constraint slack_interaction_once_pkey PRIMARY KEY (digest)
);

create table spared_grant (
  request_id uuid not null,
  spared_at timestamp with time zone not null,
  constraint spared_grant_pkey PRIMARY KEY (request_id),
  constraint spared_grant_request_id_fkey FOREIGN KEY (request_id) REFERENCES request(request_id)
);

create table target_look (
  account_id text not null,
  permission_set_arn text not null,
  looked_at timestamp with time zone not null,
  user_ids text[] not null,
  group_ids text[] not null,
  constraint target_look_pkey PRIMARY KEY (account_id, permission_set_arn)
);

-- ── indexes ──

CREATE INDEX access_grant_by_end ON access_grant USING btree (COALESCE(ends_at, '1970-01-01 00:00:00+00'::timestamp with time zone) DESC, request_id DESC);
CREATE INDEX access_grant_covered ON access_grant USING btree (covered_by) WHERE (covered_by IS NOT NULL);
CREATE INDEX access_grant_ends ON access_grant USING btree (ends_at) WHERE (over_at IS NULL);
CREATE INDEX access_grant_extended ON access_grant USING btree (extends_grant_id) WHERE (extends_grant_id IS NOT NULL);
CREATE INDEX access_grant_of_key ON access_grant USING btree (key_id) WHERE (over_at IS NULL);
CREATE INDEX access_grant_use_due ON access_grant USING btree (use_due_at) WHERE (use_due_at IS NOT NULL);
CREATE UNIQUE INDEX one_extension_a_grant ON access_grant USING btree (extends_grant_id) WHERE (over_at IS NULL);
CREATE INDEX access_look_by_age ON access_look USING btree (finished_at) WHERE (state <> 'open'::text);
CREATE INDEX access_look_next ON access_look USING btree (stepped_at) WHERE (state = 'open'::text);
CREATE INDEX access_look_of ON access_look USING btree (subject_type, subject_id, asked_at DESC);
CREATE UNIQUE INDEX one_open_look_a_subject ON access_look USING btree (subject_type, subject_id) WHERE (state = 'open'::text);
CREATE INDEX api_token_newest ON api_token USING btree (created_at DESC, token_id DESC) WHERE (revoked_at IS NULL);
CREATE INDEX api_token_of ON api_token USING btree (owner_id) WHERE (revoked_at IS NULL);
CREATE INDEX approver_policy_list ON approver_policy USING btree (created_at DESC, policy_id) WHERE (deleted_at IS NULL);
CREATE INDEX audit_event_by_time ON audit_event USING btree (at);
CREATE INDEX audit_event_of_action ON audit_event USING btree (action, seq DESC);
CREATE INDEX audit_event_of_actor ON audit_event USING btree (actor_id, seq DESC);
CREATE INDEX audit_event_of_actor_name ON audit_event USING btree (lower(actor_name) text_pattern_ops);
CREATE INDEX audit_event_of_object ON audit_event USING btree (object_type, object_id, seq);
CREATE INDEX change_feed_by_age ON change_feed USING btree (at);
CREATE INDEX decision_of_person ON decision USING btree (user_id, at DESC);
CREATE INDEX directory_membership_by_group ON directory_membership USING btree (group_id);
CREATE INDEX directory_refresh_latest ON directory_refresh USING btree (started_at DESC);
CREATE UNIQUE INDEX one_refresh_runs_at_a_time ON directory_refresh USING btree (state) WHERE (state = 'running'::text);
CREATE UNIQUE INDEX one_refresh_waits_at_a_time ON directory_refresh USING btree (state) WHERE (state = 'queued'::text);
CREATE INDEX directory_user_by_name ON directory_user USING btree (lower(user_name) text_pattern_ops);
CREATE INDEX directory_user_in_order ON directory_user USING btree (lower(user_name) COLLATE "C", user_id COLLATE "C") WHERE (gone_at IS NULL);
CREATE INDEX eligibility_policy_list ON eligibility_policy USING btree (created_at DESC, policy_id) WHERE (deleted_at IS NULL);
CREATE INDEX idempotency_key_by_age ON idempotency_key USING btree (created_at);
CREATE INDEX intent_of_key ON intent USING btree (key_id, intent_id DESC);
CREATE INDEX intent_of_request ON intent USING btree (request_id) WHERE (request_id IS NOT NULL);
CREATE UNIQUE INDEX one_call_in_flight_a_key ON intent USING btree (key_id) WHERE (state = ANY (ARRAY['written'::text, 'accepted'::text]));
CREATE INDEX late_alarm_open ON late_alarm USING btree (alarm_id) WHERE (over_at IS NULL);
CREATE UNIQUE INDEX one_alarm_a_key_at_a_time ON late_alarm USING btree (key_id) WHERE (over_at IS NULL);
CREATE INDEX ledger_key_due ON ledger_key USING btree (next_at) WHERE (next_at IS NOT NULL);
CREATE INDEX ledger_key_held ON ledger_key USING btree (key_id) WHERE held;
CREATE INDEX ledger_key_held_in ON ledger_key USING btree (account_id) WHERE held;
CREATE INDEX ledger_key_to_observe ON ledger_key USING btree (observed_at NULLS FIRST) WHERE (held AND (presence = 'present'::text));
CREATE INDEX ledger_key_watched ON ledger_key USING btree (key_id) WHERE (watched_until IS NOT NULL);
CREATE INDEX legal_hold_newest ON legal_hold USING btree (placed_at DESC, hold_id DESC);
CREATE INDEX legal_hold_open ON legal_hold USING btree (user_id) WHERE (released_at IS NULL);
CREATE INDEX notice_failed ON notice USING btree (created_at DESC, notice_id DESC) WHERE (state = 'failed'::text);
CREATE INDEX notice_of_request ON notice USING btree (request_id, created_at);
CREATE INDEX notice_undelivered ON notice USING btree (created_at) WHERE (state = ANY (ARRAY['queued'::text, 'failed'::text]));
CREATE INDEX notice_waiting ON notice USING btree (channel, receiver_id, event) WHERE (state = 'queued'::text);
CREATE INDEX policy_version_by ON policy_version USING btree (changed_by, changed_at DESC);
CREATE INDEX policy_version_by_program ON policy_version USING btree (accepted_by, changed_at) WHERE (by_service_token IS NOT NULL);
CREATE INDEX proposal_newest ON proposal USING btree (proposed_at DESC, proposal_id DESC);
CREATE INDEX proposal_waiting ON proposal USING btree (object_type, object_id) WHERE (state = 'waiting'::text);
CREATE UNIQUE INDEX one_pending_extension_a_grant ON request USING btree (extends_request_id) WHERE ((status = 'pending'::request_state) AND (extends_request_id IS NOT NULL));
CREATE UNIQUE INDEX one_pending_request_a_key ON request USING btree (requester_id, account_id, permission_set_arn) WHERE ((status = 'pending'::request_state) AND (extends_request_id IS NULL));
CREATE INDEX request_asked_before ON request USING btree (requester_id, target_id, created_at DESC);
CREATE INDEX request_break_glass ON request USING btree (created_at DESC, request_id DESC) WHERE break_glass;
CREATE INDEX request_by_account_id ON request USING btree (account_id text_pattern_ops);
CREATE INDEX request_by_account_name ON request USING btree (lower(NORMALIZE(account_name, NFKC)) text_pattern_ops) INCLUDE (created_at, request_id, account_name);
CREATE INDEX request_by_id_text ON request USING btree (((request_id)::text) text_pattern_ops);
CREATE INDEX request_by_name ON request USING btree (lower(NORMALIZE(requester_name, NFKC)) text_pattern_ops) INCLUDE (created_at, request_id, requester_name);
CREATE INDEX request_by_ticket ON request USING btree (lower(NORMALIZE(ticket, NFKC)) text_pattern_ops) INCLUDE (created_at, request_id, ticket);
CREATE INDEX request_by_user_name ON request USING btree (lower(NORMALIZE(requester_user_name, NFKC)) text_pattern_ops) INCLUDE (created_at, request_id, requester_user_name);
CREATE INDEX request_extension_of ON request USING btree (extends_request_id, created_at) WHERE (extends_request_id IS NOT NULL);
CREATE INDEX request_failed ON request USING btree (created_at DESC, request_id DESC) WHERE (status = 'failed'::request_state);
CREATE INDEX request_newest ON request USING btree (created_at DESC, request_id DESC);
CREATE INDEX request_of_account ON request USING btree (account_id, created_at DESC);
CREATE INDEX request_of_permission_set ON request USING btree (permission_set_arn, created_at DESC, request_id DESC);
CREATE INDEX request_of_requester ON request USING btree (requester_id, created_at DESC, request_id DESC);
CREATE INDEX request_of_submission ON request USING btree (submission_id);
CREATE INDEX request_of_target ON request USING btree (target_id, created_at DESC, request_id DESC);
CREATE INDEX request_open ON request USING btree (status, created_at DESC) WHERE (status = ANY (ARRAY['pending'::request_state, 'scheduled'::request_state, 'activating'::request_state, 'active'::request_state, 'ending'::request_state]));
CREATE INDEX request_pending ON request USING btree (expires_at) WHERE (status = 'pending'::request_state);
CREATE INDEX request_state_change_of ON request_state_change USING btree (request_id, change_id);
CREATE INDEX review_open ON review USING btree (due_at) WHERE (outcome IS NULL);
CREATE INDEX saved_request_own ON saved_request USING btree (owner_id, name) WHERE (kind = 'own'::text);
CREATE INDEX saved_request_template ON saved_request USING btree (name) WHERE (kind = 'template'::text);
CREATE INDEX session_log_expiry ON session_log USING btree (expires_at);
CREATE INDEX session_log_of ON session_log USING btree (request_id, asked_by);
CREATE INDEX session_log_open ON session_log USING btree (asked_at) WHERE (state = ANY (ARRAY['queued'::text, 'running'::text]));
CREATE INDEX setting_version_by ON setting_version USING btree (changed_by, changed_at DESC);
CREATE INDEX setting_version_by_program ON setting_version USING btree (accepted_by, changed_at) WHERE (by_service_token IS NOT NULL);
CREATE INDEX sign_in_session_of ON sign_in_session USING btree (user_id) WHERE (ended_at IS NULL);
CREATE INDEX slack_interaction_once_age ON slack_interaction_once USING btree (received_at);
CREATE INDEX target_look_of_groups ON target_look USING gin (group_ids);
CREATE INDEX target_look_of_users ON target_look USING gin (user_ids);

-- ── functions ──

CREATE OR REPLACE FUNCTION public.enqueue_job(task text, payload json, job_key text, max_attempts integer)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$
  select graphile_worker.add_job(task, payload, job_key => job_key, max_attempts => max_attempts);
$function$
;

CREATE OR REPLACE FUNCTION public.enqueue_notice_job(task text, payload json, job_key text, max_attempts integer, queue text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$
  select graphile_worker.add_job
    (task, payload, queue_name => queue, job_key => job_key, max_attempts => max_attempts);
$function$
;

CREATE OR REPLACE FUNCTION public.enqueue_notice_jobs(task text, notice_ids text[], max_attempts integer, queues text[])
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$
  select graphile_worker.add_jobs(array(
    select row(task, json_build_object('noticeId', notice.id), notice.queue, null, max_attempts,
      notice.id, null, null)::graphile_worker.job_spec
    from unnest(notice_ids, queues) as notice (id, queue)));
$function$
;

CREATE OR REPLACE FUNCTION public.enqueue_session_log(log_id uuid, run_at timestamp with time zone, job_priority integer)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$
  select graphile_worker.add_job(
    'session-log', json_build_object('logId', log_id), queue_name => 'session-log',
    run_at => run_at, job_key => 'session-log ' || log_id, max_attempts => 8,
    priority => job_priority);
$function$
;

CREATE OR REPLACE FUNCTION public.ledger_key_remember_alarm()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'UPDATE' and new.late_alarm_at is not distinct from old.late_alarm_at then
    return null;
  end if;
  update late_alarm set over_at = new.updated_at where key_id = new.key_id and over_at is null;
  if new.late_alarm_at is not null then
    insert into late_alarm (key_id, raised_at) values (new.key_id, new.late_alarm_at);
  end if;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.legal_hold_stays()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if old.released_at is not null then
    raise exception 'hold % is released', old.hold_id
      using errcode = 'check_violation', constraint = 'a_released_hold_stays_released';
  end if;
  return new;
end $function$
;

CREATE OR REPLACE FUNCTION public.proposal_stays()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if old.state <> 'waiting' then
    raise exception 'proposal % is %', old.proposal_id, old.state
      using errcode = 'check_violation', constraint = 'a_proposal_is_decided_once';
  end if;
  if (old.object_type, old.object_id, old.verb, old.base_version, old.body, old.author_id,
      old.widens, old.expires_at)
     is distinct from
     (new.object_type, new.object_id, new.verb, new.base_version, new.body, new.author_id,
      new.widens, new.expires_at) then
    raise exception 'proposal % cannot be changed', old.proposal_id
      using errcode = 'check_violation', constraint = 'a_proposal_stays_as_it_was_made';
  end if;
  return new;
end $function$
;

CREATE OR REPLACE FUNCTION public.request_find_target()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  select target_id into new.target_id from request_target
    where account_id = new.account_id and permission_set_arn = new.permission_set_arn;
  if not found then
    insert into request_target (account_id, permission_set_arn)
      values (new.account_id, new.permission_set_arn)
      on conflict on constraint one_row_a_target
        do update set account_id = excluded.account_id
      returning target_id into new.target_id;
  end if;
  return new;
end $function$
;

CREATE OR REPLACE FUNCTION public.request_remember_state_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'INSERT' then
    insert into request_state_change (request_id, from_state, to_state, at)
      values (new.request_id, 'new', new.status::text, new.updated_at);
  elsif new.status <> old.status then
    insert into request_state_change (request_id, from_state, to_state, at)
      values (new.request_id, old.status::text, new.status::text, new.updated_at);
  end if;
  if tg_op = 'UPDATE' and old.end_state is not null and new.end_state is distinct from old.end_state then
    raise exception 'the end state of request % is fixed', old.request_id
      using errcode = 'check_violation', constraint = 'an_end_state_is_fixed_once';
  end if;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.review_stays()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if old.outcome is not null then
    raise exception 'request % is reviewed already', old.request_id
      using errcode = 'check_violation', constraint = 'a_review_stays_as_it_was_given';
  end if;
  return new;
end $function$
;

CREATE OR REPLACE FUNCTION public.token_stays()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at then
    raise exception 'token % is revoked', old.token_id
      using errcode = 'check_violation', constraint = 'a_revoked_token_stays_revoked';
  end if;
  if (old.kind, old.owner_id, old.scopes, old.roles, old.addresses, old.secret_hash, old.created_at,
      old.expires_at)
     is distinct from
     (new.kind, new.owner_id, new.scopes, new.roles, new.addresses, new.secret_hash, new.created_at,
      new.expires_at) then
    raise exception 'token % cannot be changed', old.token_id
      using errcode = 'check_violation', constraint = 'a_token_stays_as_it_was_made';
  end if;
  return new;
end $function$
;

-- ── triggers ──

CREATE TRIGGER token_stays_as_made BEFORE UPDATE ON api_token FOR EACH ROW EXECUTE FUNCTION token_stays();
CREATE TRIGGER ledger_key_alarms AFTER INSERT OR UPDATE OF late_alarm_at ON ledger_key FOR EACH ROW EXECUTE FUNCTION ledger_key_remember_alarm();
CREATE TRIGGER legal_hold_is_released_once BEFORE UPDATE ON legal_hold FOR EACH ROW EXECUTE FUNCTION legal_hold_stays();
CREATE TRIGGER proposal_stays_as_made BEFORE UPDATE ON proposal FOR EACH ROW EXECUTE FUNCTION proposal_stays();
CREATE TRIGGER request_state_changes AFTER INSERT OR UPDATE ON request FOR EACH ROW EXECUTE FUNCTION request_remember_state_change();
CREATE TRIGGER request_target_is_known BEFORE INSERT ON request FOR EACH ROW EXECUTE FUNCTION request_find_target();
CREATE TRIGGER review_is_given_once BEFORE UPDATE ON review FOR EACH ROW EXECUTE FUNCTION review_stays();

-- ── rights ──

grant execute on function enqueue_job(text,json,text,integer) to team_app;
revoke all on function enqueue_job(text,json,text,integer) from public;
grant execute on function enqueue_notice_job(text,json,text,integer,text) to team_app;
revoke all on function enqueue_notice_job(text,json,text,integer,text) from public;
grant execute on function enqueue_notice_jobs(text,text[],integer,text[]) to team_app;
revoke all on function enqueue_notice_jobs(text,text[],integer,text[]) from public;
grant execute on function enqueue_session_log(uuid,timestamp with time zone,integer) to team_app;
revoke all on function enqueue_session_log(uuid,timestamp with time zone,integer) from public;
grant usage on schema public to public;
grant usage on schema public to team_app;
grant usage on sequence change_feed_seq_seq to team_app;
grant usage on sequence intent_intent_id_seq to team_app;
grant usage on sequence late_alarm_alarm_id_seq to team_app;
grant usage on sequence ledger_key_key_id_seq to team_app;
grant usage on sequence removal_set_removal_set_id_seq to team_app;
grant usage on sequence request_state_change_change_id_seq to team_app;
grant usage on sequence request_target_target_id_seq to team_app;
grant usage on sequence setting_version_setting_version_id_seq to team_app;
grant delete, insert, select, update on table access_grant to team_app;
grant delete, insert, select, update on table access_look to team_app;
grant delete, insert, select, update on table account_reading to team_app;
grant insert, select, update on table api_token to team_app;
grant delete, insert, select, update on table approver_policy to team_app;
grant insert, select on table audit_event to team_app;
grant insert, select, update on table audit_head to team_app;
grant delete, insert, select, update on table aws_budget to team_app;
grant delete, insert, select, update on table change_feed to team_app;
grant delete, insert, select, update on table creation_hold to team_app;
grant delete, insert, select, update on table decision to team_app;
grant delete, insert, select, update on table digest_told to team_app;
grant delete, insert, select, update on table directory_account to team_app;
grant delete, insert, select, update on table directory_group to team_app;
grant delete, insert, select, update on table directory_membership to team_app;
grant delete, insert, select, update on table directory_ou to team_app;
grant delete, insert, select, update on table directory_permission_set to team_app;
grant delete, insert, select, update on table directory_refresh to team_app;
grant delete, insert, select, update on table directory_user to team_app;
grant delete, insert, select, update on table directory_version to team_app;
grant delete, insert, select, update on table drift to team_app;
grant delete, insert, select, update on table eligibility_policy to team_app;
grant delete, insert, select, update on table engine_pass to team_app;
grant delete, insert, select, update on table idempotency_key to team_app;
grant delete, insert, select, update on table installation to team_app;
grant delete, insert, select, update on table intent to team_app;
grant delete, insert, select, update on table late_alarm to team_app;
grant delete, insert, select, update on table late_alarm_told to team_app;
grant delete, insert, select, update on table leader to team_app;
grant delete, insert, select, update on table ledger_key to team_app;
grant insert, select, update on table legal_hold to team_app;
grant select on table legal_move to team_app;
grant delete, insert, select, update on table notice to team_app;
grant delete, insert, select, update on table policy_version to team_app;
grant delete, insert, select, update on table preference to team_app;
grant insert, select, update on table proposal to team_app;
grant delete, insert, select, update on table refused_sign_in to team_app;
grant delete, insert, select, update on table removal_set to team_app;
grant delete, insert, select, update on table request to team_app;
grant insert, select on table request_state_change to team_app;
grant delete, insert, select, update on table request_target to team_app;
grant insert, select, update on table review to team_app;
grant delete, insert, select, update on table rules_version to team_app;
grant delete, insert, select, update on table saml_assertion_once to team_app;
grant delete, insert, select on table saved_request to team_app;
grant select on table schema_migration to team_app;
grant select on table schema_minimum to team_app;
grant delete, insert, select, update on table sealed_secret to team_app;
grant delete, insert, select, update on table session_log to team_app;
grant delete, insert, select, update on table session_log_event to team_app;
grant delete, insert, select, update on table setting to team_app;
grant insert, select on table setting_version to team_app;
grant delete, insert, select, update on table sign_in_session to team_app;
grant delete, insert, select on table slack_interaction_once to team_app;
grant insert, select on table spared_grant to team_app;
grant delete, insert, select, update on table target_look to team_app;
