-- The day for which an administrator last got, or did not need, the daily digest. A new table; rows
-- that are there stay as they are.

create table digest_told (
  receiver_id text primary key,
  day text not null,
  constraint a_day_is_a_date check (day ~ '^\d{4}-\d{2}-\d{2}$')
);

grant select, insert, update, delete on digest_told to team_app;
