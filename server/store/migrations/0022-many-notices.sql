-- Jobs for many notices at once. Made one by one, those of a large group take longer than a
-- transaction may. No rows change; the function for one stays, for older code and for the few.
create or replace function enqueue_notice_jobs
  (task text, notice_ids text[], max_attempts integer, queues text[])
returns void language sql security definer set search_path = pg_catalog, public as $$
  select graphile_worker.add_jobs(array(
    select row(task, json_build_object('noticeId', notice.id), notice.queue, null, max_attempts,
      notice.id, null, null)::graphile_worker.job_spec
    from unnest(notice_ids, queues) as notice (id, queue)));
$$;
revoke all on function enqueue_notice_jobs(text, text[], integer, text[]) from public;
grant execute on function enqueue_notice_jobs(text, text[], integer, text[]) to team_app;
