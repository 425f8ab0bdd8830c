import { readFile } from 'node:fs/promises'
import { afterEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { dumpSchema, schemaFile } from './dump-schema.ts'

const databases: TestDatabase[] = []
afterEach(async () => {
  for (const database of databases.splice(0)) await database.drop()
})

async function open(options: { empty?: boolean }): Promise<TestDatabase> {
  const database = await createTestDatabase(options)
  databases.push(database)
  return database
}

test('server/store/schema.sql is what the migrations come to', async () => {
  const database = await open({})
  const committed = await readFile(schemaFile, 'utf8').catch(() => '')
  expect(await dumpSchema(database.url), 'stale: run node scripts/dump-schema.ts').toBe(committed)
})

const everyKind = `
  create type mood as enum ('low', 'high');
  create domain short_text as text constraint it_is_short check (length(value) < 9);
  create table parent (id integer primary key);
  create table thing (
    id bigint generated always as identity primary key,
    parent integer not null constraint a_thing_has_a_parent references parent on delete cascade,
    mood mood not null default 'low',
    name short_text collate "C",
    twice integer generated always as (parent * 2) stored,
    constraint a_parent_is_positive check (parent > 0)
  );
  create unique index one_low_thing on thing (parent) where mood = 'low';
  create view low_thing as select id from thing where mood = 'low';
  create function refuse() returns trigger language plpgsql as $$ begin return null; end $$;
  create trigger refuse_all before delete on thing for each row execute function refuse();
  alter table thing enable row level security;
  create policy everybody on thing for select to team_app using (parent > 1);
  comment on column thing.mood is 'How it is';
  grant insert, select on thing to team_app;
  grant update (mood) on thing to team_app;
  revoke all on function refuse() from public;
`

const shown = [
  `create type mood as enum (\n  'low',\n  'high'\n);`,
  'create domain short_text as text\n  constraint it_is_short CHECK ((length(VALUE) < 9));',
  '  id bigint not null generated always as identity,',
  `  mood mood not null default 'low'::mood,`,
  '  name short_text collate "C"',
  '  twice integer generated always as ((parent * 2)) stored,',
  '  constraint thing_pkey PRIMARY KEY (id),',
  '  constraint a_thing_has_a_parent FOREIGN KEY (parent) REFERENCES parent(id) ON DELETE CASCADE,',
  '  constraint a_parent_is_positive CHECK ((parent > 0))\n);',
  'alter table thing enable row level security;',
  `CREATE UNIQUE INDEX one_low_thing ON thing USING btree (parent) WHERE (mood = 'low'::mood);`,
  'create view low_thing as\n SELECT id',
  'CREATE OR REPLACE FUNCTION public.refuse()',
  'CREATE TRIGGER refuse_all BEFORE DELETE ON thing FOR EACH ROW EXECUTE FUNCTION refuse();',
  'create policy everybody on thing as permissive for select to team_app using ((parent > 1));',
  'grant insert, select on table thing to team_app;',
  'grant update on table thing (column mood) to team_app;',
  'revoke all on function refuse() from public;',
  `comment on column thing.mood is 'How it is';`,
]

test('a change of any kind is seen in the dump', async () => {
  const database = await open({ empty: true })
  await database.owner.query(everyKind)
  const dump = await dumpSchema(database.url)
  expect(shown.filter((text) => !dump.includes(text))).toEqual([])
})

test('the order in which things were made does not show', async () => {
  const [one, other] = [await open({ empty: true }), await open({ empty: true })]
  const b =
    'create table b (id integer); create index b_id on b (id); grant select on b to team_app;'
  const a =
    'create table a (id integer); create index a_id on a (id); grant select on a to team_app;'
  await one.owner.query(a + b)
  await other.owner.query(b + a)
  expect(await dumpSchema(one.url)).toBe(await dumpSchema(other.url))
})
