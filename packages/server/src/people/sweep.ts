import { sql } from 'kysely'
import type { Database } from '../db/database.ts'

/** Ended sessions and tokens stay listed for a while, so that a person can see what was there; then they go. */
const endedDaysMax = 90

/** Deletes what has had its time: used challenges, counters, links, sessions, tokens. For the worker, daily; several at once do no harm. */
export async function sweepPeople(db: Database): Promise<void> {
  await sql`delete from challenges where expires_at < now()`.execute(db)
  // A code that comes again later ends what it became: it is remembered for a while. A refresh token as long as its family may live.
  await sql`delete from authorization_codes where expires_at < now() - interval '1 day'`.execute(db)
  await sql`delete from refresh_tokens where expires_at < now() - interval '1 day'`.execute(db)
  await sql`delete from device_logins where expires_at < now() - interval '1 day'`.execute(db)
  await sql`delete from attempt_counters where window_ends_at < now()`.execute(db)
  await sql`delete from provider_logins where expires_at < now()`.execute(db)
  await sql`delete from second_opinions where asked_at < now() - make_interval(days => ${endedDaysMax})`.execute(db)
  await sql`delete from sign_in_links where expires_at < now() - interval '1 day'`.execute(db)
  await sql`delete from sessions where least(ended_at, expires_at) < now() - make_interval(days => ${endedDaysMax})`.execute(db)
  await sql`delete from api_tokens where least(revoked_at, expires_at) < now() - make_interval(days => ${endedDaysMax})`.execute(db)
}
