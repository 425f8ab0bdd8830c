-- What is observed of access while it lives, and of access that comes too late. Existing keys have
-- not been observed yet; existing intents keep no request, so a late landing of theirs has none.

alter table ledger_key
  -- when a look last covered this key
  add column observed_at      timestamptz,
  -- the first of the looks in a row that missed it while it was settled and believed present
  add column missing_since    timestamptz,
  -- it landed when nobody wanted it any more: the look before, from which on it is in excess
  add column unwanted_since   timestamptz,
  -- AWS's quota explains the delay until then
  add column alarm_not_before timestamptz;

-- Live targets, the longest unobserved first.
create index ledger_key_to_observe on ledger_key (observed_at nulls first)
  where held and presence = 'present';

alter table intent
  -- whose access it was about
  add column request_id uuid references request;

-- Assignments to people on targets that TEAM manages, which its ledger does not hold.
create table drift (
  account_id         text not null,
  permission_set_arn text not null,
  principal_type     text not null,
  principal_id       text not null,
  first_seen_at      timestamptz not null,
  last_seen_at       timestamptz not null,
  constraint one_row_an_assignment
    primary key (account_id, permission_set_arn, principal_type, principal_id),
  constraint a_principal_is_a_user_or_a_group check (principal_type in ('USER', 'GROUP'))
);
grant select, insert, update, delete on drift to team_app;
