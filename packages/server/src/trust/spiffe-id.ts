/** A SPIFFE ID, taken apart (SPIFFE-ID, section 2). */
export interface SpiffeId {
  readonly trustDomain: string
  /** The segments of its path, at least one. */
  readonly path: readonly string[]
}

const idCharsMax = 2_048
const trustDomainForm = /^[a-z0-9._-]{1,255}$/
const segmentForm = /^[A-Za-z0-9._-]+$/

/** Undefined for what is no SPIFFE ID of a workload: an ID without a path names the trust domain itself. */
export function readSpiffeId(text: string): SpiffeId | undefined {
  if (text.length > idCharsMax || !text.startsWith('spiffe://')) return undefined
  const [trustDomain = '', ...path] = text.slice('spiffe://'.length).split('/')
  if (!trustDomainForm.test(trustDomain) || path.length === 0) return undefined
  if (!path.every((segment) => segmentForm.test(segment) && segment !== '.' && segment !== '..')) return undefined
  return { trustDomain, path }
}

/** A trust domain's name, such as `acme.example`. */
export function isTrustDomain(text: string): boolean {
  return trustDomainForm.test(text)
}

/** True where the ID is the pattern's, or one that its last segment, a star, stands for: one segment, never several. */
export function spiffeIdFits(pattern: string, id: string): boolean {
  if (!pattern.endsWith('/*')) return pattern === id
  const base = pattern.slice(0, -1)
  return id.startsWith(base) && id.length > base.length && !id.slice(base.length).includes('/')
}

/** What a pattern would match too much of. */
export function assessSpiffeId(pattern: string, trustDomain: string): { refused: string[]; warnings: string[] } {
  const bare = pattern.endsWith('/*') ? `${pattern.slice(0, -1)}x` : pattern
  const id = readSpiffeId(bare)
  if (id === undefined) return { refused: ['is not a SPIFFE ID: write it like spiffe://acme.example/ns/prod/agent'], warnings: [] }
  if (id.trustDomain !== trustDomain)
    return { refused: [`is of the trust domain ${id.trustDomain}, and this issuer vouches for ${trustDomain} alone`], warnings: [] }
  if (bare === pattern) return { refused: [], warnings: [] }
  if (id.path.length === 1)
    return { refused: ['matches every workload directly below the trust domain: name the one that is meant'], warnings: [] }
  return {
    refused: [],
    warnings: [`${pattern} matches whatever is registered there, now and later: name the one workload that is meant, if there is one`],
  }
}
