/* The catalog queries behind schema-dump.ts. Each takes the schema as $1 and gives one statement a row (`line`), in a fixed order. */

/** A table of the schema, in the parts of its `create table`. */
export interface TableRow {
  readonly name: string
  readonly unlogged: boolean
  readonly partition_key: string | null
  readonly options: string | null
  readonly columns: string[]
  readonly constraints: string[]
  readonly indexes: string[]
}

const notOfExtension = (catalog: string, oid: string) =>
  `not exists (select from pg_depend e where e.classid = '${catalog}'::regclass and e.objid = ${oid} and e.deptype = 'e')`

/** Tables and views of the schema that are no partitions; a default partition is a part of the schema, as it does not come and go. */
const relation = (kinds: string) =>
  `c.relnamespace = $1::regnamespace and c.relkind in (${kinds}) and (not c.relispartition or pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT') and ${notOfExtension('pg_class', 'c.oid')}`

const byName = (name: string) => `order by ${name} collate "C"`

/** What this dump would silently leave out: foreign tables, materialized views, composite and range types, aggregates, rules, event triggers, default partitions. */
export const unknownObjects = `
select 'relation ' || c.relname as line from pg_class c
  where c.relnamespace = $1::regnamespace and c.relkind in ('f', 'm', 'c') and ${notOfExtension('pg_class', 'c.oid')}
union all select 'default partition ' || c.relname from pg_class c
  where c.relnamespace = $1::regnamespace and c.relispartition and c.relkind in ('r', 'p') and pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT'
union all select 'inheriting table ' || c.relname from pg_class c join pg_inherits i on i.inhrelid = c.oid
  where c.relnamespace = $1::regnamespace and c.relkind = 'r' and not c.relispartition
union all select 'type ' || t.typname from pg_type t
  where t.typnamespace = $1::regnamespace and t.typtype in ('r', 'm', 'd') and ${notOfExtension('pg_type', 't.oid')}
union all select 'function ' || p.proname from pg_proc p
  where p.pronamespace = $1::regnamespace and p.prokind in ('a', 'w') and ${notOfExtension('pg_proc', 'p.oid')}
union all select 'rule ' || r.rulename from pg_rewrite r join pg_class c on c.oid = r.ev_class
  where c.relnamespace = $1::regnamespace and c.relkind <> 'v'
union all select 'event trigger ' || evtname from pg_event_trigger
order by 1`

export const extensions = `
select format('create extension if not exists %I;', extname) as line from pg_extension
where extname <> 'plpgsql' and $1::text is not null ${byName('extname')}`

export const types = `
select format('create type %I as enum (%s);', t.typname,
  (select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)) as line
from pg_type t where t.typnamespace = $1::regnamespace and t.typtype = 'e' ${byName('t.typname')}`

/** Sequences of their own; those of identity and serial columns come with their tables. */
export const sequences = `
select format('create sequence %I as %s increment %s minvalue %s maxvalue %s start %s cache %s%s;', c.relname, format_type(s.seqtypid, null),
  s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, case when s.seqcycle then ' cycle' else '' end) as line
from pg_sequence s join pg_class c on c.oid = s.seqrelid
where ${relation("'S'")} and not exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'i')
${byName('c.relname')}`

/** A default, a check or an index needs its function first; any other function may need a table (its row type) first. */
const neededByTables = `exists (select from pg_depend d where d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid
  and d.classid in ('pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_class'::regclass))`

const functions = (which: string) => `
select rtrim(pg_get_functiondef(p.oid), E'\\n') || ';' as line from pg_proc p
where p.pronamespace = $1::regnamespace and p.prokind in ('f', 'p') and ${which} and ${notOfExtension('pg_proc', 'p.oid')}
${byName('p.proname')}, pg_get_function_identity_arguments(p.oid) collate "C"`

export const functionsBeforeTables = functions(neededByTables)
export const functionsAfterTables = functions(`not ${neededByTables}`)

export const tables = `
select quote_ident(c.relname) as name, c.relpersistence = 'u' as unlogged,
  case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partition_key,
  array_to_string(c.reloptions, ', ') as options,
  array(select concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
      case when a.attcollation <> t.typcollation then 'collate ' || a.attcollation::regcollation end,
      case when a.attgenerated = 's' then 'generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ') stored'
           when a.attgenerated = 'v' then 'generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ') virtual'
           when a.attidentity = 'a' then 'generated always as identity'
           when a.attidentity = 'd' then 'generated by default as identity'
           when d.adbin is not null then 'default ' || pg_get_expr(d.adbin, d.adrelid) end,
      case when a.attnotnull then 'not null' end)
    from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns,
  array(select format('constraint %I %s', k.conname, pg_get_constraintdef(k.oid)) from pg_constraint k
    where k.conrelid = c.oid and k.contype in ('p', 'u', 'c', 'x') and k.conparentid = 0
    order by position(k.contype::text in 'pucx'), k.conname collate "C") as constraints,
  array(select regexp_replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') from pg_index i join pg_class x on x.oid = i.indexrelid
    where i.indrelid = c.oid and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
    order by x.relname collate "C") as indexes
from pg_class c where ${relation("'r', 'p'")} ${byName('c.relname')}`

