import type { CryptoKey, JWK } from 'jose'
import { enrolledKey } from './workload-identity/enrolled-key.ts'
import type { WorkloadIdentity } from './workload-identity/identity.ts'
import { type EndpointAnswer, postForm } from './workload-identity/token-endpoint.ts'

/** The grant that a token is wanted under, and where. */
interface Wanted {
  /** Where Keyward is: the issuer, without a slash at its end. */
  readonly origin: string
  /** Id of the grant. May be left out where the workload has just one. */
  readonly grant?: string
  readonly fetch?: typeof fetch
}

/** A workload that proves itself with its own key (RFC 7523 section 2.2). */
interface ByKey extends Wanted {
  /** Id of the workload. */
  readonly workload: string
  /** Its private key, as a JWK or imported. */
  readonly key: JWK | CryptoKey
  /** Default: what the JWK says, else ES256. */
  readonly alg?: string
}

/** A workload that proves itself by what its surroundings give it (workload-identity/): a CI job, a pod, a certificate. */
interface ByIdentity extends Wanted {
  readonly identity: WorkloadIdentity
}

export type AgentTokenOptions = ByKey | ByIdentity

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

/** A token is renewed when this part of its life is over, so that no call begins with one that ends on its way. */
const renewAfter = 0.8
const answerMsMax = 30_000

/**
 * Tokens for an agent, from `/oauth2/token`; kept until four fifths of their life are over. The identity is proved afresh for each.
 *
 * ```ts
 * const token = agentToken({ origin, workload: 'wl_…', key, grant: 'grt_…' })
 * const openai = new OpenAI({ baseURL: `${origin}/g/openai/v1`, apiKey: await token.get() })
 *
 * const inCi = agentToken({ origin, identity: githubJob(process.env), grant: 'grt_…' })
 * ```
 *
 * `get` throws AgentTokenError for what Keyward refuses, and IdentityError where the identity itself can't be read.
 */
export function agentToken(options: AgentTokenOptions): AgentToken {
  const identity = 'identity' in options ? options.identity : enrolledKey(options)
  let held: { token: string; renewAtMs: number } | undefined
  let asking: Promise<string> | undefined
  // What was forgotten while a request ran must not come back with its answer.
  let generation = 0
  const ask = async (): Promise<string> => {
    const begun = generation
    const answer = await requestToken(options, identity)
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

async function requestToken(options: Wanted, identity: WorkloadIdentity): Promise<{ access_token: string; expires_in: number }> {
  const { origin, grant } = options
  const { form, certificate } = await identity.prove(origin)
  let answered: EndpointAnswer
  try {
    answered = await postForm({
      address: `${origin}/oauth2/token`,
      form: { ...form, ...(grant === undefined ? {} : { scope: `grant:${grant}` }) },
      certificate,
      fetch: options.fetch,
      signal: AbortSignal.timeout(answerMsMax),
    })
  } catch (error) {
    throw new AgentTokenError('unreachable', `No token: Keyward did not answer at ${origin}`, error)
  }
  const { status, answer } = answered
  if (status !== 200) {
    const why = typeof answer.error_description === 'string' ? `: ${answer.error_description}` : ''
    throw new AgentTokenError(typeof answer.error === 'string' ? answer.error : 'invalid_response', `No token${why}`)
  }
  const { access_token, expires_in } = answer
  if (typeof access_token !== 'string' || typeof expires_in !== 'number')
    throw new AgentTokenError('invalid_response', 'No token: the answer holds none')
  return { access_token, expires_in }
}
