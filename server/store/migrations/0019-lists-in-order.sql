-- The list of people is read page by page in this order; without it each page sorted all of them.
create index directory_user_in_order
  on directory_user ((lower(user_name) collate "C"), (user_id collate "C"))
  where gone_at is null;

-- Break-glass is rare and looked for: without this the whole past was read for it.
create index request_break_glass on request (created_at desc, request_id desc) where break_glass;

-- What was asked for of a set, the newest first: the others of a long past were read in between.
create index request_of_permission_set
  on request (permission_set_arn, created_at desc, request_id desc);
