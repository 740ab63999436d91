import { hash, type KeyObject } from 'node:crypto'
import { algsOf, type ClientAlg, isSignedBy, publicKeyOf, WeakKey } from './jws-signature.ts'
import type { ProofMemory } from './proof-memory.ts'
import { MalformedJws, readStrictJws, typeOf } from './strict-jws.ts'

/** A DPoP proof that is refused; `needsNonce` where repeating it with our nonce would help. */
export class ProofRefused extends Error {
  readonly needsNonce: boolean

  constructor(message: string, needsNonce = false) {
    super(message)
    this.name = 'ProofRefused'
    this.needsNonce = needsNonce
  }
}

export interface ProofContext {
  /** The value of the DPoP header; several headers arrive joined by commas and are refused. */
  readonly proof: string | undefined
  readonly method: string
  /** Path and query of the request as it arrived. */
  readonly path: string
  /** Origins under which this server is addressed. */
  readonly origins: readonly string[]
  readonly nowMs: number
  readonly memory: ProofMemory
  /** Demand the nonce of this node. */
  readonly nonce: boolean
  /** With an access token: its SHA-256 (base64url), and the thumbprint that it is bound to. */
  readonly token?: { readonly ath: string; readonly boundTo: string }
}

/** How far a proof's `iat` may lie from our time, where no nonce says that it is fresh, and where one does. */
const iatSecondsMax = 60
const iatSecondsMaxWithNonce = 300
const keysMax = 10_000
const keys = new Map<string, { key: KeyObject; algs: readonly ClientAlg[]; thumbprint: string }>()

/** What a proof said, once it is checked. */
export interface Proof {
  /** RFC 7638 thumbprint of its key. */
  readonly thumbprint: string
  /** The digest of the body that it was made for (SEP-1932), where it names one: for whoever reads the body to compare. */
  readonly contentDigest: string | undefined
}

/** Checks a DPoP proof and returns the thumbprint of its key. @throws ProofRefused */
export function checkProof(context: ProofContext): string {
  return readProof(context).thumbprint
}

/** Checks a DPoP proof by the twelve points of RFC 9449 section 4.3. @throws ProofRefused */
export function readProof(context: ProofContext): Proof {
  const { proof } = context
  if (proof === undefined || proof === '') throw new ProofRefused('the DPoP header is missing', context.nonce)
  if (proof.includes(',')) throw new ProofRefused('there must be exactly one DPoP header')
  const { header, payload } = read(proof)
  if (typeOf(header) !== 'dpop+jwt') throw new ProofRefused('the proof is not of type dpop+jwt')
  if (typeof header.jwk !== 'object' || header.jwk === null) throw new ProofRefused('the proof has no jwk header')
  const { key, algs, thumbprint } = keyOf(header.jwk as Record<string, unknown>)
  const alg = header.alg as ClientAlg
  if (!algs.includes(alg)) throw new ProofRefused('the algorithm does not fit the key')
  if (!isSignedBy(proof, alg, key)) throw new ProofRefused('the signature is not valid')
  const { jti, htm, htu, iat, nonce, ath, content_digest: contentDigest } = payload
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) throw new ProofRefused('the claim jti is missing or too long')
  if (htm !== context.method) throw new ProofRefused('the claim htm is not the method of this request')
  const address = addressOf(htu)
  if (address === undefined || !context.origins.some((origin) => address === normalise(origin + context.path)))
    throw new ProofRefused('the claim htu is not the address of this request')
  if (context.nonce) {
    if (typeof nonce !== 'string') throw new ProofRefused('the claim nonce is missing', true)
    if (!context.memory.accepts(nonce)) throw new ProofRefused('the nonce is not one of this node', true)
  }
  if (typeof iat !== 'number' || Math.abs(context.nowMs / 1000 - iat) > (context.nonce ? iatSecondsMaxWithNonce : iatSecondsMax))
    throw new ProofRefused('the claim iat is missing or too far from now')
  if (context.token) {
    if (ath !== context.token.ath) throw new ProofRefused('the claim ath does not fit the access token')
    if (thumbprint !== context.token.boundTo) throw new ProofRefused('the token is bound to another key')
  }
  if (contentDigest !== undefined && typeof contentDigest !== 'string') throw new ProofRefused('the claim content_digest is not text')
  if (!context.memory.remember(thumbprint, jti, address)) throw new ProofRefused('the proof was used before')
  return { thumbprint, contentDigest }
}

function read(proof: string) {
  try {
    return readStrictJws(proof, { embeddedKey: true })
  } catch (error) {
    if (error instanceof MalformedJws) throw new ProofRefused(`the proof ${error.message}`)
    throw error
  }
}

function keyOf(jwk: Record<string, unknown>) {
  const thumbprint = thumbprintOf(jwk)
  const known = keys.get(thumbprint)
  if (known && !['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].some((part) => part in jwk)) return known
  try {
    const key = publicKeyOf(jwk)
    const entry = { key, algs: algsOf(key), thumbprint }
    if (keys.size >= keysMax)
      for (const oldest of keys.keys()) {
        keys.delete(oldest)
        break
      }
    keys.set(thumbprint, entry)
    return entry
  } catch (error) {
    if (error instanceof WeakKey) throw new ProofRefused(error.message)
    throw error
  }
}

/** RFC 7638: SHA-256 over the required members in lexical order. */
export function thumbprintOf(jwk: Readonly<Record<string, unknown>>): string {
  const members = jwk.kty === 'EC' ? ['crv', 'kty', 'x', 'y'] : jwk.kty === 'OKP' ? ['crv', 'kty', 'x'] : ['e', 'kty', 'n']
  return hash('sha256', JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]]))), 'base64url')
}

function addressOf(htu: unknown): string | undefined {
  // What a URL parser mends (blanks, backslashes) or drops (a user name) is an address that somebody else reads otherwise.
  if (
    typeof htu !== 'string' ||
    htu.length > 4_096 ||
    !/^https?:\/\/[^/?#@\\]+(?:[/?#]|$)/i.test(htu) ||
    !/^[\x21-\x5b\x5d-\x7e]+$/.test(htu)
  )
    return undefined
  return normalise(htu)
}

/** Without query and fragment, scheme and host normalised (RFC 9449 section 4.3, RFC 3986 sections 6.2.2 and 6.2.3). */
function normalise(address: string): string | undefined {
  const url = URL.parse(address)
  return url === null ? undefined : url.origin + url.pathname
}
