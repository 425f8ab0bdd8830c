-- API tokens. There are none yet, so nothing of existing rows changes.

create table api_token (
  token_id          text primary key,
  kind              text not null,
  -- the person whose it is; of a service token the administrator who made it
  owner_id          text not null,
  owner_user_name   text not null,
  name              text not null,
  scopes            text[] not null,
  -- of a service token, beside what every requester may
  roles             text[] not null,
  -- networks from which it works; none: from anywhere
  addresses         text[] not null,
  -- SHA-256 of the whole token; the token itself is nowhere
  secret_hash       bytea not null,
  created_at        timestamptz not null,
  expires_at        timestamptz not null,
  -- written sparsely
  last_used_at      timestamptz,
  last_used_address text,
  revoked_at        timestamptz,
  revoked_by        text,
  revoked_why       text,
  constraint a_token_is_of_a_person_or_a_service check (kind in ('person', 'service')),
  constraint only_a_service_token_has_roles_of_its_own check (kind = 'service' or roles = '{}'),
  constraint a_service_token_is_no_requester_and_no_approver check (roles <@ array['auditor', 'admin']),
  constraint a_token_has_scopes check (cardinality(scopes) > 0),
  constraint a_token_lives_ninety_days_at_most
    check (expires_at > created_at and expires_at <= created_at + interval '2160 hours'),
  constraint a_token_keeps_a_hash_and_no_secret check (length(secret_hash) = 32),
  constraint a_revocation_is_told_whole
    check (num_nonnulls(revoked_at, revoked_by, revoked_why) in (0, 3))
);
create index api_token_newest on api_token (created_at desc, token_id desc) where revoked_at is null;
create index api_token_of on api_token (owner_id) where revoked_at is null;

-- What a token is, is written once; a revoked one stays revoked.
create function token_stays() returns trigger language plpgsql as $$
begin
  if old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at then
    raise exception 'token % is revoked', old.token_id
      using errcode = 'check_violation', constraint = 'a_revoked_token_stays_revoked';
  end if;
  if (old.kind, old.owner_id, old.scopes, old.roles, old.addresses, old.secret_hash, old.created_at,
      old.expires_at)
     is distinct from
     (new.kind, new.owner_id, new.scopes, new.roles, new.addresses, new.secret_hash, new.created_at,
      new.expires_at) then
    raise exception 'token % cannot be changed', old.token_id
      using errcode = 'check_violation', constraint = 'a_token_stays_as_it_was_made';
  end if;
  return new;
end $$;
create trigger token_stays_as_made before update on api_token
  for each row execute function token_stays();

grant select, insert, update on api_token to team_app;
