-- Secrets of channels, sealed. There are none yet, so nothing of existing rows changes.

create table sealed_secret (
  name   text primary key,
  -- version, id of the key, nonce with ciphertext and tag; opened by TEAM_SECRET, which is not here
  sealed text not null,
  set_at timestamptz not null,
  set_by text not null,
  constraint a_secret_is_kept_sealed check (sealed ~ '^v1\.[0-9a-f]{16}\.[A-Za-z0-9_-]{38,}$')
);

grant select, insert, update, delete on sealed_secret to team_app;
