-- The list of people is read page by page in this order; without it each page sorted all of them.
create index directory_user_in_order
  on directory_user ((lower(user_name) collate "C"), (user_id collate "C"))
  where gone_at is null;

-- Break-glass is rare and looked for: without this the whole past was read for it.
create index request_break_glass on request (created_at desc, request_id desc) where break_glass;
