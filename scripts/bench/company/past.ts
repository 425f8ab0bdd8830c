/**
 * Years of use of a large company, put into the database as they would have been left: five thousand
 * policies, a million requests with what became of them, a million events. In SQL, because asking
 * for them by the API would take days. Dice have a seed, so two runs see the same company.
 */
import type pg from 'pg'

export interface PastSize {
  readonly policies: number
  readonly requests: number
  readonly events: number
  /** Of the requests: waiting for somebody's decision now. */
  readonly pending: number
}

export const fullSize: PastSize = {
  policies: 5_000,
  requests: 1_000_000,
  events: 1_000_000,
  pending: 2_000,
}

/** Rows of one statement: a session's memory stays small, and progress can be told. */
const rowsAtOnce = 100_000

export async function plantPast(
  owner: pg.Pool,
  size: PastSize,
  told: (what: string) => void,
): Promise<void> {
  const client = await owner.connect()
  try {
    await client.query(`set statement_timeout = 0; set transaction_timeout = 0;
      set idle_in_transaction_session_timeout = 0;
      alter table request disable trigger user; select setseed(0.42);
      update directory_permission_set set content_read_at = clock_timestamp();`)
    await client.query(drawn)
    await client.query(policies, [Math.ceil(size.policies / 2)])
    told(`${size.policies} policies`)
    for (let from = 0; from < size.requests; from += rowsAtOnce) {
      const to = Math.min(from + rowsAtOnce, size.requests) - 1
      await client.query(requests, [from, to, size.pending, size.requests])
      told(`${to + 1} requests`)
    }
    await client.query(afterRequests)
    for (let from = 0; from < size.events; from += rowsAtOnce) {
      await client.query(events, [from, Math.min(from + rowsAtOnce, size.events) - 1])
    }
    await client.query(headOfEvents)
    told(`${size.events} events`)
    await client.query('alter table request enable trigger user')
    await client.query('vacuum analyze')
  } finally {
    // Its settings must not reach whoever takes it next.
    client.release(true)
  }
}

/** Who and what there is, by number, so that a row of dice names them without a search. */
const drawn = `
create temp table one_user as select (row_number() over (order by user_id) - 1)::int as nr,
  user_id, user_name, display_name, email from directory_user;
create temp table one_group as select (row_number() over (order by group_id) - 1)::int as nr,
  group_id from directory_group;
create temp table one_account as select (row_number() over (order by account_id) - 1)::int as nr,
  account_id, name from directory_account;
create temp table one_set as select (row_number() over (order by permission_set_arn) - 1)::int as nr,
  permission_set_arn, name from directory_permission_set;
create temp table one_unit as select (row_number() over (order by ou_id) - 1)::int as nr,
  ou_id from directory_ou;
create unique index on one_user (nr); create unique index on one_group (nr);
create unique index on one_account (nr); create unique index on one_set (nr);
create unique index on one_unit (nr);
analyze one_user; analyze one_group; analyze one_account; analyze one_set; analyze one_unit;
insert into request_target (account_id, permission_set_arn)
  select account_id, permission_set_arn from one_account a, one_set s
  where (a.nr * 7 + s.nr) % 25 = 0 on conflict do nothing;
create temp table one_target as select (row_number() over (order by target_id) - 1)::int as nr, t.*,
  a.name as account_name, s.name as set_name from request_target t
  join one_account a using (account_id) join one_set s using (permission_set_arn);
create unique index on one_target (nr);
analyze one_target;`

const policies = `
with counts as (select
  (select count(*) from one_group)::int as groups, (select count(*) from one_account)::int as accounts,
  (select count(*) from one_unit)::int as units, (select count(*) from one_set)::int as sets),
eligibility as (
  insert into eligibility_policy (policy_id, version, subject_type, subject_id, targets,
    permission_sets, max_duration_minutes, approval_required, ticket_required,
    justification_required, break_glass, note, enabled, created_at, updated_by, updated_at)
  select gen_random_uuid(), 1, 'group', g.group_id,
    case n % 4
      when 0 then jsonb_build_object('accounts', '[]'::jsonb, 'root', false, 'organizationalUnits',
        jsonb_build_array(jsonb_build_object('id', u.ou_id, 'scope', 'subtree')))
      when 1 then jsonb_build_object('accounts', '[]'::jsonb, 'root', false, 'organizationalUnits',
        jsonb_build_array(jsonb_build_object('id', u.ou_id, 'scope', 'children')))
      else jsonb_build_object('accounts', (select jsonb_agg(account_id) from one_account a
        where a.nr in (n % c.accounts, n * 7 % c.accounts, n * 13 % c.accounts, n * 29 % c.accounts)),
        'root', false, 'organizationalUnits', '[]'::jsonb)
    end,
    case when n % 5 = 0 then array['Read*'] else array(select permission_set_arn from one_set s
      where s.nr in (n % c.sets, n * 3 % c.sets, n * 11 % c.sets)) end,
    60 * (1 + n % 8), n % 3 > 0, n % 7 = 0, true, n % 50 = 0, 'Team ' || n, n % 40 > 0,
    clock_timestamp() - make_interval(mins => n), 'bench', clock_timestamp()
  from generate_series(0, $1::int - 1) n, counts c, lateral (select
    (select group_id from one_group where nr = n % c.groups) as group_id) g, lateral (select
    (select ou_id from one_unit where nr = n % c.units) as ou_id) u)
insert into approver_policy (policy_id, version, targets, permission_sets, approver_groups,
  approvals_required, exclusive, note, enabled, created_at, updated_by, updated_at)
select gen_random_uuid(), 1,
  case when n % 4 = 0 then jsonb_build_object('accounts', '[]'::jsonb, 'root', false,
      'organizationalUnits', jsonb_build_array(jsonb_build_object('id',
        (select ou_id from one_unit where nr = n % c.units), 'scope', 'subtree')))
    else jsonb_build_object('accounts', (select jsonb_agg(account_id) from one_account a
      where a.nr in (n % c.accounts, n * 17 % c.accounts, n * 31 % c.accounts)),
      'root', false, 'organizationalUnits', '[]'::jsonb) end,
  case when n % 3 = 0 then array(select permission_set_arn from one_set s
    where s.nr in (n % c.sets, n * 5 % c.sets)) end,
  array(select group_id from one_group where nr in (n % c.groups, n * 19 % c.groups)),
  1 + (n % 10 = 0)::int, n % 100 = 0, 'Team ' || n, n % 40 > 0,
  clock_timestamp() - make_interval(mins => n), 'bench', clock_timestamp()
from generate_series(0, $1::int - 1) n, counts c`

