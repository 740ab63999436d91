import { randomBytes } from 'node:crypto'
import { formatSecret } from '@keyward/contract/secret-format'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessTokenType, exchangeGrant, expectError, type Standards, startStandards } from './standards-service.ts'

/* RFC 7009: revocation. That descendants end with their token is proved in lifecycle/revocation.test.ts; refresh tokens in refresh.test.ts. */

let at: Standards
beforeAll(async () => {
  at = await startStandards()
})
afterAll(() => at?.stop())

const revoke = (form: Record<string, string>, headers = at.basic()) => at.post('/oauth2/revoke', form, headers)
const isActive = async (token: string) => (await at.introspect(token)).body.active

test('RFC 7009 2.1: an access token ends at once, whatever the hint says it is', async () => {
  for (const token_type_hint of [undefined, 'access_token', 'refresh_token', 'unheard_of']) {
    const token = await at.mint()
    expect(await isActive(token)).toBe(true)
    const answer = await revoke({ token, ...(token_type_hint === undefined ? {} : { token_type_hint }) })
    expect([answer.status, answer.text, answer.headers.get('cache-control')]).toEqual([200, '', 'no-store'])
    expect(await isActive(token)).toBe(false)
  }
})

test('RFC 7009 2.2: what is unknown, ended, malformed or another’s is answered like a success, byte for byte, and stays as it is', async () => {
  const stranger = await at.other('revoking stranger')
  const [mine, done] = [await at.mint(), await at.mint()]
  await revoke({ token: done })
  const success = await revoke({ token: await at.mint() })
  const shown = ({ headers, text, status }: typeof success) => [status, text, [...headers].filter(([name]) => name !== 'date')]
  for (const answer of [
    await revoke({ token: done }),
    await revoke({ token: 'no token at all' }),
    await revoke({ token: formatSecret('refreshToken', randomBytes(32)) }),
    await revoke({ token: mine }, at.basic(stranger)),
    await revoke({ token: `${mine.slice(0, -2)}AA` }),
  ])
    expect(shown(answer)).toEqual(shown(success))
  expect(await isActive(mine)).toBe(true)
})

test('RFC 7009 2.1: the client authenticates first: a failed attempt is a 401 and ends nothing; no token is an invalid_request', async () => {
  const token = await at.mint()
  expectError(await revoke({ token }, at.basic(at.workload, formatSecret('clientSecret', randomBytes(32)))), 401, 'invalid_client')
  expectError(await at.post('/oauth2/revoke', { token }), 401, 'invalid_client')
  expectError(await revoke({}), 400, 'invalid_request')
  expect(await isActive(token)).toBe(true)
})

test('RFC 7009 2.1: whose authority it is ends a token that was handed on, and so does who holds it', async () => {
  const helper = await at.other('revoking helper')
  await at.service.db
    .updateTable('grants')
    .set({ delegates: [helper] })
    .where('id', '=', at.grant)
    .execute()
  const handOn = async () => {
    const form = { grant_type: exchangeGrant, subject_token: await at.mint(), subject_token_type: accessTokenType }
    return String((await at.token(form, at.basic(helper))).body.access_token)
  }
  for (const by of [at.workload, helper]) {
    const token = await handOn()
    expect(await isActive(token)).toBe(true)
    await revoke({ token }, at.basic(by))
    expect(await isActive(token)).toBe(false)
  }
})

test('RFC 7009 2.2.1: the API token of a login is no token to be revoked here, and is not said to have ended', async () => {
  const token = formatSecret('apiToken', randomBytes(32))
  expectError(await revoke({ token }), 400, 'unsupported_token_type')
  expectError(await at.post('/oauth2/revoke', { token, client_id: 'keyward-cli' }), 400, 'unsupported_token_type')
})

test('RFC 7009 2.2.1: a node that does not know yet what was revoked says 503 and when to try again, here and where it reads tokens', async () => {
  const token = await at.mint()
  const { db, revoked } = at.service
  const held = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const holding = db.transaction().execute(async (trx) => {
    await sql`lock table tokens in access exclusive mode`.execute(trx)
    held.resolve()
    await release.promise
  })
  await held.promise
  revoked.apply({ op: 'reset', seq: 1n })
  const exchange = { grant_type: exchangeGrant, subject_token: token, subject_token_type: accessTokenType }
  try {
    for (const answer of [await revoke({ token }), await at.introspect(token), await at.token(exchange, at.basic())]) {
      expectError(answer, 503, 'temporarily_unavailable')
      expect(answer.headers.get('retry-after')).toBe('1')
    }
  } finally {
    release.resolve()
    await holding
  }
  await expect.poll(() => revoked.complete).toBe(true)
  expect(await isActive(token)).toBe(true)
})
