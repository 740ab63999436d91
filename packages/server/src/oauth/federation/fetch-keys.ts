import { limits } from '@keyward/contract/limits'
import type { EgressAnswer, EgressRequest } from '../../egress/request.ts'
import { type KeyUse, type VerificationKey, verificationKey } from '../../trust/verification-key.ts'
import type { TrustedIssuer } from './trust-rule.ts'

/** The keys of an issuer as they are now, and how long that may be believed. */
export interface FetchedKeys {
  readonly keys: readonly VerificationKey[]
  /** As they stand in the key set or bundle, whatever their use. */
  readonly all: readonly Readonly<Record<string, unknown>>[]
  readonly freshSeconds: number
}

/** Why an issuer's keys could not be had. For the log: it may name what lies inside a network. */
export class KeysAway extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'KeysAway'
  }
}

/** A sender waits for this; an issuer that needs longer is as good as away. */
const fetchMsMax = 5_000
const keysMax = 100
const freshSecondsMin = 300
const freshSecondsMax = 86_400

type Request = (request: EgressRequest) => Promise<EgressAnswer>

/**
 * Fetches the keys of an issuer. Each exchange is bounded in bytes and time, goes through egress/ (which judges the address at dial time),
 * and follows no redirect.
 * @throws KeysAway
 */
export async function fetchKeys(request: Request, issuer: TrustedIssuer): Promise<FetchedKeys> {
  const { keysFrom } = issuer
  switch (keysFrom.type) {
    case 'discovery':
      return await fetchJwks(request, issuer, await discover(request, issuer), 'sig')
    case 'jwks_uri':
      return await fetchJwks(request, issuer, keysFrom.url, 'sig')
    case 'bundle_url':
      return await fetchJwks(request, issuer, keysFrom.url, 'jwt-svid')
    default:
      throw new KeysAway('its keys are not fetched')
  }
}

/** Keys that are part of the issuer itself; undefined where they are fetched. */
export function staticKeys({ keysFrom }: TrustedIssuer): readonly VerificationKey[] | undefined {
  switch (keysFrom.type) {
    case 'jwks':
      return usable(keysFrom.keys, 'sig')
    case 'bundle':
      return usable(keysFrom.keys, 'jwt-svid')
    case 'certificates':
      return []
    default:
      return undefined
  }
}

/** The `jwks_uri` of a discovery document that says of itself what it was asked for (OpenID Connect Discovery, section 4.3). */
async function discover(request: Request, issuer: TrustedIssuer): Promise<string> {
  const { body } = await get(request, issuer, `${issuer.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  if (body.issuer !== issuer.issuer) throw new KeysAway('its discovery document is of another issuer')
  if (typeof body.jwks_uri !== 'string') throw new KeysAway('its discovery document has no jwks_uri')
  return body.jwks_uri
}

async function fetchJwks(request: Request, issuer: TrustedIssuer, url: string, use: KeyUse): Promise<FetchedKeys> {
  const { body, cacheControl } = await get(request, issuer, url)
  if (!Array.isArray(body.keys)) throw new KeysAway('its key set has no keys')
  if (body.keys.length > keysMax) throw new KeysAway(`its key set has more than ${keysMax} keys`)
  const hint = use === 'jwt-svid' && typeof body.spiffe_refresh_hint === 'number' ? body.spiffe_refresh_hint : maxAge(cacheControl)
  const all = body.keys.filter((jwk) => typeof jwk === 'object' && jwk !== null && !Array.isArray(jwk))
  return { keys: usable(all, use), all, freshSeconds: Math.min(Math.max(hint, freshSecondsMin), freshSecondsMax) }
}

function usable(keys: readonly Readonly<Record<string, unknown>>[], use: KeyUse): VerificationKey[] {
  return keys.map((jwk) => verificationKey(jwk, use)).filter((key) => key !== undefined)
}

async function get(
  request: Request,
  issuer: TrustedIssuer,
  text: string,
): Promise<{ body: Readonly<Record<string, unknown>>; cacheControl: string | undefined }> {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '')
    throw new KeysAway('the address of its keys is no https address')
  if (url.protocol === 'http:' && !issuer.allowPrivate) throw new KeysAway('the address of its keys is plain http')
  let answer: EgressAnswer
  try {
    answer = await request({
      url: url.href,
      headers: { accept: 'application/json' },
      allowPrivate: issuer.allowPrivate,
      bytesMax: limits.issuerKeysBytesMax,
      timeoutMs: fetchMsMax,
      ...(issuer.ca === undefined ? {} : { ca: issuer.ca }),
    })
  } catch (error) {
    throw new KeysAway('the address of its keys does not answer', { cause: error })
  }
  if (answer.status >= 300 && answer.status < 400) throw new KeysAway('the address of its keys redirects, which is not followed')
  if (answer.status !== 200) throw new KeysAway(`the address of its keys answers ${answer.status}`)
  let body: unknown
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.body))
  } catch (error) {
    throw new KeysAway('the address of its keys answers no JSON', { cause: error })
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new KeysAway('the address of its keys answers no JSON object')
  const header = answer.headers['cache-control']
  return { body: body as Record<string, unknown>, cacheControl: typeof header === 'string' ? header : undefined }
}

/** Seconds of `max-age`; 0 where there is none, or the answer is not to be kept. */
function maxAge(cacheControl: string | undefined): number {
  if (cacheControl === undefined || /\bno-(?:store|cache)\b/i.test(cacheControl)) return 0
  return Number(/\bmax-age=(\d{1,9})\b/i.exec(cacheControl)?.[1] ?? 0)
}
