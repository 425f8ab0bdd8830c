-- Proposals of administrators, the history of settings, and who accepted a version. The settings as
-- they stand become the first row of their history; every version of a policy counts as made without
-- anybody's acceptance, which is so. Nothing else of existing rows changes.

alter table policy_version
  -- another administrator, who accepted it as a proposal
  add column accepted_by text;
create index policy_version_by on policy_version (changed_by, changed_at desc);

create table setting_version (
  setting_version_id bigint generated always as identity primary key,
  version            integer not null,
  body               jsonb not null,
  changed_by         text not null,
  changed_at         timestamptz not null,
  accepted_by        text
);
insert into setting_version (version, body, changed_by, changed_at)
  select version, body, updated_by, updated_at from setting;
create index setting_version_by on setting_version (changed_by, changed_at desc);

-- A change that widens access and waits for another administrator, or has waited.
create table proposal (
  proposal_id    uuid primary key,
  version        integer not null default 1,
  object_type    text not null,
  -- of a policy that is to be made: the id that it will have
  object_id      text not null,
  verb           text not null,
  -- the version that the author changed; 0: there is none yet
  base_version   integer not null,
  -- as it was sent; null: to be deleted
  body           jsonb,
  confirm_ending integer,
  -- what was there, and what would be, as the API shows it; null: nothing
  before         jsonb,
  after          jsonb,
  -- fields that would change, and why access would be wider
  changed        text[] not null,
  widens         text[] not null,
  author_id      text not null,
  author_name    text not null,
  -- as the trail knows who sent it: {type, id, name}
  author_actor   jsonb not null,
  proposed_at    timestamptz not null,
  expires_at     timestamptz not null,
  state          text not null default 'waiting',
  void_reason    text,
  decided_by     text,
  decided_name   text,
  decided_at     timestamptz,
  comment        text,
  constraint a_proposal_state_is_known
    check (state in ('waiting', 'accepted', 'refused', 'withdrawn', 'void')),
  constraint a_proposal_changes_a_policy_or_settings
    check (object_type in ('eligibility-policy', 'approver-policy', 'setting')),
  constraint a_proposal_creates_updates_or_deletes check (verb in ('create', 'update', 'delete')),
  constraint only_a_deletion_has_no_body check ((body is null) = (verb = 'delete')),
  constraint a_proposal_widens_something check (cardinality(widens) > 0),
  constraint nobody_accepts_their_own_proposal check (state <> 'accepted' or decided_by <> author_id),
  constraint only_its_author_withdraws_a_proposal
    check (state <> 'withdrawn' or decided_by = author_id),
  constraint a_decision_on_a_proposal_is_told_whole check (
    case when state in ('accepted', 'refused', 'withdrawn')
      then num_nulls(decided_by, decided_name, decided_at) = 0
      else num_nonnulls(decided_by, decided_name) = 0 end),
  constraint a_void_proposal_says_why check ((state = 'void') = (void_reason is not null))
);
create index proposal_newest on proposal (proposed_at desc, proposal_id desc);
create index proposal_waiting on proposal (object_type, object_id) where state = 'waiting';

-- What was decided on a proposal stays decided, and what it proposes is written once.
create function proposal_stays() returns trigger language plpgsql as $$
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
end $$;
create trigger proposal_stays_as_made before update on proposal
  for each row execute function proposal_stays();

-- Live access that nothing allowed any more when "end on lost eligibility" was turned on: a setting
-- ends no live access, so it goes on to its own end.
create table spared_grant (
  request_id uuid primary key references request,
  spared_at  timestamptz not null
);

grant select, insert on setting_version to team_app;
grant select, insert, update on proposal to team_app;
grant select, insert on spared_grant to team_app;
grant usage on all sequences in schema public to team_app;
