import { IdentityError, type Proof } from '@keyward/sdk/workload-identity/identity'
import { type EndpointAnswer, postForm } from '@keyward/sdk/workload-identity/token-endpoint'
import type { ActingAs } from './identity.ts'
import type { SidecarKey } from './sidecar-key.ts'

/** A token and what it is for, as the token endpoint answered. */
export interface LiveToken {
  readonly token: string
  /** ISSUER/g/NAME */
  readonly resource: string
  readonly resourceKind: string
  readonly provider: string | undefined
  readonly expiresAtMs: number
}

/** The token endpoint said no, or could not be reached. */
export class TokenRefused extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'TokenRefused'
    this.code = code
  }
}

/** A token is renewed when a quarter of its life is left, and tried again every few seconds as long as the old one lives. */
const renewAtShare = 0.75
const requestMsMax = 10_000
/** Behind a load balancer each try may meet another node. */
const noncesMax = 3

/**
 * Keeps one live token for one grant: proves the workload's identity, asks for a token that is bound to the sidecar's key,
 * and renews it in time. Callers that come at once share one request.
 */
export class TokenSource {
  readonly #acting: ActingAs
  readonly #sidecarKey: SidecarKey
  readonly #grant: string
  /** Every token that may still live, to be ended with the run. */
  readonly #minted: LiveToken[] = []
  #live: { token: LiveToken; renewAtMs: number } | undefined
  #pending: Promise<LiveToken> | undefined
  /** What the token endpoint wants in the next proof (RFC 9449 section 8). */
  #nonce: string | undefined

  constructor(acting: ActingAs, sidecarKey: SidecarKey, grant: string) {
    this.#acting = acting
    this.#sidecarKey = sidecarKey
    this.#grant = grant
  }

  /** A token that lives now. Throws TokenRefused where none is to be had. */
  async get(nowMs: number = Date.now()): Promise<LiveToken> {
    const live = this.#live
    if (live && nowMs < live.renewAtMs) return live.token
    this.#pending ??= this.#ask().finally(() => {
      this.#pending = undefined
    })
    if (live && nowMs < live.token.expiresAtMs - 1_000) {
      // The old one serves while the new one is fetched; a failure shows when the old one has ended.
      this.#pending.catch(() => {})
      return live.token
    }
    return await this.#pending
  }

  /** The gateway refused this token: the next `get` asks for another. */
  forget(token: string): void {
    if (this.#live?.token.token === token) this.#live = undefined
  }

  /**
   * Ends every token of this run that still lives (RFC 7009). Best effort: what the server does not hear ends by itself, and without this
   * process's key it is worth nothing. An identity that is no client of its own (a CI job's token) can end nothing.
   */
  async revoke(msMax: number): Promise<void> {
    const now = Date.now()
    const living = this.#minted.filter((one) => one.expiresAtMs > now)
    this.#minted.length = 0
    this.#live = undefined
    const signal = AbortSignal.timeout(msMax)
    const { issuer, identity } = this.#acting
    await Promise.allSettled(
      living.map(async ({ token }) => {
        const { client, certificate } = await identity.prove(issuer)
        if (client === undefined) return
        await postForm({ address: `${issuer}/oauth2/revoke`, form: { token, ...client }, certificate, signal })
      }),
    )
  }

  async #ask(): Promise<LiveToken> {
    const askedAtMs = Date.now()
    let { status, answer } = await this.#post()
    // The first proof has no nonce yet, and another node wants its own: each says which, and is asked again.
    for (let again = 0; again < noncesMax && status === 400 && answer.error === 'use_dpop_nonce'; again++) {
      ;({ status, answer } = await this.#post())
    }
    if (status !== 200)
      throw new TokenRefused(
        String(answer.error ?? status),
        `no token for ${this.#grant}: ${String(answer.error_description ?? answer.error ?? `status ${status}`)}`,
      )
    const { access_token, expires_in, resource, resource_kind, provider } = answer
    if (
      typeof access_token !== 'string' ||
      typeof expires_in !== 'number' ||
      typeof resource !== 'string' ||
      typeof resource_kind !== 'string'
    )
      throw new TokenRefused('unexpected', 'the token endpoint answered in a form that this version does not know')
    const token: LiveToken = {
      token: access_token,
      resource,
      resourceKind: resource_kind,
      provider: typeof provider === 'string' ? provider : undefined,
      expiresAtMs: askedAtMs + expires_in * 1000,
    }
    this.#minted.push(token)
    while ((this.#minted[0]?.expiresAtMs ?? Number.POSITIVE_INFINITY) < askedAtMs) this.#minted.shift()
    this.#live = { token, renewAtMs: askedAtMs + expires_in * 1000 * renewAtShare }
    return token
  }

  /** One request to the token endpoint, with a proof of the key and one of the identity of its own. */
  async #post(): Promise<EndpointAnswer> {
    const { issuer } = this.#acting
    const address = `${issuer}/oauth2/token`
    const { form, certificate } = await this.#identityProof()
    const nowSeconds = Math.floor(Date.now() / 1000)
    try {
      const answered = await postForm({
        address,
        form: { ...form, scope: `grant:${this.#grant}` },
        headers: { dpop: await this.#sidecarKey.proof({ method: 'POST', address, nowSeconds, nonce: this.#nonce }) },
        certificate,
        signal: AbortSignal.timeout(requestMsMax),
      })
      this.#nonce = answered.headers.get('dpop-nonce') ?? this.#nonce
      return answered
    } catch (error) {
      throw new TokenRefused('unreachable', `Keyward at ${issuer} did not answer: ${causeOf(error)}`)
    }
  }

  async #identityProof(): Promise<Proof> {
    try {
      return await this.#acting.identity.prove(this.#acting.issuer)
    } catch (error) {
      if (error instanceof IdentityError) throw new TokenRefused('identity_unreadable', `${error.message}. ${error.fix}`)
      throw error
    }
  }
}

/** What the network said: `fetch` wraps it. */
function causeOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return inner instanceof Error ? inner.message : String(inner)
}
