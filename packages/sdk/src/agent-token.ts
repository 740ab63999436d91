import { type CryptoKey, importJWK, type JWK, SignJWT } from 'jose'

/** A workload that proves itself with its own key (RFC 7523), and the grant that it wants a token under. */
export interface AgentTokenOptions {
  /** Where Keyward is: the issuer, without a slash at its end. */
  readonly origin: string
  /** Id of the workload. */
  readonly workload: string
  /** Its private key, as a JWK or imported. */
  readonly key: JWK | CryptoKey
  /** Default: what the JWK says, else ES256. */
  readonly alg?: string
  /** Id of the grant. May be left out where the workload has just one. */
  readonly grant?: string
  readonly fetch?: typeof fetch
}

/** Gives an access token whenever one is needed. */
export interface AgentToken {
  /** A token that lives for a while yet: the one at hand, or a new one. Callers at the same time share one request. */
  get(): Promise<string>
  /** Forgets the token at hand: after a 401, for instance. */
  forget(): void
}

export class AgentTokenError extends Error {
  /** An error code of RFC 6749 section 5.2, or `unreachable`. */
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'AgentTokenError'
    this.code = code
  }
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** An assertion is made for one request. */
const assertionSeconds = 60
/** A token is renewed when this part of its life is over, so that no call begins with one that ends on its way. */
const renewAfter = 0.8

/**
 * Tokens for an agent, from `/oauth2/token` with `client_credentials` and `private_key_jwt`; kept until four fifths of their life are over.
 *
 * ```ts
 * const token = agentToken({ origin, workload: 'wl_…', key, grant: 'grt_…' })
 * const openai = new OpenAI({ baseURL: `${origin}/g/openai/v1`, apiKey: await token.get() })
 * ```
 */
export function agentToken(options: AgentTokenOptions): AgentToken {
  let held: { token: string; renewAtMs: number } | undefined
  let asking: Promise<string> | undefined
  // What was forgotten while a request ran must not come back with its answer.
  let generation = 0
  const ask = async (): Promise<string> => {
    const begun = generation
    const answer = await requestToken(options)
    const token = { token: answer.access_token, renewAtMs: performance.now() + answer.expires_in * 1_000 * renewAfter }
    if (begun === generation) held = token
    return token.token
  }
  return {
    get() {
      if (held && performance.now() < held.renewAtMs) return Promise.resolve(held.token)
      if (asking) return asking
      const mine = ask().finally(() => {
        if (asking === mine) asking = undefined
      })
      asking = mine
      return mine
    },
    forget() {
      generation += 1
      held = undefined
      asking = undefined
    },
  }
}

async function requestToken(options: AgentTokenOptions): Promise<{ access_token: string; expires_in: number }> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: assertionType,
    client_assertion: await assertionOf(options),
    ...(options.grant === undefined ? {} : { scope: `grant:${options.grant}` }),
  })
  let response: Response
  let answer: unknown
  try {
    response = await (options.fetch ?? fetch)(`${options.origin}/oauth2/token`, { method: 'POST', body: form, redirect: 'error' })
    answer = await response.json()
  } catch (error) {
    throw new AgentTokenError('unreachable', `No token: Keyward did not answer at ${options.origin}`, error)
  }
  const fields = (typeof answer === 'object' && answer !== null ? answer : {}) as Record<string, unknown>
  if (!response.ok) {
    const why = typeof fields.error_description === 'string' ? `: ${fields.error_description}` : ''
    throw new AgentTokenError(typeof fields.error === 'string' ? fields.error : 'invalid_response', `No token${why}`)
  }
  const { access_token, expires_in } = fields
  if (typeof access_token !== 'string' || typeof expires_in !== 'number')
    throw new AgentTokenError('invalid_response', 'No token: the answer holds none')
  return { access_token, expires_in }
}

async function assertionOf({ origin, workload, key, alg }: AgentTokenOptions): Promise<string> {
  const isJwk = 'kty' in key
  const algorithm = alg ?? (isJwk ? key.alg : undefined) ?? 'ES256'
  const kid = isJwk ? key.kid : undefined
  return await new SignJWT()
    .setProtectedHeader({ alg: algorithm, typ: 'client-authentication+jwt', ...(kid === undefined ? {} : { kid }) })
    .setIssuer(workload)
    .setSubject(workload)
    .setAudience(origin)
    .setIssuedAt()
    .setExpirationTime(`${assertionSeconds}s`)
    .setJti(crypto.randomUUID())
    .sign(isJwk ? await importJWK(key, algorithm) : key)
}
