import { sql } from 'kysely'
import type { Database } from '../../src/db/database.ts'

/**
 * Credentials as a large organisation would have them: many in production, few billing keys, owners of very different sizes. The indexes are
 * taken down for the load and put back by their own definitions, which is five times faster.
 */
export async function loadCredentials(db: Database, count: number): Promise<void> {
  await sql`
    insert into owners (id, kind, name, contact)
    select 'own_' || lpad(i::text, 26, '0'), 'team', 'team ' || i, '#team' from generate_series(1, 500) i`.execute(db)
  const indexes = await sql<{ indexname: string; indexdef: string }>`
    select indexname, indexdef from pg_indexes where tablename = 'credentials' and indexname <> 'credentials_pkey'`.execute(db)
  for (const { indexname } of indexes.rows) await sql`drop index ${sql.id(indexname)}`.execute(db)
  await sql`
    insert into credentials (id, name, kind, provider, purpose, authority, environment, owner, description, labels, state, created_at)
    select 'cred_' || lpad(i::text, 26, '0'),
      'service ' || i || ' ' || (array['support', 'search', 'billing', 'export', 'crm'])[1 + i % 5],
      (array['api_key', 'api_key', 'api_key', 'oauth_token', 'workload_identity', 'certificate', 'short_lived_token'])[1 + i % 7],
      (array['openai', 'anthropic', 'stripe', 'github', 'internal'])[1 + (i * 7) % 5],
      (array['model', 'model', 'model', 'data', 'tool', 'training', 'deploy'])[1 + (i * 3) % 7],
      array['consume'], (array['production', 'production', 'staging', 'development'])[1 + (i * 11) % 4],
      'own_' || lpad((1 + floor(500 * power(((i::bigint * 7919) % 100000) / 100000.0, 3)))::text, 26, '0'),
      case when i % 10 = 0 then 'rotated by the platform team' end, '{}',
      case when i % 50 = 0 then 'revoked' else 'active' end,
      timestamptz '2025-01-01' + i * interval '31 seconds'
    from generate_series(1, ${count}::int) i`.execute(db)
  for (const { indexdef } of indexes.rows) await sql.raw(indexdef).execute(db)
  await sql`analyze credentials`.execute(db)
  await sql`analyze owners`.execute(db)
}
