-- A page of what begins so is sorted by time. With the time in the index, the rows need not be read:
-- a name that a thousand people share read five thousand pages. The column itself is there because
-- PostgreSQL else does not see that the index says it all.
drop index request_by_user_name;
create index request_by_user_name on request
  (lower(normalize(requester_user_name, nfkc)) text_pattern_ops)
  include (created_at, request_id, requester_user_name);
drop index request_by_name;
create index request_by_name on request (lower(normalize(requester_name, nfkc)) text_pattern_ops)
  include (created_at, request_id, requester_name);
drop index request_by_account_name;
create index request_by_account_name on request
  (lower(normalize(account_name, nfkc)) text_pattern_ops)
  include (created_at, request_id, account_name);
drop index request_by_ticket;
create index request_by_ticket on request (lower(normalize(ticket, nfkc)) text_pattern_ops)
  include (created_at, request_id, ticket);
