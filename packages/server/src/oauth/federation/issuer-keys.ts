import type { EgressAnswer, EgressRequest } from '../../egress/request.ts'
import type { IssuerAlg, VerificationKey } from '../../trust/verification-key.ts'
import { fetchKeys, KeysAway, staticKeys } from './fetch-keys.ts'
import type { TrustedIssuer } from './trust-rule.ts'

/*
 * The keys of issuers, kept until they are stale. A key that nobody knows is looked for at once, but an issuer is asked at most every 30 s
 * for that, however many tokens name keys that do not exist. One request at a time for each issuer; whoever needs the same answer waits for it.
 */

/** An unknown `kid` may be a key of a minute ago, or made up. */
const unknownKeyEveryMs = 30_000
/** After a failure. */
const retryEveryMs = 5_000
/** With the issuer away, keys are believed for this long after they went stale. */
const staleMsMax = 3_600_000

interface Kept {
  keys: readonly VerificationKey[] | undefined
  all: readonly Readonly<Record<string, unknown>>[]
  fetchedMs: Times
  freshMs: number
  attemptedMs: number
  inFlight: Promise<void> | undefined
  problem: unknown
}

/** On both clocks: the monotonic one stands still while a machine sleeps, the other can be set back. */
interface Times {
  readonly wall: number
  readonly monotonic: number
}

export interface IssuerKeySetsDeps {
  readonly egress: { request(request: EgressRequest): Promise<EgressAnswer> }
  nowMs(): number
  monotonicMs(): number
}

export class IssuerKeySets {
  readonly #deps: IssuerKeySetsDeps
  #kept = new Map<string, Kept>()

  constructor(deps: IssuerKeySetsDeps) {
    this.#deps = deps
  }

  /** Of one issuer, or of all. What is being fetched meanwhile is not kept either. */
  forget(issuer: string | 'all'): void {
    if (issuer === 'all') this.#kept = new Map()
    else this.#kept.delete(issuer)
  }

  /**
   * The keys that may have signed: those with that `kid`, or all where the token names none, that fit the algorithm. Empty where the issuer
   * has none such.
   * @param options.again the ones that were found did not fit: look whether there are newer ones
   * @throws KeysAway
   */
  async find(
    issuer: TrustedIssuer,
    kid: string | undefined,
    alg: IssuerAlg,
    options: { readonly again: boolean } = { again: false },
  ): Promise<readonly VerificationKey[]> {
    const kept = this.#keptOf(issuer)
    if (kept.freshMs === Number.POSITIVE_INFINITY) return fitting(kept.keys ?? [], kid, alg)
    const keys = await this.#usable(issuer, kept)
    if (!options.again && knows(keys, kid)) return fitting(keys, kid, alg)
    await this.#refresh(issuer, kept, unknownKeyEveryMs)
    return fitting(kept.keys ?? [], kid, alg)
  }

  /** All keys of a bundle that is fetched, for those that are not for tokens. @throws KeysAway */
  async bundle(issuer: TrustedIssuer): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const kept = this.#keptOf(issuer)
    await this.#usable(issuer, kept)
    return kept.all
  }

  async #usable(issuer: TrustedIssuer, kept: Kept): Promise<readonly VerificationKey[]> {
    if (kept.keys === undefined || this.#ageMs(kept) > kept.freshMs) await this.#refresh(issuer, kept, retryEveryMs)
    if (kept.keys === undefined || this.#ageMs(kept) > kept.freshMs + staleMsMax)
      throw new KeysAway('its keys cannot be had', { cause: kept.problem })
    return kept.keys
  }

  #keptOf(issuer: TrustedIssuer): Kept {
    const known = this.#kept.get(issuer.id)
    if (known !== undefined) return known
    const keys = staticKeys(issuer)
    const never = { wall: Number.NEGATIVE_INFINITY, monotonic: Number.NEGATIVE_INFINITY }
    const kept: Kept = {
      keys,
      all: [],
      fetchedMs: never,
      freshMs: keys === undefined ? 0 : Number.POSITIVE_INFINITY,
      attemptedMs: Number.NEGATIVE_INFINITY,
      inFlight: undefined,
      problem: undefined,
    }
    this.#kept.set(issuer.id, kept)
    return kept
  }

  #ageMs({ fetchedMs }: Kept): number {
    return Math.max(this.#deps.nowMs() - fetchedMs.wall, this.#deps.monotonicMs() - fetchedMs.monotonic)
  }

  /** Resolves when there is nothing newer to be had; never throws. */
  async #refresh(issuer: TrustedIssuer, kept: Kept, everyMs: number): Promise<void> {
    if (kept.inFlight === undefined) {
      const now = this.#deps.monotonicMs()
      if (now - kept.attemptedMs < everyMs) return
      kept.attemptedMs = now
      kept.inFlight = this.#renew(issuer, kept).finally(() => {
        kept.inFlight = undefined
      })
    }
    await kept.inFlight
  }

  async #renew(issuer: TrustedIssuer, kept: Kept): Promise<void> {
    try {
      const { keys, all, freshSeconds } = await fetchKeys((request) => this.#deps.egress.request(request), issuer)
      kept.keys = keys
      kept.all = all
      kept.freshMs = freshSeconds * 1000
      kept.fetchedMs = { wall: this.#deps.nowMs(), monotonic: this.#deps.monotonicMs() }
      kept.problem = undefined
    } catch (error) {
      kept.problem = error
    }
  }
}

function knows(keys: readonly VerificationKey[], kid: string | undefined): boolean {
  return keys.some((key) => kid === undefined || key.kid === kid)
}

/** A key without a `kid` may be the one that a token names: its owner did not say. */
function fitting(keys: readonly VerificationKey[], kid: string | undefined, alg: IssuerAlg): readonly VerificationKey[] {
  const named = kid === undefined ? keys : keys.filter((key) => key.kid === kid)
  const candidates = named.length > 0 ? named : keys.filter((key) => key.kid === undefined)
  return candidates.filter((key) => key.algs.includes(alg))
}
