-- Looks at standing access that people ask for. There are none yet, so nothing of existing rows
-- changes; indexes are added to what earlier looks showed and to the keys that are held.

create table access_look (
  look_id       uuid primary key,
  -- about an account, or about a person in the accounts named in accounts_left
  subject_type  text not null,
  subject_id    text not null,
  state         text not null,
  asked_by_id   text not null,
  asked_at      timestamptz not null,
  -- of the first call; what is shown may be as old as this
  begun_at      timestamptz,
  -- of the latest step: whoever has waited longest is next
  stepped_at    timestamptz not null,
  not_before    timestamptz,
  finished_at   timestamptz,
  -- what is still to be read: accounts, then the sets provisioned in the one being read
  accounts_left text[] not null,
  account_id    text,
  account_at    timestamptz,
  account_sets  text[] not null default '{}',
  sets_left     text[] not null default '{}',
  accounts_total integer not null,
  accounts_done integer not null default 0,
  targets_done  integer not null default 0,
  -- failures in a row
  attempts      integer not null default 0,
  failure       text,
  constraint a_look_is_about_an_account_or_a_person check (subject_type in ('account', 'user')),
  constraint a_look_is_open_done_or_failed check (state in ('open', 'done', 'failed')),
  constraint a_look_that_is_over_says_when check ((state = 'open') = (finished_at is null)),
  constraint a_look_that_failed_says_why check (state <> 'failed' or failure is not null)
);
create unique index one_open_look_a_subject on access_look (subject_type, subject_id)
  where state = 'open';
create index access_look_next on access_look (stepped_at) where state = 'open';
create index access_look_of on access_look (subject_type, subject_id, asked_at desc);
create index access_look_by_age on access_look (finished_at) where state <> 'open';

-- When every target of an account was last read, and which sets AWS said are provisioned there.
create table account_reading (
  account_id          text primary key,
  read_at             timestamptz not null,
  permission_set_arns text[] not null
);

create index target_look_of_users on target_look using gin (user_ids);
create index target_look_of_groups on target_look using gin (group_ids);
create index ledger_key_held_in on ledger_key (account_id) where held;

grant select, insert, update, delete on access_look, account_reading to team_app;
