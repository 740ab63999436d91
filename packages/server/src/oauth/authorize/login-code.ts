import { sql } from 'kysely'
import type { AuditRecord } from '../../audit/record.ts'
import type { Database } from '../../db/database.ts'
import type { Connect } from '../connect.ts'
import { OAuthError } from '../oauth-error.ts'
import type { TokenAnswer, TokenRequest } from '../token-request.ts'
import { type StoredCode, useCode } from './codes.ts'

interface Deps {
  readonly db: Database
  readonly connect: Pick<Connect, 'audit' | 'createLogin'>
}

/** The code of `keyward login` becomes an API token of the person who approved it. @returns undefined where the code was used meanwhile */
export async function loginByCode(deps: Deps, request: TokenRequest, code: StoredCode): Promise<TokenAnswer | undefined> {
  const login = await deps.db.transaction().execute(async (trx) => {
    const made = await deps.connect.createLogin(trx, code.user, 'keyward login')
    if (made === undefined) throw new OAuthError('invalid_grant', 'the person has no access any more')
    if (!(await useCode(trx, code.hash, made.id))) {
      await trx.deleteFrom('api_tokens').where('id', '=', made.id).execute()
      return undefined
    }
    await deps.connect.audit.recordIn(trx, {
      action: 'api_token.create',
      decision: 'done',
      actor: { kind: 'user', id: code.user },
      target: { kind: 'api_token', id: made.id },
      details: { by: 'browser login', seconds: made.seconds },
      ...request.context,
    })
    return made
  })
  if (login === undefined) return undefined
  return { method: 'authorization_code', body: { access_token: login.token, token_type: 'Bearer', expires_in: login.seconds } }
}

/** A login's code that comes twice: the API token that it became ends. */
export async function revokeLogin(deps: Deps, code: StoredCode, record: AuditRecord): Promise<void> {
  await deps.db.transaction().execute(async (trx) => {
    // Read again: whoever was first may only just have used it.
    const row = await trx
      .selectFrom('authorization_codes')
      .select('api_token_id')
      .where('code_hash', '=', code.hash)
      .forUpdate()
      .executeTakeFirst()
    const id = row?.api_token_id
    if (typeof id !== 'string') return
    await trx.updateTable('api_tokens').set({ revoked_at: sql<Date>`now()` }).where('id', '=', id).where('revoked_at', 'is', null).execute()
    await deps.connect.audit.recordIn(trx, { ...record, target: { kind: 'api_token', id }, onBehalfOf: code.user })
  })
}
