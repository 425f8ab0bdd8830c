-- Alarms of late removals, who was told of them, the administrator's word on a held refresh, when
-- the engine last passed, and the hold after a restore. A key that is late now gets its alarm; held
-- refreshes of before wait on, and as what they would remove was not kept whole, the next reading
-- must be held before one can be accepted. Nothing else of existing rows changes.

-- One row an alarm: raised and over with ledger_key.late_alarm_at, whoever writes that.
create table late_alarm (
  alarm_id             bigint generated always as identity primary key,
  key_id               bigint not null references ledger_key,
  raised_at            timestamptz not null,
  -- removal confirmed, another grant covers the key, or it was released
  over_at              timestamptz,
  acknowledged_at      timestamptz,
  acknowledged_by_id   text,
  acknowledged_by_name text,
  acknowledgement      text,
  constraint an_acknowledgement_says_who_when_and_what check (num_nulls
    (acknowledged_at, acknowledged_by_id, acknowledged_by_name, acknowledgement) in (0, 4))
);
create unique index one_alarm_a_key_at_a_time on late_alarm (key_id) where over_at is null;
create index late_alarm_open on late_alarm (alarm_id) where over_at is null;

create function ledger_key_remember_alarm() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.late_alarm_at is not distinct from old.late_alarm_at then
    return null;
  end if;
  update late_alarm set over_at = new.updated_at where key_id = new.key_id and over_at is null;
  if new.late_alarm_at is not null then
    insert into late_alarm (key_id, raised_at) values (new.key_id, new.late_alarm_at);
  end if;
  return null;
end $$;
create trigger ledger_key_alarms after insert or update of late_alarm_at on ledger_key
  for each row execute function ledger_key_remember_alarm();
insert into late_alarm (key_id, raised_at)
  select key_id, late_alarm_at from ledger_key where late_alarm_at is not null;

create index ledger_key_watched on ledger_key (key_id) where watched_until is not null;

-- Alarms up to this one were told to this person, at that time.
create table late_alarm_told (
  receiver_id text primary key,
  up_to_alarm bigint not null,
  told_at     timestamptz not null
);

-- What held refreshes would remove, whole; readings that would remove the same share a row.
create table removal_set (
  removal_set_id bigint generated always as identity primary key,
  digest         bytea not null,
  -- {users: [id], groups: [id], memberships: ["groupId userId"], …}
  removals       jsonb not null,
  constraint one_row_a_removal_set unique (digest)
);
alter table directory_refresh
  add column removal_set_id bigint references removal_set,
  add column decided_by     text,
  add column decided_at     timestamptz,
  -- an acceptance is good for one complete reading
  add column used_at        timestamptz,
  drop constraint a_refresh_state_is_known,
  add constraint a_refresh_state_is_known
    check (state in ('queued', 'running', 'applied', 'failed', 'held', 'accepted', 'discarded'));

-- Who leads, and when the loop last went round; written by the leader, at most once a second.
create table engine_pass (
  only_row    boolean primary key default true check (only_row),
  epoch       bigint not null,
  -- the first pass of this epoch
  leads_since timestamptz not null,
  passed_at   timestamptz not null
);

-- Names this database beside the files that are kept outside it. Written by the first start.
create table installation (
  only_row        boolean primary key default true check (only_row),
  installation_id uuid not null
);

-- While there is a row, TEAM creates no access; it goes on removing.
create table creation_hold (
  only_row boolean primary key default true check (only_row),
  reason   text not null,
  since    timestamptz not null
);

grant select, insert, update, delete on
  late_alarm, late_alarm_told, removal_set, engine_pass, installation, creation_hold to team_app;
grant usage on all sequences in schema public to team_app;
