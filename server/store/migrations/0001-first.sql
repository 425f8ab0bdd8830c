-- The first schema. No rows exist yet.
--
--   directory_*            what AWS says there is (replica, written by the leader's refresh)
--   eligibility_policy, approver_policy, policy_version, setting
--                          who may ask, who decides
--   request ──< decision   one person asking for one target, and what people said to it
--      │  └──< request_state_change      every move it made; only legal ones exist
--      └──1 access_grant   the window it earned
--              └─ ledger_key ──< intent  one assignment that TEAM may have made, and each call for it
--   audit_event, audit_head              the trail, chained by hash
--   notice, change_feed                  who is to be told, by mail and on screen
--   leader, aws_budget                   who talks to AWS, and how fast

create type request_state as enum (
  'pending', 'scheduled', 'activating', 'active', 'ending',
  'ended', 'revoked', 'rejected', 'cancelled', 'expired', 'failed'
);

-- The same table as core/request.ts; a test compares the two. 'new' stands for "not there yet".
create table legal_move (
  from_state text not null,
  to_state   text not null,
  primary key (from_state, to_state)
);
insert into legal_move (from_state, to_state) values
  ('new', 'pending'), ('new', 'scheduled'),
  ('pending', 'scheduled'), ('pending', 'rejected'), ('pending', 'cancelled'),
  ('pending', 'expired'), ('pending', 'failed'),
  ('scheduled', 'activating'), ('scheduled', 'cancelled'), ('scheduled', 'revoked'),
  ('scheduled', 'failed'),
  ('activating', 'active'), ('activating', 'ending'),
  ('active', 'ending'),
  ('ending', 'ended'), ('ending', 'revoked'), ('ending', 'cancelled'), ('ending', 'failed');

-- ── the directory ──────────────────────────────────────────────────────────────────────────────
-- Rows of things that AWS no longer knows stay, with gone_at, so that old ids keep their names.

create table directory_user (
  user_id      text primary key,
  user_name    text not null,
  display_name text not null,
  email        text,
  enabled      boolean not null,
  -- when this person's status and memberships were last read by themselves, or by a full refresh
  read_at      timestamptz not null,
  gone_at      timestamptz
);
create index directory_user_by_name on directory_user (lower(user_name) text_pattern_ops);

create table directory_group (
  group_id     text primary key,
  display_name text not null,
  gone_at      timestamptz
);

create table directory_membership (
  group_id text not null,
  user_id  text not null,
  primary key (user_id, group_id)
);
create index directory_membership_by_group on directory_membership (group_id);

create table directory_ou (
  ou_id     text primary key,
  name      text not null,
  parent_id text,
  -- ids from the root to this one, itself included
  path      text[] not null,
  gone_at   timestamptz
);

create table directory_account (
  account_id    text primary key,
  name          text not null,
  state         text not null,
  -- ids from the root to the direct parent
  ou_path       text[] not null,
  is_management boolean not null,
  gone_at       timestamptz
);

create table directory_permission_set (
  permission_set_arn    text primary key,
  name                  text not null,
  description           text not null,
  session_minutes       integer,
  level                 text not null,
  in_management_account boolean not null,
  content_read_at       timestamptz,
  gone_at               timestamptz,
  constraint a_level_is_one_of_four check (level in ('read', 'write', 'admin', 'unknown'))
);

create table directory_refresh (
  refresh_id  uuid primary key,
  state       text not null,
  asked_by    text,
  started_at  timestamptz not null,
  finished_at timestamptz,
  counts      jsonb,
  failure     text,
  -- what a held refresh would remove: {users: {count, ids: the first of them}, …}
  removals    jsonb,
  -- operations that the endpoint does not offer, and what that means
  notes       text[] not null default '{}',
  constraint a_refresh_state_is_known
    check (state in ('queued', 'running', 'applied', 'failed', 'held', 'discarded'))
);
create unique index one_refresh_runs_at_a_time on directory_refresh (state) where state = 'running';
create unique index one_refresh_waits_at_a_time on directory_refresh (state) where state = 'queued';
create index directory_refresh_latest on directory_refresh (started_at desc);

-- Raised by every change of the replica, so that compiled rules know when they are stale.
create table directory_version (
  only_row   boolean primary key default true check (only_row),
  version    bigint not null,
  applied_at timestamptz
);
insert into directory_version (version) values (0);

-- ── rules ──────────────────────────────────────────────────────────────────────────────────────

create table eligibility_policy (
  policy_id              uuid primary key,
  version                integer not null,
  subject_type           text not null,
  subject_id             text not null,
  targets                jsonb not null,
  permission_sets        text[] not null,
  max_duration_minutes   integer not null,
  approval_required      boolean not null,
  ticket_required        boolean not null,
  justification_required boolean not null,
  break_glass            boolean not null,
  ticket                 text,
  note                   text not null,
  enabled                boolean not null,
  created_at             timestamptz not null,
  updated_by             text not null,
  updated_at             timestamptz not null,
  deleted_at             timestamptz,
  constraint a_subject_is_a_user_or_a_group check (subject_type in ('user', 'group')),
  constraint a_longest_duration_is_at_least_a_minute check (max_duration_minutes >= 1)
);
create index eligibility_policy_list on eligibility_policy (created_at desc, policy_id)
  where deleted_at is null;

create table approver_policy (
  policy_id          uuid primary key,
  version            integer not null,
  targets            jsonb not null,
  permission_sets    text[],
  approver_groups    text[] not null,
  approvals_required integer not null,
  exclusive          boolean not null,
  ticket             text,
  note               text not null,
  enabled            boolean not null,
  created_at         timestamptz not null,
  updated_by         text not null,
  updated_at         timestamptz not null,
  deleted_at         timestamptz,
  constraint one_to_five_approvals_are_required check (approvals_required between 1 and 5)
);
create index approver_policy_list on approver_policy (created_at desc, policy_id)
  where deleted_at is null;

create table policy_version (
  kind       text not null,
  policy_id  uuid not null,
  version    integer not null,
  -- the whole policy as the API shows it; null: deleted by this version
  body       jsonb,
  changed_by text not null,
  changed_at timestamptz not null,
  primary key (policy_id, version),
  constraint a_policy_is_of_one_of_two_kinds check (kind in ('eligibility', 'approver'))
);

create table setting (
  only_row   boolean primary key default true check (only_row),
  version    integer not null,
  body       jsonb not null,
  updated_by text not null,
  updated_at timestamptz not null
);

-- Raised by every change of a policy or setting.
create table rules_version (
  only_row boolean primary key default true check (only_row),
  version  bigint not null
);
insert into rules_version (version) values (0);

-- ── requests ───────────────────────────────────────────────────────────────────────────────────
--
--   pending ──> scheduled ──> activating ──> active ──> ending ──> ended | revoked
--      │            │              └────────────────────>┘    └──> cancelled | failed
--      └> rejected  └> cancelled, revoked, failed
--         cancelled, expired, failed

-- Every target that was ever asked for, so that "may this person decide there" is asked once a
-- target and not once a request.
create table request_target (
  target_id          bigint generated always as identity primary key,
  account_id         text not null,
  permission_set_arn text not null,
  constraint one_row_a_target unique (account_id, permission_set_arn)
);

create table request (
  request_id          uuid primary key,
  version             integer not null,
  submission_id       uuid not null,
  status              request_state not null,
  -- fixed when it enters 'ending'
  end_state           request_state,
  requester_id        text not null,
  requester_user_name text not null,
  requester_name      text not null,
  requester_email     text,
  account_id          text not null,
  account_name        text not null,
  permission_set_arn  text not null,
  permission_set_name text not null,
  -- filled in by a trigger
  target_id           bigint not null references request_target,
  -- null: at once
  requested_starts_at timestamptz,
  duration_minutes    integer not null,
  justification       text not null,
  ticket              text,
  break_glass         boolean not null,
  extends_request_id  uuid references request,
  approval_required   boolean not null,
  approvals_required  integer not null,
  -- [{policyId, approvalsRequired}] of the kept approver policies at submission
  approval_needs      jsonb not null,
  -- the decision's explanation, as it was at submission
  explanation         jsonb not null,
  end_reason          text,
  -- who cancelled, returned or revoked it, and what they said to it
  stopped_by_id       text,
  stopped_by_name     text,
  stop_comment        text,
  -- {code, message}
  failure             jsonb,
  created_at          timestamptz not null,
  expires_at          timestamptz not null,
  updated_at          timestamptz not null,
  constraint a_duration_is_at_least_a_minute check (duration_minutes >= 1),
  constraint an_end_state_is_final check
    (end_state is null or end_state in ('ended', 'revoked', 'cancelled', 'failed')),
  constraint an_ending_request_knows_its_end check
    ((status <> 'ending') or end_state is not null),
  constraint a_request_that_failed_says_why check (status <> 'failed' or failure is not null)
);
create unique index one_pending_request_a_key on request
  (requester_id, account_id, permission_set_arn) where status = 'pending' and extends_request_id is null;
create unique index one_pending_extension_a_grant on request (extends_request_id)
  where status = 'pending' and extends_request_id is not null;
create index request_newest on request (created_at desc, request_id desc);
create index request_of_requester on request (requester_id, created_at desc, request_id desc);
create index request_pending on request (expires_at) where status = 'pending';
create index request_open on request (status, created_at desc)
  where status in ('pending', 'scheduled', 'activating', 'active', 'ending');
create index request_of_submission on request (submission_id);
create index request_of_account on request (account_id, created_at desc);
-- For lists: what begins with the words that somebody types, width and case apart.
create index request_by_id_text on request ((request_id::text) text_pattern_ops);
create index request_by_account_id on request (account_id text_pattern_ops);
create index request_by_ticket on request (lower(normalize(ticket, nfkc)) text_pattern_ops);
create index request_by_user_name on request
  (lower(normalize(requester_user_name, nfkc)) text_pattern_ops);
create index request_by_name on request (lower(normalize(requester_name, nfkc)) text_pattern_ops);
create index request_by_account_name on request
  (lower(normalize(account_name, nfkc)) text_pattern_ops);
create index request_of_target on request (target_id, created_at desc, request_id desc);

create function request_find_target() returns trigger language plpgsql as $$
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
end $$;
create trigger request_target_is_known before insert on request
  for each row execute function request_find_target();

create table request_state_change (
  change_id  bigint generated always as identity primary key,
  request_id uuid not null references request,
  from_state text not null,
  to_state   text not null,
  at         timestamptz not null,
  constraint only_legal_moves_of_a_request foreign key (from_state, to_state) references legal_move
);
create index request_state_change_of on request_state_change (request_id, change_id);

create function request_remember_state_change() returns trigger language plpgsql as $$
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
end $$;
create trigger request_state_changes after insert or update on request
  for each row execute function request_remember_state_change();

create table decision (
  request_id uuid not null references request,
  user_id    text not null,
  user_name  text not null,
  decision   text not null,
  comment    text,
  at         timestamptz not null,
  -- ids of the approver policies in whose groups the person was
  counted_for text[] not null default '{}',
  constraint one_person_decides_once primary key (request_id, user_id),
  constraint a_decision_is_yes_or_no check (decision in ('approved', 'rejected'))
);
create index decision_of_person on decision (user_id, at desc);

-- ── access ─────────────────────────────────────────────────────────────────────────────────────

-- A key that some grant names. TEAM deletes an assignment only where `held` is true.
create table ledger_key (
  key_id             bigint generated always as identity primary key,
  user_id            text not null,
  account_id         text not null,
  permission_set_arn text not null,
  held               boolean not null default false,
  presence           text not null default 'absent',
  -- the first of the looks in a row that showed absence; null when the last one showed presence
  absent_seen_at     timestamptz,
  -- when presence was confirmed as it stands
  confirmed_at       timestamptz,
  -- a call of unknown outcome may still land until then
  watched_until      timestamptz,
  watched_since      timestamptz,
  next_look_at       timestamptz,
  -- no mutation before then (AWS asked for patience, or an attempt failed)
  not_before         timestamptz,
  attempts           integer not null default 0,
  last_error         text,
  late_alarm_at      timestamptz,
  -- when the engine must think about this key again; null: nothing to do
  next_at            timestamptz,
  -- raised by whoever sets next_at from outside the engine
  nudges             bigint not null default 0,
  updated_at         timestamptz not null,
  constraint one_row_a_key unique (user_id, account_id, permission_set_arn),
  constraint presence_is_known_or_said_to_be_unknown
    check (presence in ('absent', 'present', 'unknown'))
);
create index ledger_key_due on ledger_key (next_at) where next_at is not null;
create index ledger_key_held on ledger_key (key_id) where held;

create table access_grant (
  grant_id            uuid primary key,
  request_id          uuid not null unique references request,
  key_id              bigint not null references ledger_key,
  due_at              timestamptz not null,
  -- immediate grants run from AWS's confirmation; scheduled ones from due_at
  immediate           boolean not null,
  duration_minutes    integer not null,
  intent_at           timestamptz,
  hard_end            timestamptz,
  activation_deadline timestamptz,
  -- AWS's confirmation
  granted_at          timestamptz,
  starts_at           timestamptz,
  ends_at             timestamptz,
  -- commit of a revocation, a return or a cancellation
  stopped_at          timestamptz,
  over_at             timestamptz,
  removal_confirmed_at timestamptz,
  excess_seconds      numeric,
  covered_by          uuid references access_grant,
  session_minutes     integer,
  constraint a_grant_ends_after_it_starts check (ends_at > starts_at)
);
create index access_grant_of_key on access_grant (key_id) where over_at is null;
create index access_grant_ends on access_grant (ends_at) where over_at is null;

create table intent (
  intent_id      bigint generated always as identity primary key,
  key_id         bigint not null references ledger_key,
  kind           text not null,
  state          text not null,
  epoch          bigint not null,
  written_at     timestamptz not null,
  sent_at        timestamptz,
  aws_request_id text,
  settled_at     timestamptz,
  reason         text,
  constraint an_intent_creates_or_deletes check (kind in ('create', 'delete')),
  constraint an_intent_state_is_known check
    (state in ('written', 'accepted', 'succeeded', 'failed', 'refused', 'unknown')),
  constraint an_accepted_intent_has_an_id check (state <> 'accepted' or aws_request_id is not null)
);
create unique index one_call_in_flight_a_key on intent (key_id) where state in ('written', 'accepted');
create index intent_of_key on intent (key_id, intent_id desc);

-- ── the trail ──────────────────────────────────────────────────────────────────────────────────

create table audit_event (
  seq           bigint primary key,
  at            timestamptz not null,
  actor_type    text not null,
  actor_id      text not null,
  actor_name    text not null,
  action        text not null,
  object_type   text not null,
  object_id     text not null,
  result        text not null,
  -- canonical JSON text, so that its hash can be computed again from the very bytes; null: erased
  payload       text,
  salt          bytea,
  payload_hash  bytea not null,
  previous_hash bytea not null,
  hash          bytea not null,
  constraint an_actor_is_a_user_a_token_or_the_system
    check (actor_type in ('user', 'token', 'system'))
);
create index audit_event_of_object on audit_event (object_type, object_id, seq);
create index audit_event_of_actor on audit_event (actor_id, seq desc);

create table audit_head (
  only_row boolean primary key default true check (only_row),
  seq      bigint not null,
  hash     bytea not null
);
insert into audit_head (seq, hash) values (0, decode(repeat('00', 32), 'hex'));

-- Written after the head is locked, so its order is the order of commits.
create table change_feed (
  seq         bigint generated always as identity primary key,
  object_type text not null,
  object_id   text not null,
  version     integer not null,
  at          timestamptz not null
);
create index change_feed_by_age on change_feed (at);

-- Refused sign-ins are counted, so that a flood of them is one event an hour.
create table refused_sign_in (
  address   text not null,
  hour      timestamptz not null,
  refusals  integer not null,
  primary key (hour, address)
);

-- ── telling people ─────────────────────────────────────────────────────────────────────────────

create table notice (
  notice_id   uuid primary key,
  request_id  uuid references request,
  event       text not null,
  channel     text not null,
  receiver_id text not null,
  address     text,
  state       text not null,
  -- what the message needs beyond the request as it is when sent
  facts       jsonb not null,
  attempts    integer not null default 0,
  last_error  text,
  provider_id text,
  created_at  timestamptz not null,
  sent_at     timestamptz,
  constraint a_notice_state_is_known
    check (state in ('queued', 'sent', 'dropped', 'failed', 'no_address', 'off'))
);
create index notice_of_request on notice (request_id, created_at);
create index notice_undelivered on notice (created_at) where state in ('queued', 'failed');

-- ── people at the door ─────────────────────────────────────────────────────────────────────────

create table sign_in_session (
  id_hash      bytea primary key,
  user_id      text not null,
  csrf_token   text not null,
  created_at   timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at   timestamptz not null,
  ended_at     timestamptz,
  ended_why    text,
  locale_hint  text
);
create index sign_in_session_of on sign_in_session (user_id) where ended_at is null;

create table saml_assertion_once (
  assertion_id text primary key,
  expires_at   timestamptz not null
);

create table preference (
  user_id    text primary key,
  body       jsonb not null,
  updated_at timestamptz not null
);

create table idempotency_key (
  actor_id   text not null,
  route      text not null,
  key        text not null,
  body_hash  bytea not null,
  status     integer,
  response   jsonb,
  created_at timestamptz not null,
  -- by whom it is worked on since when; a holder that died loses it
  claimed_at timestamptz not null,
  primary key (actor_id, route, key)
);
create index idempotency_key_by_age on idempotency_key (created_at);

-- ── who talks to AWS, and how fast ─────────────────────────────────────────────────────────────
-- On the database's own clock: a lease is about real time.

create table leader (
  only_row   boolean primary key default true check (only_row),
  epoch      bigint not null,
  holder     text,
  expires_at timestamptz not null
);
insert into leader (epoch, holder, expires_at) values (0, null, 'epoch');

create table aws_budget (
  bucket  text primary key,
  tokens  double precision not null,
  -- capped at the burst; filled at the rate, both handed in by the caller
  at      timestamptz not null
);

-- What a look at one target showed, shared by everybody for a minute.
create table target_look (
  account_id         text not null,
  permission_set_arn text not null,
  looked_at          timestamptz not null,
  -- user ids and group ids that hold an assignment there
  user_ids           text[] not null,
  group_ids          text[] not null,
  primary key (account_id, permission_set_arn)
);

-- ── what the application may do ────────────────────────────────────────────────────────────────
-- It appends to the trail and never changes it.

grant usage on schema public to team_app;
grant select, insert, update, delete on all tables in schema public to team_app;
grant usage on all sequences in schema public to team_app;
revoke update, delete, truncate on audit_event from team_app;
revoke delete, truncate on audit_head from team_app;
revoke insert, update, delete on legal_move from team_app;
revoke update, delete on request_state_change from team_app;

-- Jobs are queued in the transaction of the change they are about. graphile-worker's tables belong
-- to the owner; the application may only add to them, through this.
create function enqueue_job(task text, payload json, job_key text, max_attempts integer)
returns void language sql security definer set search_path = pg_catalog, public as $$
  select graphile_worker.add_job(task, payload, job_key => job_key, max_attempts => max_attempts);
$$;
revoke all on function enqueue_job(text, json, text, integer) from public;
grant execute on function enqueue_job(text, json, text, integer) to team_app;
