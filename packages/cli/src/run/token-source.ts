import { importJWK, type JWK, SignJWT } from 'jose'
import { request as send } from 'undici'
import type { SidecarKey } from './sidecar-key.ts'

/** Who this machine may act as: made by `keyward workload enroll`, kept in the OS keyring or a 0600 file. */
export interface Enrolment {
  readonly origin: string
  readonly workload: string
  /** Private JWK (EC P-256). */
  readonly key: JWK
}

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

const assertionSeconds = 60
/** A token is renewed when a quarter of its life is left, and tried again every few seconds as long as the old one lives. */
const renewAtShare = 0.75
const requestMsMax = 10_000
/** Behind a load balancer each try may meet another node. */
const noncesMax = 3

/**
 * Keeps one live token for one grant: proves the workload's identity (private_key_jwt), asks for a token that is bound to the sidecar's key,
 * and renews it in time. Callers that come at once share one request.
 */
export class TokenSource {
  readonly #enrolment: Enrolment
  readonly #sidecarKey: SidecarKey
  readonly #grant: string
  /** Every token that may still live, to be ended with the run. */
  readonly #minted: LiveToken[] = []
  #live: { token: LiveToken; renewAtMs: number } | undefined
  #pending: Promise<LiveToken> | undefined
  /** What the token endpoint wants in the next proof (RFC 9449 section 8). */
  #nonce: string | undefined

  constructor(enrolment: Enrolment, sidecarKey: SidecarKey, grant: string) {
    this.#enrolment = enrolment
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
   * process's key it is worth nothing.
   */
  async revoke(msMax: number): Promise<void> {
    const now = Date.now()
    const living = this.#minted.filter((one) => one.expiresAtMs > now)
    this.#minted.length = 0
    this.#live = undefined
    const signal = AbortSignal.timeout(msMax)
    await Promise.allSettled(
      living.map(async ({ token }) => {
        const response = await send(`${this.#enrolment.origin}/oauth2/revoke`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ token, ...(await this.#assertion()) }).toString(),
          signal,
        })
        await response.body.dump()
      }),
    )
  }

  /** Client authentication by private_key_jwt (RFC 7523 section 2.2): good for one request. */
  async #assertion(): Promise<Record<string, string>> {
    const { origin, workload, key } = this.#enrolment
    const nowSeconds = Math.floor(Date.now() / 1000)
    const assertion = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', typ: 'client-authentication+jwt', ...(key.kid === undefined ? {} : { kid: key.kid }) })
      .setIssuer(workload)
      .setSubject(workload)
      .setAudience(origin)
      .setJti(crypto.randomUUID())
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + assertionSeconds)
      .sign(await importJWK(key, 'ES256'))
    return { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion }
  }

  async #ask(): Promise<LiveToken> {
    const askedAtMs = Date.now()
    let { status, answer } = await this.#post()
    // The first proof has no nonce yet, and another node wants its own: each says which, and is asked again.
    for (let again = 0; again < noncesMax && answer.error === 'use_dpop_nonce'; again++) ({ status, answer } = await this.#post())
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

  /** One request to the token endpoint, with a proof and an assertion of its own. */
  async #post(): Promise<{ status: number; answer: Record<string, unknown> }> {
    const { origin } = this.#enrolment
    const address = `${origin}/oauth2/token`
    const form = new URLSearchParams({ grant_type: 'client_credentials', scope: `grant:${this.#grant}`, ...(await this.#assertion()) })
    const nowSeconds = Math.floor(Date.now() / 1000)
    try {
      const response = await send(address, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          dpop: await this.#sidecarKey.proof({ method: 'POST', address, nowSeconds, nonce: this.#nonce }),
        },
        body: form.toString(),
        headersTimeout: requestMsMax,
        bodyTimeout: requestMsMax,
      })
      const nonce = response.headers['dpop-nonce']
      if (typeof nonce === 'string') this.#nonce = nonce
      return { status: response.statusCode, answer: (await response.body.json()) as Record<string, unknown> }
    } catch (error) {
      throw new TokenRefused(
        'unreachable',
        `Keyward at ${origin} did not answer: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
}