export const views = `
select format(E'create view %I%s as\\n%s', c.relname, case when c.reloptions is not null then ' with (' || array_to_string(c.reloptions, ', ') || ')' else '' end,
  pg_get_viewdef(c.oid)) as line
from pg_class c where ${relation("'v'")} order by c.oid`

export const foreignKeys = `
select format('alter table %I add constraint %I %s;', c.relname, k.conname, pg_get_constraintdef(k.oid)) as line
from pg_constraint k join pg_class c on c.oid = k.conrelid
where ${relation("'r', 'p'")} and k.contype = 'f' and k.conparentid = 0 ${byName('c.relname')}, k.conname collate "C"`

export const triggers = `
select pg_get_triggerdef(g.oid) || ';' as line from pg_trigger g join pg_class c on c.oid = g.tgrelid
where ${relation("'r', 'p', 'v'")} and not g.tgisinternal and g.tgparentid = 0 ${byName('c.relname')}, g.tgname collate "C"`

export const policies = `
(select format('alter table %I enable row level security;', c.relname) as line from pg_class c where ${relation("'r', 'p'")} and c.relrowsecurity ${byName('c.relname')})
union all (select format('alter table %I force row level security;', c.relname) from pg_class c where ${relation("'r', 'p'")} and c.relforcerowsecurity ${byName('c.relname')})
union all (select concat_ws(' ', format('create policy %I on %I as %s for %s to %s', p.polname, c.relname,
    case when p.polpermissive then 'permissive' else 'restrictive' end,
    case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
    (select string_agg(case when o = 0 then 'public' else o::regrole::text end, ', ') from unnest(p.polroles) o)),
    'using (' || pg_get_expr(p.polqual, p.polrelid) || ')', 'with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')') || ';'
  from pg_policy p join pg_class c on c.oid = p.polrelid where ${relation("'r', 'p'")} ${byName('c.relname')}, p.polname collate "C")`

export const statistics = `
select pg_get_statisticsobjdef(s.oid) || ';' as line from pg_statistic_ext s where s.stxnamespace = $1::regnamespace ${byName('s.stxname')}`

/** Rights that were given or taken away; the owner's own are not shown, for the owner's name differs from place to place. */
export const privileges = `
(select format('grant %s on %I to %s%s;', lower(a.privilege_type), c.relname, case when a.grantee = 0 then 'public' else a.grantee::regrole::text end,
    case when a.is_grantable then ' with grant option' else '' end) as line
  from pg_class c cross join aclexplode(c.relacl) a where ${relation("'r', 'p', 'v', 'S'")} and a.grantee <> c.relowner
  ${byName('c.relname')}, a.privilege_type collate "C")
union all (select format('revoke all on function %s from public;', p.oid::regprocedure) from pg_proc p
  where p.pronamespace = $1::regnamespace and p.proacl is not null and not exists (select from aclexplode(p.proacl) a where a.grantee = 0)
  and ${notOfExtension('pg_proc', 'p.oid')} ${byName('p.proname')})`

export const comments = `
select format('comment on %s is %L;', what, text) as line from (
  select case c.relkind when 'v' then 'view ' when 'S' then 'sequence ' when 'i' then 'index ' when 'I' then 'index ' else 'table ' end || quote_ident(c.relname) as what, d.description as text
    from pg_description d join pg_class c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass and d.objsubid = 0 where ${relation("'r', 'p', 'v', 'S', 'i', 'I'")}
  union all select format('column %I.%I', c.relname, a.attname), d.description
    from pg_description d join pg_class c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass
    join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid where d.objsubid > 0 and ${relation("'r', 'p', 'v'")}
  union all select format('constraint %I on %I', k.conname, c.relname), d.description
    from pg_description d join pg_constraint k on k.oid = d.objoid and d.classoid = 'pg_constraint'::regclass join pg_class c on c.oid = k.conrelid where ${relation("'r', 'p'")}
  union all select 'function ' || p.oid::regprocedure, d.description
    from pg_description d join pg_proc p on p.oid = d.objoid and d.classoid = 'pg_proc'::regclass
    where p.pronamespace = $1::regnamespace and ${notOfExtension('pg_proc', 'p.oid')}
  union all select 'type ' || quote_ident(t.typname), d.description
    from pg_description d join pg_type t on t.oid = d.objoid and d.classoid = 'pg_type'::regclass
    where t.typnamespace = $1::regnamespace and ${notOfExtension('pg_type', 't.oid')}
) all_comments order by what collate "C"`
