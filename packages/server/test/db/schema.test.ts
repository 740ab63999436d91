import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serverVariable, type TestDatabase, testDatabase } from '../../../../tests/support/postgres.ts'
import type { ConnectionParts } from '../../src/db/pool.ts'
import { dumpSchema } from '../../src/db/schema-dump.ts'
import { tableTypes } from '../../src/db/table-types.ts'
import { ask } from './processes.ts'

const source = join(import.meta.dirname, '..', '..', 'src', 'db')
let own: TestDatabase
let client: pg.Client

beforeAll(async () => {
  own = await testDatabase()
  client = new pg.Client(own.connection)
  await client.connect()
})
afterAll(async () => {
  await client?.end()
  await own?.drop()
})

async function emptyDatabase(name: string): Promise<pg.Client> {
  const server = JSON.parse(process.env[serverVariable] ?? '') as ConnectionParts
  const database = `${name}_${process.pid}`
  await ask(server, `create database ${database}`)
  const empty = new pg.Client({ ...server, database })
  await empty.connect()
  return empty
}

test('the checked-in schema is what the migrations make (otherwise: npm run golden)', async () => {
  expect(await dumpSchema(client)).toBe(readFileSync(join(source, 'schema.golden.sql'), 'utf8'))
})

test('the checked-in table types have every column that the database has (otherwise: npm run golden)', async () => {
  expect(await tableTypes(client)).toBe(readFileSync(join(source, 'tables.ts'), 'utf8'))
  const { rows } = await client.query<{ table_name: string; column_name: string }>(
    `select table_name, column_name from information_schema.columns where table_schema = 'public' order by table_name collate "C", ordinal_position`,
  )
  const text = readFileSync(join(source, 'tables.ts'), 'utf8')
  const named = [...text.matchAll(/^ {2}(\w+): (\w+Table)$/gm)].map(([, table, type]) => ({ table, type }))
  const missing = rows.filter(({ table_name, column_name }) => {
    const type = named.find((one) => one.table === table_name)?.type
    const body = new RegExp(`interface ${type} \\{\n([\\s\\S]*?)\n\\}`).exec(text)?.[1] ?? ''
    return !new RegExp(`^ {2}${column_name}:`, 'm').test(body)
  })
  expect(rows.length).toBeGreaterThan(50)
  expect(missing).toEqual([])
})

test('the dump is whole: an empty database that runs it dumps to the same text', async () => {
  const text = await dumpSchema(client)
  const copy = await emptyDatabase('copy')
  await copy.query(text)
  expect(await dumpSchema(copy)).toBe(text)
  await copy.end()
})

test('the dump holds every kind of object that a migration may make, in a fixed order', async () => {
  const one = await emptyDatabase('kinds')
  await one.query(kinds)
  const text = await dumpSchema(one)
  for (const part of [
    `create type mood as enum ('sad', 'it''s fine');`,
    'create sequence counter as integer increment 2 minvalue 1 maxvalue 100 start 1 cache 1 cycle;',
    'id bigint generated always as identity not null',
    'double_n integer generated always as (twice(n)) stored',
    'constraint parents_n_check CHECK ((n > 0))',
    'partition by RANGE (at)',
    'with (fillfactor=70)',
    'create unlogged table scratch',
    'alter table children add constraint children_parent_fkey FOREIGN KEY (parent) REFERENCES parents(id) ON DELETE CASCADE;',
    'CREATE TRIGGER touch BEFORE UPDATE ON public.parents',
    'alter table parents enable row level security;',
    'create policy mine on parents as permissive for select to public using ((n > 1));',
    'create view positive as',
    `comment on column parents.n is 'how many';`,
    `comment on table parents is 'it''s the parent';`,
    'grant select on parents to public;',
    'CREATE STATISTICS public.together',
  ])
    expect(text).toContain(part)
  expect(text).not.toContain('days_20260101')
  const again = await emptyDatabase('kinds_again')
  await again.query(text)
  expect(await dumpSchema(again)).toBe(text)
  await Promise.all([one.end(), again.end()])
})

test('an object that the dump does not know fails it, instead of going missing', async () => {
  const one = await emptyDatabase('unknown')
  await one.query('create table base (n int); create materialized view summary as select * from base; create type pair as (a int, b int)')
  await expect(dumpSchema(one)).rejects.toThrow(/relation pair, relation summary/)
  await one.end()
})

const kinds = `
create type mood as enum ('sad', 'it''s fine');
create sequence counter as integer increment 2 maxvalue 100 cycle;
create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
create function twice(n int) returns int language sql immutable as $$ select n * 2 $$;
create table parents (id bigint generated always as identity primary key, n integer check (n > 0), double_n integer generated always as (twice(n)) stored, feeling mood default 'sad');
create table children (id text primary key, parent bigint not null references parents on delete cascade, "Odd Name" text collate "C" unique) with (fillfactor=70);
create index children_lower on children (lower("Odd Name")) where parent > 0;
create unlogged table scratch (n int);
create table days (at timestamptz not null, n int, primary key (at)) partition by range (at);
create index days_n on days (n);
create table days_20260101 partition of days for values from ('2026-01-01 00:00:00+00') to ('2026-01-02 00:00:00+00');
create function first_of(many parents[]) returns parents language sql as $$ select many[1] $$;
create trigger touch before update on parents for each row execute function touch();
alter table parents enable row level security;
create policy mine on parents for select using (n > 1);
create view positive as select id, n from parents where n > 0;
create statistics together on id, n from parents;
comment on table parents is 'it''s the parent';
comment on column parents.n is 'how many';
grant select on parents to public;
`
