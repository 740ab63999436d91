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
  /** A workload that has the same secret. */
  const other = async (name: string): Promise<string> => {
    const id = await service.addWorkload(name)
    await service.addIdentity(id, { method: 'client_secret_basic', secret_hash: hash('sha256', secret, 'buffer') })
    return id
  }
  const workload = await other('standards')
  const grant = await service.addGrant(workload)
  await service.addIdentity(workload, {
    method: 'private_key_jwt',
    public_jwk: JSON.stringify(pair.publicKey.export({ format: 'jwk' })),
  })

  /** An address of the service. */
  const url = (path: string): string => service.issuer + path
  const basic = (id = workload, password = secret) => ({
    authorization: `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}`,
  })
  const send = async (path: string, body: BodyInit | undefined, headers: Record<string, string> = {}, method = 'POST') => {
    const response = await fetch(url(path), { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body }) })
    const text = await response.text()
    const parsed = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
    return { status: response.status, headers: response.headers, text, body: parsed } satisfies Answered
  }
  const post = (path: string, form: Record<string, string> | string, headers: Record<string, string> = {}) =>
    send(path, typeof form === 'string' ? form : new URLSearchParams(form).toString(), { 'content-type': formType, ...headers })
  const token = (form: Record<string, string> | string, headers: Record<string, string> = {}) => post('/oauth2/token', form, headers)
  /** A token for the workload itself. */
  const mint = async (more: Record<string, string> = {}): Promise<string> =>
    String((await token({ grant_type: 'client_credentials', ...more }, basic())).body.access_token)
  /** A client assertion; a claim or header that is undefined is left out. */
  const assertion = ({ header, claims, key }: Change = {}): string => {
    const now = nowSeconds()
    const all = { iss: workload, sub: workload, aud: service.issuer, iat: now, exp: now + 60, jti: randomUUID(), ...claims }
    return signedText(JSON.stringify({ alg: 'ES256', ...header }), JSON.stringify(all), key ?? pair.privateKey)
  }
  const withAssertion = (client_assertion: string, more: Record<string, string> = {}) => ({
    grant_type: 'client_credentials',
    client_assertion_type: assertionType,
    client_assertion,
    ...more,
  })
  const introspect = (asked: string, headers: Record<string, string> = basic()) => post('/oauth2/introspect', { token: asked }, headers)
  const stop = () => service.stop()
  return { service, pair, secret, workload, grant, other, url, basic, send, post, token, mint, assertion, withAssertion, introspect, stop }
}

export type Standards = Awaited<ReturnType<typeof startStandards>>