/** Newest last; the very newest of them wait for a decision. */
const requests = `
with dice as (
  select n, random() as fate, (power(random(), 2) * (select count(*) from one_user))::int as user_nr,
    (power(random(), 2) * (select count(*) from one_target))::int as target_nr,
    clock_timestamp() - (($4::int - n) * interval '3 years' / $4::int) as at,
    n >= $4::int - $3::int as is_pending
  from generate_series($1::int, $2::int) n)
insert into request (request_id, version, submission_id, status, end_state, requester_id,
  requester_user_name, requester_name, requester_email, account_id, account_name,
  permission_set_arn, permission_set_name, target_id, duration_minutes, justification, ticket,
  break_glass, approval_required, approvals_required, approval_needs, explanation, end_reason,
  failure, created_at, expires_at, updated_at)
select gen_random_uuid(), 3, gen_random_uuid(), f.status::request_state,
  case when f.status in ('ended', 'revoked') then f.status::request_state end,
  u.user_id, u.user_name, u.display_name, u.email, t.account_id, t.account_name,
  t.permission_set_arn, t.set_name, t.target_id, 30 * (1 + n % 16),
  'Looking into what the alarm of service ' || n % 997 || ' said',
  case when n % 2 = 0 then 'OPS-' || n % 100000 end, n % 500 = 0, n % 4 > 0, (n % 4 > 0)::int,
  '[]', '{}', case when f.status = 'ended' then 'time_up' end,
  case when f.status = 'failed' then '{"code": "not_eligible", "message": ""}'::jsonb end,
  at, case when is_pending then clock_timestamp() + interval '3 hours' else at + interval '3 hours' end,
  at
from dice
join one_user u on u.nr = least(user_nr, (select max(nr) from one_user))
join one_target t on t.nr = least(target_nr, (select max(nr) from one_target)),
lateral (select case when is_pending then 'pending' when fate < 0.75 then 'ended'
  when fate < 0.83 then 'rejected' when fate < 0.89 then 'cancelled' when fate < 0.95 then 'expired'
  when fate < 0.98 then 'revoked' else 'failed' end as status) f
on conflict do nothing`

/** What belongs to requests of the past: votes, keys, grants, reviews. */
const afterRequests = `
insert into decision (request_id, user_id, user_name, decision, at, counted_for)
  select r.request_id, u.user_id, u.user_name,
    case when r.status = 'rejected' then 'rejected' else 'approved' end, r.created_at, '{}'
  from request r join one_user u
    on u.nr = (hashtext(r.request_id::text) & 2047) % (select least(2048, count(*)) from one_user)
  where r.approval_required and r.status in ('ended', 'revoked', 'rejected');
insert into ledger_key (user_id, account_id, permission_set_arn, updated_at)
  select requester_id, account_id, permission_set_arn, max(created_at) from request
  where status in ('ended', 'revoked') group by 1, 2, 3
  on conflict do nothing;
insert into access_grant (grant_id, request_id, key_id, due_at, immediate, duration_minutes,
    intent_at, hard_end, activation_deadline, granted_at, starts_at, ends_at, over_at,
    removal_confirmed_at, excess_seconds, session_minutes)
  select gen_random_uuid(), r.request_id, k.key_id, r.created_at, true, r.duration_minutes,
    r.created_at, r.created_at + interval '10 hours', r.created_at + interval '10 minutes',
    r.created_at, r.created_at, r.created_at + make_interval(mins => r.duration_minutes),
    r.created_at + make_interval(mins => r.duration_minutes, secs => 2),
    r.created_at + make_interval(mins => r.duration_minutes, secs => 2), 2, 60
  from request r join ledger_key k on k.user_id = r.requester_id and k.account_id = r.account_id
    and k.permission_set_arn = r.permission_set_arn
  where r.status in ('ended', 'revoked');
insert into review (request_id, due_at, reminded_at)
  select request_id, created_at + interval '1 day', created_at + interval '1 day' from request
  where break_glass and status = 'ended' order by created_at desc limit 500;`

const events = `
insert into audit_event (seq, at, actor_type, actor_id, actor_name, action, object_type, object_id,
  result, payload, salt, payload_hash, previous_hash, hash)
select h.seq + 1 + n, clock_timestamp() - interval '3 years' + n * interval '90 seconds', 'user',
  u.user_id, u.user_name,
  (array['request.submit', 'request.approve', 'request.activate', 'request.end'])[1 + n % 4],
  'request', gen_random_uuid()::text, 'ok', '{"accountId":"111122223333","durationMinutes":60}',
  '\\x00', sha256(n::text::bytea), '\\x00', sha256(n::text::bytea)
from generate_series($1::int, $2::int) n, (select seq from audit_head) h,
  lateral (select user_id, user_name from one_user where nr = n % 20000) u`

const headOfEvents = `
update audit_head set (seq, hash) = (select seq, hash from audit_event order by seq desc limit 1)`
