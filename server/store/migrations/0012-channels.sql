-- Notices by several channels. Existing notices are e-mails and stay as they are; what is queued of
-- them is sent as before, by a job without a queue of its own.

alter table notice
  -- attempts whose answer was lost: the receiver may have it more than once, under one id
  add column unanswered integer not null default 0,
  -- told within the message of that notice
  add column folded_into uuid,
  add column resent_at timestamptz,
  drop constraint a_notice_state_is_known,
  add constraint a_notice_state_is_known check
    (state in ('queued', 'sent', 'folded', 'dropped', 'failed', 'no_address', 'off')),
  add constraint a_channel_is_known check (channel in ('email', 'sns', 'slack', 'webhook')),
  add constraint folded_notices_say_into_which check ((state = 'folded') = (folded_into is not null));

create index notice_waiting on notice (channel, receiver_id, event) where state = 'queued';
create index notice_failed on notice (created_at desc, notice_id desc) where state = 'failed';

-- A channel's jobs wait for each other, not for those of another that is down.
create function enqueue_notice_job
  (task text, payload json, job_key text, max_attempts integer, queue text)
returns void language sql security definer set search_path = pg_catalog, public as $$
  select graphile_worker.add_job
    (task, payload, queue_name => queue, job_key => job_key, max_attempts => max_attempts);
$$;
revoke all on function enqueue_notice_job(text, json, text, integer, text) from public;
grant execute on function enqueue_notice_job(text, json, text, integer, text) to team_app;

-- What Slack signed is good for once. Kept for an hour; a signature is good for ten minutes.
create table slack_interaction_once (
  digest      bytea primary key,
  received_at timestamptz not null
);
create index slack_interaction_once_age on slack_interaction_once (received_at);
grant select, insert, delete on slack_interaction_once to team_app;
