import { hash } from 'node:crypto'
import type { Certificate } from '../../certificates/certificate.ts'
import { readCertificate } from '../../certificates/certificate.ts'
import { CertificateRefused } from '../../certificates/certificate-refused.ts'
import { validatePath } from '../../certificates/path.ts'
import type { ClientCertificate } from '../../web/client-certificate.ts'
import type { Anchors } from './trust-anchors.ts'

/** Long enough that a workload which asks often is validated once, short enough that nobody relies on it. */
const keptMs = 60_000
const keptMax = 20_000

type Kept = { readonly untilMs: number; readonly why: string | undefined }

/**
 * Paths that were validated a moment ago, good and bad. Kept under the set of anchors too, which has another name as soon as its issuer
 * changes: nothing of what it said before counts then.
 */
export class CertificatePaths {
  readonly #nowMs: () => number
  readonly #kept = new Map<string, Kept>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** @throws CertificateRefused */
  async validate(leaf: Certificate, presented: ClientCertificate, anchors: Anchors): Promise<void> {
    const nowMs = this.#nowMs()
    const sent = hash('sha256', Buffer.concat(presented.chain), 'base64url')
    const name = `${anchors.name} ${leaf.thumbprint} ${sent}`
    let kept = this.#kept.get(name)
    if (kept === undefined || kept.untilMs < nowMs) {
      kept = await this.#validate(leaf, presented, anchors, nowMs)
      if (this.#kept.size >= keptMax) this.#kept.clear()
      this.#kept.set(name, kept)
    }
    if (kept.why !== undefined) throw new CertificateRefused(kept.why)
  }

  async #validate(leaf: Certificate, presented: ClientCertificate, anchors: Anchors, atMs: number): Promise<Kept> {
    try {
      const chain = presented.chain.map(readCertificate)
      const endsMs = await validatePath({ leaf, chain, anchors: anchors.certificates, atMs })
      return { untilMs: Math.min(endsMs, atMs + keptMs), why: undefined }
    } catch (error) {
      if (error instanceof CertificateRefused) return { untilMs: atMs + keptMs, why: error.message }
      throw error
    }
  }
}
