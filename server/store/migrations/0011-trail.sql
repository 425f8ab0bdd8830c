-- Searching and cutting the trail, legal holds, and what was erased of requests. Existing rows keep
-- what they say; building the indexes on a trail of a million events takes some seconds.

create index audit_event_by_time on audit_event (at);
create index audit_event_of_action on audit_event (action, seq desc);
create index audit_event_of_actor_name on audit_event (lower(actor_name) text_pattern_ops);

-- So that a request that is older than seven years goes without a look at every other one.
create index access_grant_covered on access_grant (covered_by) where covered_by is not null;
create index access_grant_extended on access_grant (extends_grant_id)
  where extends_grant_id is not null;
create index intent_of_request on intent (request_id) where request_id is not null;

-- When the texts of this request were erased for privacy; what was granted to whom stays.
alter table request add column erased_at timestamptz;

-- While one is open, nothing of this person, or of anybody, is erased or removed by retention.
create table legal_hold (
  hold_id          uuid primary key,
  -- null: everybody
  user_id          text,
  user_name        text,
  reason           text not null,
  placed_by_id     text not null,
  placed_by_name   text not null,
  placed_at        timestamptz not null,
  released_by_id   text,
  released_by_name text,
  release_reason   text,
  released_at      timestamptz,
  constraint a_release_is_told_whole check
    (num_nonnulls(released_by_id, released_by_name, release_reason, released_at) in (0, 4)),
  constraint a_hold_of_a_person_names_them check ((user_id is null) = (user_name is null))
);
create index legal_hold_open on legal_hold (user_id) where released_at is null;
create index legal_hold_newest on legal_hold (placed_at desc, hold_id desc);

create function legal_hold_stays() returns trigger language plpgsql as $$
begin
  if old.released_at is not null then
    raise exception 'hold % is released', old.hold_id
      using errcode = 'check_violation', constraint = 'a_released_hold_stays_released';
  end if;
  return new;
end $$;
create trigger legal_hold_is_released_once before update on legal_hold
  for each row execute function legal_hold_stays();

grant select, insert, update on legal_hold to team_app;
