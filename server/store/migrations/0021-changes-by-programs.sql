-- The word of a service token is the word of whoever holds its secret, and not that of the
-- administrator who made it: who is not known may be any of them.
alter table policy_version add column by_service_token text;
alter table setting_version add column by_service_token text;
alter table proposal add column by_service_token text;
create index policy_version_by_program on policy_version (accepted_by, changed_at)
  where by_service_token is not null;
create index setting_version_by_program on setting_version (accepted_by, changed_at)
  where by_service_token is not null;
