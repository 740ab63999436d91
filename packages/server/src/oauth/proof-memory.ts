import { hash, randomBytes } from 'node:crypto'

const slotMs = 60_000
const proofsPerSlotMax = 400_000

/**
 * What this node remembers of DPoP proofs (RFC 9449 sections 9 and 11.1). A nonce belongs to this node and this boot and lives for one to
 * two slots of a minute; proofs must carry it, so remembering them for that long is enough, and no node needs another's memory: a proof
 * replayed elsewhere has the wrong nonce there. A slot that fills up ends early, which bounds memory.
 */
export class ProofMemory {
  readonly #monotonicMs: () => number
  #nonce = newNonce()
  #previousNonce = newNonce()
  #seen = new Set<string>()
  #previousSeen = new Set<string>()
  #startedMs: number

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
    this.#startedMs = monotonicMs()
  }

  /** The nonce that the next proof should carry. */
  nonce(): string {
    this.#turn()
    return this.#nonce
  }

  accepts(nonce: string): boolean {
    this.#turn()
    return nonce === this.#nonce || nonce === this.#previousNonce
  }

  /** True the first time that this `jti` is seen with this key and address; false for a replay. */
  remember(thumbprint: string, jti: string, htu: string): boolean {
    this.#turn()
    const digest = hash('sha256', `${thumbprint}\n${jti}\n${htu}`, 'base64').slice(0, 22)
    if (this.#seen.has(digest) || this.#previousSeen.has(digest)) return false
    this.#seen.add(digest)
    return true
  }

  #turn(): void {
    const now = this.#monotonicMs()
    const age = now - this.#startedMs
    if (age < slotMs && this.#seen.size < proofsPerSlotMax) return
    const skipped = age >= 2 * slotMs
    this.#previousNonce = skipped ? newNonce() : this.#nonce
    this.#previousSeen = skipped ? new Set() : this.#seen
    this.#nonce = newNonce()
    this.#seen = new Set()
    this.#startedMs = now
  }
}

function newNonce(): string {
  return randomBytes(16).toString('base64url')
}
