import { hash } from 'node:crypto'
import type { GrantScope } from '@keyward/contract/grants'
import { type AssuranceLevel, assuranceLevels } from '@keyward/contract/words'
import { ProofRefused, readProof } from './dpop.ts'
import { isSignedBy } from './jws-signature.ts'
import { ProofMemory } from './proof-memory.ts'
import type { Revoked } from './revoked.ts'
import type { SigningKeys } from './signing-keys.ts'
import { MalformedJws, readStrictJws, typeOf } from './strict-jws.ts'
import { TokenError } from './token-error.ts'

/** Who acts (`act`, RFC 8693 section 4.1), and how it came to that. Only the outermost counts. */
export interface Actor {
  readonly sub: string
  readonly act?: Actor
}

/** What an access token of ours says (RFC 9068), once it is verified. */
export interface VerifiedToken {
  readonly id: string
  readonly grant: string
  /** The grant's workload, whose authority it is. */
  readonly workload: string
  /** On whose behalf: a person, or the grant's workload itself. */
  readonly subject: string
  readonly user: string | undefined
  /** Who holds it: the grant's workload, one that it was handed on to, or a person's client. */
  readonly client: string
  readonly act: Actor | undefined
  /** The one workload that may act under it by exchange (`may_act`, RFC 8693 section 4.4); undefined: the grant's delegates say it alone. */
  readonly mayAct: string | undefined
  readonly tenant: string | undefined
  readonly identity: string | undefined
  readonly assurance: AssuranceLevel
  /** Narrower than the grant's scope; undefined where it says the same. */
  readonly narrowed: GrantScope | undefined
  /** The resource's address: `ISSUER/g/NAME`. */
  readonly audience: string
  /** Thumbprint of the key or certificate that it is bound to (`cnf`). */
  readonly boundTo: string | undefined
  readonly binding: 'dpop' | 'mtls' | undefined
  /** SHA-256 of the token's string, base64url: what a proof carries as `ath`. */
  readonly ath: string
  readonly issuedAtMs: number
  readonly expiresAtMs: number
}

export interface VerifierDeps {
  readonly keys: Pick<SigningKeys, 'verifier'>
  readonly revoked: Pick<Revoked, 'has' | 'complete'>
  readonly issuer: string
  /** Origins under which this server is addressed, for proofs. */
  readonly origins: readonly string[]
  /** Installation time (changes/feed.ts), so that clocks of nodes don't matter. */
  nowMs(): number
  monotonicMs(): number
}

const cacheEntriesMax = 50_000

/**
 * Verifies access tokens as a resource server has to (RFC 9068 section 4). The signature is checked once and the result kept under the
 * token's SHA-256 until it ends; revocation and end are looked at every time.
 */
export class TokenVerifier {
  readonly #deps: VerifierDeps
  readonly #verified = new Map<string, VerifiedToken>()
  /** What this node remembers of proofs: one memory for the gateway and the token endpoint, because clients keep one nonce for an origin. */
  readonly proofs: ProofMemory

  constructor(deps: VerifierDeps) {
    this.#deps = deps
    this.proofs = new ProofMemory(deps.monotonicMs)
  }

