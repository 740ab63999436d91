import { limits } from '@keyward/contract/limits'
import { sql } from 'kysely'
import type { LoginToken } from '../oauth/connect.ts'
import { newId } from '../observe/ids.ts'
import { newSecretString } from '../observe/secret-string.ts'
import type { Trx } from './people.ts'

/**
 * Makes the API token of a `keyward login` that a person approved in a browser: hours, and theirs to revoke. The caller records it.
 * @returns undefined where the person has no access any more
 */
export async function createLoginToken(trx: Trx, userId: string, name: string): Promise<LoginToken | undefined> {
  // Disabling locks the user, too: their token is either seen by it or never made.
  const user = await trx.selectFrom('users').select('state').where('id', '=', userId).forShare().executeTakeFirst()
  if (user?.state !== 'active') return undefined
  const { text, hash, hint } = newSecretString('apiToken')
  const id = newId('apiToken')
  await trx
    .insertInto('api_tokens')
    .values({
      id,
      token_hash: hash,
      user_id: userId,
      kind: 'login',
      name,
      hint,
      expires_at: sql<Date>`now() + make_interval(hours => ${limits.loginTokenHoursMax})`,
    })
    .execute()
  return { id, token: text, seconds: limits.loginTokenHoursMax * 3600 }
}
