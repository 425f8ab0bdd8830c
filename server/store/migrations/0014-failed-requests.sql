-- Counting the requests that failed lately. Rows stay as they are; the index is built in a second or
-- two at a million requests.

create index request_failed on request (created_at desc, request_id desc) where status = 'failed';