  /** Returns what the token says, or throws TokenError. The audience is the caller's to compare. */
  verify(compact: string): VerifiedToken {
    const digest = hash('sha256', compact, 'base64url')
    let token = this.#verified.get(digest)
    if (token === undefined) {
      token = this.#read(compact, digest)
      if (this.#verified.size >= cacheEntriesMax) this.#evict()
      this.#verified.set(digest, token)
    }
    if (token.expiresAtMs <= this.#deps.nowMs()) {
      this.#verified.delete(digest)
      throw new TokenError('token_ended', 'the token has ended')
    }
    if (!this.#deps.revoked.complete) throw new TokenError('node_deaf', 'this node is still reading what was revoked')
    if (this.#deps.revoked.has(token.id) || (token.identity !== undefined && this.#deps.revoked.has(token.identity)))
      throw new TokenError('token_revoked', 'the token was revoked')
    return token
  }

  /**
   * Checks the proof of possession of a bound token. `header` is the DPoP header (empty where there is none), `url` the address of the
   * request as it arrived.
   * @returns the digest of the body that the proof was made for, where it names one: to be compared once the body is here
   * @throws TokenError with the headers to answer
   */
  verifyProof(
    token: { readonly boundTo?: string | undefined; readonly binding?: 'dpop' | 'mtls' | undefined; readonly ath: string },
    proof: { readonly header: string; readonly method: string; readonly url: string },
  ): string | undefined {
    if (token.boundTo === undefined || token.binding === 'mtls') return undefined
    const url = new URL(proof.url)
    try {
      return readProof({
        proof: proof.header,
        method: proof.method,
        path: url.pathname,
        origins: this.#deps.origins,
        nowMs: this.#deps.nowMs(),
        memory: this.proofs,
        nonce: true,
        token: { ath: token.ath, boundTo: token.boundTo },
      }).contentDigest
    } catch (error) {
      if (!(error instanceof ProofRefused)) throw error
      const code = error.needsNonce ? 'proof_nonce_required' : 'proof_invalid'
      throw new TokenError(code, error.message, {
        'www-authenticate': `DPoP error="${error.needsNonce ? 'use_dpop_nonce' : 'invalid_dpop_proof'}", error_description="${error.message}", algs="ES256 ES384 EdDSA RS256 PS256"`,
        'dpop-nonce': this.proofs.nonce(),
      })
    }
  }

  /** The nonce to hand out on answers to bound tokens, so that clients never have to ask twice (RFC 9449 section 8.2). */
  proofNonce(): string {
    return this.proofs.nonce()
  }

  /** Signing keys changed: what they vouched for has to be looked at again. */
  forgetAll(): void {
    this.#verified.clear()
  }

  #read(compact: string, ath: string): VerifiedToken {
    let jws: ReturnType<typeof readStrictJws>
    try {
      jws = readStrictJws(compact)
    } catch (error) {
      if (error instanceof MalformedJws) throw new TokenError('token_invalid', `the token ${error.message}`)
      throw error
    }
    const { header, payload } = jws
    if (typeOf(header) !== 'at+jwt') throw new TokenError('token_invalid', 'the token is not an access token')
    const key = typeof header.kid === 'string' ? this.#deps.keys.verifier(header.kid) : undefined
    if (key === undefined || header.alg !== key.alg) throw new TokenError('token_invalid', 'the token is not signed by a key of ours')
    if (!isSignedBy(compact, key.alg, key.key)) throw new TokenError('token_invalid', 'the signature is not valid')
    const { iss, sub, client_id, aud, exp, iat, jti, grant, tenant, identity, cnf, act, may_act, assurance, authorization_details } =
      payload
    const workload = payload.workload ?? sub
    if (iss !== this.#deps.issuer) throw new TokenError('token_invalid', 'the token is of another issuer')
    if (
      typeof sub !== 'string' ||
      typeof workload !== 'string' ||
      typeof client_id !== 'string' ||
      typeof aud !== 'string' ||
      typeof jti !== 'string' ||
      typeof grant !== 'string' ||
      typeof exp !== 'number' ||
      typeof iat !== 'number'
    ) {
      throw new TokenError('token_invalid', 'the token lacks a claim')
    }
    return {
      id: jti,
      grant,
      workload,
      subject: sub,
      user: sub.startsWith('usr_') ? sub : undefined,
      client: client_id,
      act: act as Actor | undefined,
      mayAct:
        typeof may_act === 'object' && may_act !== null && 'sub' in may_act && typeof may_act.sub === 'string' ? may_act.sub : undefined,
      tenant: typeof tenant === 'string' ? tenant : undefined,
      identity: typeof identity === 'string' ? identity : undefined,
      assurance: assuranceLevels.find((level) => level === assurance) ?? 'shared_secret',
      narrowed: narrowedOf(authorization_details),
      audience: aud,
      ...bindingOf(cnf),
      ath,
      issuedAtMs: iat * 1000,
      expiresAtMs: exp * 1000,
    }
  }

  #evict(): void {
    const now = this.#deps.nowMs()
    for (const [digest, token] of this.#verified) if (token.expiresAtMs <= now) this.#verified.delete(digest)
    if (this.#verified.size < cacheEntriesMax) return
    let surplus = cacheEntriesMax / 10
    for (const digest of this.#verified.keys()) {
      if (surplus-- <= 0) break
      this.#verified.delete(digest)
    }
  }
}

function bindingOf(cnf: unknown): Pick<VerifiedToken, 'binding' | 'boundTo'> {
  if (cnf === undefined) return { binding: undefined, boundTo: undefined }
  if (typeof cnf === 'object' && cnf !== null) {
    if ('jkt' in cnf && typeof cnf.jkt === 'string') return { binding: 'dpop', boundTo: cnf.jkt }
    const thumbprint = 'x5t#S256' in cnf ? cnf['x5t#S256'] : undefined
    if (typeof thumbprint === 'string') return { binding: 'mtls', boundTo: thumbprint }
  }
  throw new TokenError('token_invalid', 'the token is bound in a way that is not known here')
}

/** Our own tokens carry one detail at most, whose members beside these are the scope (oauth/mint). */
function narrowedOf(details: unknown): GrantScope | undefined {
  if (details === undefined) return undefined
  const [only] = Array.isArray(details) ? details : []
  if (typeof only !== 'object' || only === null) throw new TokenError('token_invalid', 'the token lacks its details')
  const { type: _type, locations: _locations, identifier: _identifier, ...scope } = only as Record<string, unknown>
  return scope as GrantScope
}
