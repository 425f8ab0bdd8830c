-- Extensions adjoin the grant that they extend; break-glass is reviewed. Rows that exist extend
-- nothing and are no break-glass, so they need no value: no chain_minutes means the request's own
-- duration, and no row in review means that there is nothing to review.

-- Of an extension: how long the whole chain lasts, from the first grant on.
alter table request add column chain_minutes integer;
alter table request add constraint break_glass_is_for_now_and_extends_nothing
  check (not break_glass or (requested_starts_at is null and extends_request_id is null));
create index request_extension_of on request (extends_request_id, created_at)
  where extends_request_id is not null;

alter table access_grant add column extends_grant_id uuid references access_grant;
create unique index one_extension_a_grant on access_grant (extends_grant_id) where over_at is null;

create table review (
  request_id         uuid primary key references request,
  due_at             timestamptz not null,
  -- when it was told that the review is due
  reminded_at        timestamptz,
  reviewer_id        text,
  reviewer_user_name text,
  outcome            text,
  comment            text,
  reviewed_at        timestamptz,
  constraint a_review_finds_use_justified_or_not check (outcome in ('justified', 'not_justified')),
  constraint a_review_is_given_whole_or_not_at_all check
    (num_nonnulls(reviewer_id, reviewer_user_name, outcome, comment, reviewed_at) in (0, 5))
);
create index review_open on review (due_at) where outcome is null;

-- A review is written once and never taken away.
create function review_stays() returns trigger language plpgsql as $$
begin
  if old.outcome is not null then
    raise exception 'request % is reviewed already', old.request_id
      using errcode = 'check_violation', constraint = 'a_review_stays_as_it_was_given';
  end if;
  return new;
end $$;
create trigger review_is_given_once before update on review
  for each row execute function review_stays();

grant select, insert, update on review to team_app;
