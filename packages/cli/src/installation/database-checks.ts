import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Check, fail, notKnown, pass, warning } from './check.ts'

interface Settings {
  readonly synchronous_commit: string
  readonly fsync: string
  readonly full_page_writes: string
  readonly version: string
  readonly standbys: number
  readonly synchronous: number
}

/**
 * Promises 4 to 6 stand on what the database calls durable. The built-in one is started with the right settings; another is asked, where
 * DATABASE_URL is set for this command too.
 */
export async function checkDatabase(env: Readonly<Record<string, string | undefined>>): Promise<Check[]> {
  const url = env.DATABASE_URL?.trim()
  if (url === undefined || url === '') {
    const builtIn = existsSync(join(resolve(env.KEYWARD_DATA ?? '.keyward'), 'postgres'))
    return builtIn
      ? [pass('database', 'built in: fsync, full_page_writes and synchronous_commit are on by its command line; no replica')]
      : [
          notKnown(
            'database',
            'its durability can be asked only on the machine of the server',
            'Run this there, with DATABASE_URL where one is used.',
          ),
        ]
  }
  const [{ createPool }, { silentLog }] = await Promise.all([import('@keyward/server/db/pool'), import('@keyward/server/db/log')])
  const pool = createPool({ connectionString: url }, { name: 'keyward doctor', connectionsMax: 1, log: silentLog })
  try {
    const { rows } = await pool.query<Settings>(
      `select current_setting('synchronous_commit') as synchronous_commit, current_setting('fsync') as fsync,
         current_setting('full_page_writes') as full_page_writes, current_setting('server_version') as version,
         (select count(*)::int from pg_stat_replication) as standbys,
         (select count(*)::int from pg_stat_replication where sync_state in ('sync', 'quorum')) as synchronous`,
    )
    return rows[0] === undefined ? [] : judge(rows[0])
  } catch (error) {
    return [
      fail(
        'database',
        `it can't be reached: ${error instanceof Error ? error.message : String(error)}`,
        'Check DATABASE_URL and that PostgreSQL runs.',
      ),
    ]
  } finally {
    await pool.end()
  }
}

function judge(settings: Settings): Check[] {
  const name = 'database'
  const checks: Check[] = []
  for (const setting of ['fsync', 'full_page_writes'] as const)
    if (settings[setting] !== 'on')
      checks.push(
        fail(
          name,
          `${setting} is ${settings[setting]}: a crash can lose or break what was acknowledged`,
          `Set ${setting} = on in postgresql.conf.`,
        ),
      )
  if (settings.synchronous_commit === 'off')
    checks.push(fail(name, 'synchronous_commit is off: a crash loses records of calls that were made', 'Set synchronous_commit = on.'))
  if (settings.standbys > 0 && settings.synchronous === 0)
    checks.push(
      warning(
        name,
        'replication is asynchronous: after a failover the last calls may lack their record and their charge (promises 4 to 6 are degraded)',
        'Name a standby in synchronous_standby_names.',
      ),
    )
  if (checks.length === 0)
    checks.push(
      pass(
        name,
        `PostgreSQL ${settings.version}, durable${settings.synchronous > 0 ? `, ${settings.synchronous} synchronous standby` : ''}`,
      ),
    )
  return checks
}
