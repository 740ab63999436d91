import { generateKeyPairSync, hash, type KeyObject, randomBytes, randomUUID, sign } from 'node:crypto'
import { formatSecret } from '@keyward/contract/secret-format'
import { expect } from 'vitest'
import { startTokenService } from './token-service.ts'

/*
 * A token service with a workload that has a key and a secret, and a request that lets a test send whatever bytes a standard speaks of. For the
 * tests `standards-*.test.ts`: docs/standards.md names each.
 */

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const bearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
export const jwtType = 'urn:ietf:params:oauth:token-type:jwt'
const formType = 'application/x-www-form-urlencoded'

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
}

export interface Change {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: KeyObject
}

export const b64 = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A compact JWS over these very texts, signed with ES256, whatever the header says. */
export function signedText(header: string, payload: string, key: KeyObject): string {
  const input = `${b64(header)}.${b64(payload)}`
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

export const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const nowSeconds = () => Math.floor(Date.now() / 1000)

/** What every error of the OAuth endpoints has (RFC 6749 section 5.2): the status, the code, nothing cached, JSON, and a text of allowed characters. */
export function expectError(answer: Answered, status: number, error: string): void {
  expect([answer.status, answer.body.error, answer.body.error_description]).toEqual([status, error, expect.any(String)])
  expect(answer.headers.get('content-type')).toBe('application/json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
}

export async function startStandards() {
  const service = await startTokenService()
  const pair = newKey()
  const secret = formatSecret('clientSecret', randomBytes(32))
  const url = (path: string) => service.issuer + path

  const self = {
    service,
    pair,
    secret,
    workload: '',
    grant: '',
    /** An address of the service. */
    url,
    basic: (id = self.workload, password = secret) => ({ authorization: `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}` }),
    /** A workload that has the same secret. */
    async other(name: string): Promise<string> {
      const id = await service.addWorkload(name)
      await service.addIdentity(id, { method: 'client_secret_basic', secret_hash: hash('sha256', secret, 'buffer') })
      return id
    },
    async send(path: string, body: BodyInit | undefined, headers: Record<string, string> = {}, method = 'POST'): Promise<Answered> {
      const init = body === undefined ? {} : { body }
      const response = await fetch(url(path), { method, headers, redirect: 'manual', ...init })
      const text = await response.text()
      const parsed = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
      return { status: response.status, headers: response.headers, text, body: parsed }
    },
    async post(path: string, form: Record<string, string> | string, headers: Record<string, string> = {}): Promise<Answered> {
      const body = typeof form === 'string' ? form : new URLSearchParams(form).toString()
      return await self.send(path, body, { 'content-type': formType, ...headers })
    },
    async token(form: Record<string, string> | string, headers: Record<string, string> = {}): Promise<Answered> {
      return await self.post('/oauth2/token', form, headers)
    },
    /** A token for the workload itself. */
    async mint(more: Record<string, string> = {}, id = self.workload): Promise<string> {
      return String((await self.token({ grant_type: 'client_credentials', ...more }, self.basic(id))).body.access_token)
    },
    /** A client assertion; a claim or header that is undefined is left out. */
    assertion({ header, claims, key }: Change = {}): string {
      const now = nowSeconds()
      const all = {
        iss: self.workload,
        sub: self.workload,
        aud: service.issuer,
        iat: now,
        exp: now + 60,
        jti: randomUUID(),
        ...claims,
      }
      return signedText(JSON.stringify({ alg: 'ES256', ...header }), JSON.stringify(all), key ?? pair.privateKey)
    },
    withAssertion: (client_assertion: string, more: Record<string, string> = {}) => ({
      grant_type: 'client_credentials',
      client_assertion_type: assertionType,
      client_assertion,
      ...more,
    }),
    async introspect(token: string, headers: Record<string, string> = self.basic()): Promise<Answered> {
      return await self.post('/oauth2/introspect', { token }, headers)
    },
    stop: () => service.stop(),
  }
  self.workload = await self.other('standards')
  self.grant = await service.addGrant(self.workload)
  await service.addIdentity(self.workload, {
    method: 'private_key_jwt',
    public_jwk: JSON.stringify(pair.publicKey.export({ format: 'jwk' })),
  })
  return self
}

export type Standards = Awaited<ReturnType<typeof startStandards>>
