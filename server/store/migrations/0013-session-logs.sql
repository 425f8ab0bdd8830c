-- Session logs, and a summary of what was done with each grant. Grants that exist have none and
-- none is due for them, which is shown as "not recorded"; the new columns need no rewrite of rows.

-- when its summary is to be gathered; none: not to be, or it is there
alter table access_grant add column use_due_at timestamptz;
alter table access_grant add column use_attempts integer not null default 0;
alter table access_grant add column use_summary jsonb;
alter table access_grant add constraint a_summary_of_use_is_not_due_again
  check (use_summary is null or use_due_at is null);
create index access_grant_use_due on access_grant (use_due_at) where use_due_at is not null;

-- One looking into a source: a person's, to read, or TEAM's own, for a summary.
create table session_log (
  log_id       uuid primary key,
  request_id   uuid not null references request,
  -- null: TEAM itself
  asked_by     text,
  state        text not null,
  -- the setting at that time
  source       text not null,
  location     text not null,
  window_from  timestamptz not null,
  window_to    timestamptz not null,
  -- until then events may still arrive; null: the access was there, or its sessions
  complete_at  timestamptz,
  -- AWS's id of the query
  query_id     text,
  looks        integer not null default 0,
  asked_at     timestamptz not null,
  started_at   timestamptz,
  -- nobody wants it after that
  wanted_until timestamptz not null,
  finished_at  timestamptz,
  -- it is deleted after that, whatever its state
  expires_at   timestamptz not null,
  failure      jsonb,
  counts       jsonb,
  truncated    boolean not null default false,
  constraint a_session_log_state_is_known check (state in ('queued', 'running', 'done', 'failed')),
  constraint a_session_log_that_runs_has_a_query check (state <> 'running' or query_id is not null),
  constraint a_session_log_that_failed_says_why check (state <> 'failed' or failure is not null),
  constraint a_session_log_that_is_done_has_counts check (state <> 'done' or counts is not null)
);
create index session_log_of on session_log (request_id, asked_by);
create index session_log_expiry on session_log (expires_at);
create index session_log_open on session_log (asked_at) where state in ('queued', 'running');

-- What it found: sealed, but for the two flags by which it is filtered.
create table session_log_event (
  log_id    uuid not null references session_log on delete cascade,
  ordinal   integer not null,
  read_only boolean not null,
  failed    boolean not null,
  sealed    text not null,
  primary key (log_id, ordinal)
);

grant select, insert, update, delete on session_log, session_log_event to team_app;

-- One queue for all of them: a step of one at a time, whichever copy works it, and mails keep their
-- workers. What people wait for goes before summaries.
create function enqueue_session_log(log_id uuid, run_at timestamptz, job_priority integer)
returns void language sql security definer set search_path = pg_catalog, public as $$
  select graphile_worker.add_job(
    'session-log', json_build_object('logId', log_id), queue_name => 'session-log',
    run_at => run_at, job_key => 'session-log ' || log_id, max_attempts => 8,
    priority => job_priority);
$$;
revoke all on function enqueue_session_log(uuid, timestamptz, integer) from public;
grant execute on function enqueue_session_log(uuid, timestamptz, integer) to team_app;
