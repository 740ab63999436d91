import { KeywardError } from '@keyward/contract/errors'
import type { Settings, SettingsUpdate } from '@keyward/contract/second-opinions'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { Database } from '../db/database.ts'
import { lockAdmins } from './built-in-admin.ts'
import type { Trx } from './people.ts'

const secondOpinionKey = 'second_opinion'

export async function showSettings(db: Database | Trx): Promise<Settings> {
  return { second_opinion: await asksSecondOpinion(db) }
}

/** True where dangerous acts need another admin's yes. Read at each of them: what was switched on counts at once, on every node. */
export async function asksSecondOpinion(db: Database | Trx): Promise<boolean> {
  const row = await db.selectFrom('settings').select('value').where('key', '=', secondOpinionKey).executeTakeFirst()
  return row?.value === true
}

/**
 * Switching the second opinion off is itself an act that needs one (http/second-opinion-gate.ts).
 * @throws KeywardError `conflict` where fewer than two admins could sign in to give one
 */
export async function updateSettings(trx: Trx, input: SettingsUpdate): Promise<Settings> {
  await lockAdmins(trx)
  if (input.second_opinion === true && (await adminsWhoCouldDecide(trx)) < 2)
    throw new KeywardError(
      'conflict',
      'A second opinion needs two admins over everything who can sign in: give another user the role admin and a way to sign in first',
    )
  if (input.second_opinion !== undefined)
    await sql`insert into settings (key, value) values (${secondOpinionKey}, ${JSON.stringify(input.second_opinion)}::jsonb)
      on conflict (key) do update set value = excluded.value, updated_at = now()`.execute(trx)
  return showSettings(trx)
}

/** Active admins over everything with a password, a passkey or an active provider. */
async function adminsWhoCouldDecide(db: QueryExecutorProvider): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from users u where u.state = 'active'
      and exists (select from role_bindings r where r.user_id = u.id and r.role = 'admin' and r.team is null and r.environment is null)
      and (exists (select from passwords p where p.user_id = u.id) or exists (select from passkeys k where k.user_id = u.id)
        or exists (select from user_links l join identity_providers i on i.id = l.provider_id where l.user_id = u.id and i.state = 'active'))`.execute(
    db,
  )
  return rows[0]?.count ?? 0
}
