/**
 * Who wrote what: each copy's sessions carry its name, and triggers write it down beside every row
 * of the engine's that they change. It is rolled back with the change, so it tells what was done.
 */
import type pg from 'pg'

const tables = ['leader', 'request', 'access_grant', 'ledger_key', 'intent', 'audit_event']

export const sessionsOf = (copy: string) => `-c team.copy=${copy}`

export async function callWitness(owner: pg.Pool): Promise<void> {
  await owner.query(`
    create table witness (
      copy text not null,
      wrote text not null,
      epoch bigint,
      at timestamptz not null
    );
    create function witness() returns trigger language plpgsql security definer as $$
    begin
      insert into witness values (
        coalesce(current_setting('team.copy', true), 'the test'), tg_table_name,
        case when tg_table_name = 'leader' then (to_jsonb(new) ->> 'epoch')::bigint end,
        clock_timestamp());
      return null;
    end $$;
    ${tables
      .map(
        (table) => `create trigger witness after insert or update on ${table}
          for each row execute function witness();`,
      )
      .join('\n')}
  `)
}
