import { writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { type Connection, clientConfig } from '#server/store/database.ts'
import { startTestCluster } from '#test/postgres-cluster.ts'

/**
 * `server/store/schema.sql`: what all migrations together come to, for people to read and for a
 * check to compare. Read from PostgreSQL's own catalogue, since the binaries we ship have no
 * pg_dump; ordered by name, so that the same schema gives the same text on every machine.
 *
 *     node scripts/dump-schema.ts    writes the file; a test says when it is stale
 */
export const schemaFile = fileURLToPath(new URL('../server/store/schema.sql', import.meta.url))

const header = `-- What the files in migrations/ come to, in the order of names. Made by
-- \`node scripts/dump-schema.ts\` from a migrated database: to change it, add a migration.`

// The job queue's tables belong to graphile-worker, which migrates them itself.
const schemas = `nspname not like 'pg\\_%' and nspname not in ('information_schema', 'graphile_worker')`
const notFromExtension = (catalog: string) =>
  `not exists (select from pg_depend d where d.deptype = 'e'
     and d.classid = '${catalog}'::regclass and d.objid = o.oid)`

/** On a cluster of its own, made for this and thrown away. */
export async function dumpMigratedSchema(): Promise<string> {
  const cluster = await startTestCluster()
  try {
    return await dumpSchema(
      cluster.adminUrl.replace(/^postgresql:\/\/\/[^?]*/, `postgresql:///${cluster.templateName}`),
    )
  } finally {
    await cluster.stop()
  }
}

export async function dumpSchema(connection: Connection): Promise<string> {
  const client = new pg.Client(clientConfig(connection, 'team dump-schema', {}))
  await client.connect()
  try {
    // With nothing but pg_catalog on the path, names come out whole.
    await client.query(`set search_path = ''`)
    const parts: string[] = []
    for (const [title, statements] of sections) {
      const { rows } = await client.query<{ statement: string }>(statements)
      if (rows.length > 0) parts.push(`-- ── ${title} ──`, layOut(title, rows))
    }
    return `${[header, ...parts].join('\n\n')}\n`
  } finally {
    await client.end()
  }
}

function layOut(title: string, rows: readonly { statement: string }[]): string {
  const statements = rows.map(({ statement }) => {
    // Names are whole here; in a function's body the schema's name is part of what was written.
    const short = title === 'functions' ? statement : statement.replaceAll('public.', '')
    const lines = short.split('\n').map((line) => line.trimEnd())
    return lines.join('\n').trim()
  })
  const long = statements.some((statement) => statement.includes('\n'))
  return statements.join(long ? '\n\n' : '\n')
}

const schemaStatements = `
  select format('create schema %I;', nspname) as statement
  from pg_namespace o
  where ${schemas} and nspname <> 'public'
  order by nspname`

const extensionStatements = `
  select format('create extension %I;', extname) as statement
  from pg_extension where extname <> 'plpgsql' order by extname`

const typeStatements = `
  select case o.typtype
    when 'e' then format(E'create type %s as enum (\\n  %s\\n);', o.oid::regtype, (
      select string_agg(quote_literal(enumlabel), E',\\n  ' order by enumsortorder)
      from pg_enum where enumtypid = o.oid))
    else format('create domain %s as %s%s%s;', o.oid::regtype,
      format_type(o.typbasetype, o.typtypmod),
      case when o.typnotnull then ' not null' else '' end,
      (select string_agg(format(E'\\n  constraint %I %s', conname, pg_get_constraintdef(c.oid)), ''
         order by conname) from pg_constraint c where contypid = o.oid and contype = 'c'))
    end as statement
  from pg_type o join pg_namespace n on n.oid = o.typnamespace
  where ${schemas} and o.typtype in ('e', 'd') and ${notFromExtension('pg_type')}
  order by nspname, typname`

const sequenceStatements = `
  select format('create sequence %s as %s increment %s minvalue %s maxvalue %s start %s%s;',
    o.oid::regclass, format_type(s.seqtypid, null), s.seqincrement, s.seqmin, s.seqmax, s.seqstart,
    case when s.seqcycle then ' cycle' else '' end) as statement
  from pg_class o join pg_namespace n on n.oid = o.relnamespace
    join pg_sequence s on s.seqrelid = o.oid
  where ${schemas} and o.relkind = 'S'
    -- Those of identity columns are shown with their column.
    and not exists (select from pg_depend d
      where d.objid = o.oid and d.classid = 'pg_class'::regclass and d.deptype = 'i')
  order by nspname, relname`

const column = `format('%I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
  case when a.attcollation <> t.typcollation then ' collate ' || a.attcollation::regcollation
    else '' end,
  case when a.attnotnull then ' not null' else '' end,
  case
    when a.attidentity = 'a' then ' generated always as identity'
    when a.attidentity = 'd' then ' generated by default as identity'
    when a.attgenerated = 's' then format(' generated always as (%s) stored', e.source)
    when a.attgenerated = 'v' then format(' generated always as (%s) virtual', e.source)
    when e.source is not null then ' default ' || e.source
    else '' end)`

// Contype n: "not null" stands with its column.
const tableStatements = `
  select format(E'create %stable %s (\\n  %s\\n)%s;',
    case when o.relpersistence = 'u' then 'unlogged ' else '' end, o.oid::regclass,
    concat_ws(E',\\n  ',
      (select string_agg(${column}, E',\\n  ' order by a.attnum)
       from pg_attribute a join pg_type t on t.oid = a.atttypid
         left join lateral (select pg_get_expr(adbin, adrelid) as source from pg_attrdef
           where adrelid = a.attrelid and adnum = a.attnum) e on true
       where a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped),
      (select string_agg(format('constraint %I %s', conname, pg_get_constraintdef(c.oid)),
         E',\\n  ' order by position(contype::text in 'pufxc'), conname)
       from pg_constraint c where conrelid = o.oid and contype <> 'n' and contype <> 't')),
    case when o.relkind = 'p' then ' partition by ' || pg_get_partkeydef(o.oid) else '' end)
    || case when o.relispartition then format(E'\\nalter table %s attach partition %s %s;',
        (select inhparent::regclass from pg_inherits where inhrelid = o.oid), o.oid::regclass,
        pg_get_expr(o.relpartbound, o.oid)) else '' end
    || case when o.relrowsecurity
        then format(E'\\nalter table %s enable row level security;', o.oid::regclass) else '' end
    || case when o.relforcerowsecurity
        then format(E'\\nalter table %s force row level security;', o.oid::regclass) else '' end
    || case when o.reloptions is not null then format(E'\\nalter table %s set (%s);',
        o.oid::regclass, array_to_string(o.reloptions, ', ')) else '' end as statement
  from pg_class o join pg_namespace n on n.oid = o.relnamespace
  where ${schemas} and o.relkind in ('r', 'p') and ${notFromExtension('pg_class')}
  order by nspname, relname`

const indexStatements = `
  select pg_get_indexdef(i.indexrelid) || ';' as statement
  from pg_index i join pg_class o on o.oid = i.indexrelid
    join pg_namespace n on n.oid = o.relnamespace join pg_class r on r.oid = i.indrelid
  where ${schemas} and not exists (select from pg_constraint where conindid = i.indexrelid
    and contype in ('p', 'u', 'x'))
  order by nspname, r.relname, o.relname`

const viewStatements = `
  select format(E'create %sview %s as\\n%s',
    case when o.relkind = 'm' then 'materialized ' else '' end, o.oid::regclass,
    pg_get_viewdef(o.oid)) as statement
  from pg_class o join pg_namespace n on n.oid = o.relnamespace
  where ${schemas} and o.relkind in ('v', 'm') and ${notFromExtension('pg_class')}
  order by nspname, relname`

const functionStatements = `
  select pg_get_functiondef(o.oid) || ';' as statement
  from pg_proc o join pg_namespace n on n.oid = o.pronamespace
  where ${schemas} and o.prokind in ('f', 'p') and ${notFromExtension('pg_proc')}
  order by nspname, proname, o.oid::regprocedure::text`

const triggerStatements = `
  select pg_get_triggerdef(o.oid) || ';' as statement
  from pg_trigger o join pg_class r on r.oid = o.tgrelid
    join pg_namespace n on n.oid = r.relnamespace
  where ${schemas} and not o.tgisinternal and o.tgparentid = 0
  order by nspname, r.relname, tgname`

const policyStatements = `
  select format('create policy %I on %s as %s for %s to %s%s%s;', o.polname, o.polrelid::regclass,
    case when polpermissive then 'permissive' else 'restrictive' end,
    case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
      when 'd' then 'delete' else 'all' end,
    (select string_agg(case when role = 0 then 'public' else role::regrole::text end, ', ')
     from unnest(polroles) role),
    ' using (' || pg_get_expr(polqual, polrelid) || ')',
    ' with check (' || pg_get_expr(polwithcheck, polrelid) || ')') as statement
  from pg_policy o join pg_class r on r.oid = o.polrelid
    join pg_namespace n on n.oid = r.relnamespace
  where ${schemas}
  order by nspname, r.relname, polname`

// Everybody may execute a function and use a type until that is revoked: for those, the rights that
// hold are shown where somebody has touched them, and the revocation too.
const grantStatements = `
  with objects (kind, name, acl, owner, open) as (
    select case when o.relkind = 'S' then 'sequence' else 'table' end, o.oid::regclass::text,
      o.relacl, o.relowner, false
    from pg_class o join pg_namespace n on n.oid = o.relnamespace
    where ${schemas} and o.relkind in ('r', 'p', 'v', 'm', 'S')
    union all
    select 'function', o.oid::regprocedure::text, o.proacl, o.proowner, o.proacl is not null
    from pg_proc o join pg_namespace n on n.oid = o.pronamespace
    where ${schemas} and ${notFromExtension('pg_proc')}
    union all
    select 'schema', quote_ident(nspname), o.nspacl, o.nspowner, false
    from pg_namespace o where ${schemas}
    union all
    select 'table', format('%s (column %I)', o.attrelid::regclass, o.attname), o.attacl,
      r.relowner, false
    from pg_attribute o join pg_class r on r.oid = o.attrelid
      join pg_namespace n on n.oid = r.relnamespace
    where ${schemas} and o.attacl is not null
  ), granted as (
    select kind, name, owner, open, x.grantee,
      string_agg(lower(x.privilege_type), ', ' order by x.privilege_type) as privileges
    from objects cross join lateral aclexplode(acl) x
    where x.grantee <> owner
    group by kind, name, owner, open, x.grantee
  )
  select format('grant %s on %s %s to %s;', privileges, kind, name,
    case when grantee = 0 then 'public' else grantee::regrole::text end) as statement,
    kind, name
  from granted
  union all
  select format('revoke all on %s %s from public;', kind, name), kind, name
  from objects o where open and not exists (
    select from granted g where g.kind = o.kind and g.name = o.name and g.grantee = 0)
  order by kind, name, statement`

const commentStatements = `
  select format('comment on %s %s is %L;', replace(i.type, 'table column', 'column'), i.identity, d.description) as statement
  from pg_description d
    cross join lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) i
  where i.schema in (select nspname from pg_namespace where ${schemas})
  order by 1`

const sections: readonly (readonly [string, string])[] = [
  ['schemas', schemaStatements],
  ['extensions', extensionStatements],
  ['types', typeStatements],
  ['sequences', sequenceStatements],
  ['tables', tableStatements],
  ['indexes', indexStatements],
  ['views', viewStatements],
  ['functions', functionStatements],
  ['triggers', triggerStatements],
  ['row policies', policyStatements],
  ['rights', grantStatements],
  ['comments', commentStatements],
]

if (import.meta.main) {
  await writeFile(schemaFile, await dumpMigratedSchema())
  console.log(`wrote ${relative(process.cwd(), schemaFile)}`)
}
