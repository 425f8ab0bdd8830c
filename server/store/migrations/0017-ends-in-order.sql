-- Ended access is listed by its end, the newest first: without this every grant was sorted for it.
create index access_grant_by_end on access_grant
  (coalesce(ends_at, 'epoch'::timestamptz) desc, request_id desc);
