import { hash, type X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { certificateBytesMax } from '../certificates/certificate.ts'
import { chainCertificatesMax } from '../certificates/path.ts'

/** A client certificate as it was presented. The connection (or the proxy) proved that the client has its key, and nothing else about it. */
export interface ClientCertificate {
  /** DER. */
  readonly leaf: Buffer
  /** What came with it: hints for a path, in any order. */
  readonly chain: readonly Buffer[]
  /** SHA-256 of `leaf`, base64url (RFC 8705 section 3.1). */
  readonly thumbprint: string
}

/** Where client certificates are taken from: nowhere; TLS connections; those, and what the trusted proxies say of theirs (RFC 9440). */
export type CertificateSource = 'off' | 'tls' | 'proxy'

/** A resumed TLS session knows the client's certificate and not what came with it: that is kept for as long as sessions are. */
const chainsMax = 10_000
const bytes = /^:((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?):$/

/**
 * Turns a request into the client certificate that it came with. A trusted proxy's word is `Client-Cert` and `Client-Cert-Chain`
 * (RFC 9440), never the certificate of its own connection; anybody else's is the connection's, never a header.
 */
export class ClientCertificates {
  readonly #source: CertificateSource
  readonly #isTrustedProxy: (address: string) => boolean
  readonly #bySocket = new WeakMap<Socket, ClientCertificate | null>()
  readonly #chains = new Map<string, readonly Buffer[]>()

  constructor(options: { readonly source: CertificateSource; isTrustedProxy(address: string): boolean }) {
    this.#source = options.source
    this.#isTrustedProxy = (address) => options.isTrustedProxy(address)
  }

  /** Undefined: none came, or one in a form that is not accepted. */
  of(request: IncomingMessage): ClientCertificate | undefined {
    if (this.#source === 'off') return undefined
    const { socket } = request
    const address = socket.remoteAddress?.replace(/^::ffff:(?=\d{1,3}\.)/i, '')
    if (address !== undefined && this.#isTrustedProxy(address)) return this.#source === 'proxy' ? fromHeaders(request) : undefined
    let known = this.#bySocket.get(socket)
    if (known === undefined) {
      known = this.#ofConnection(socket) ?? null
      this.#bySocket.set(socket, known)
    }
    return known ?? undefined
  }

  #ofConnection(socket: Socket): ClientCertificate | undefined {
    if (!('encrypted' in socket)) return undefined
    const presented = (socket as TLSSocket).getPeerX509Certificate()
    if (presented === undefined || presented.raw.length > certificateBytesMax) return undefined
    const thumbprint = hash('sha256', presented.raw, 'base64url')
    const sent = above(presented)
    if (sent.length === 0) return { leaf: presented.raw, chain: this.#chains.get(thumbprint) ?? [], thumbprint }
    if (this.#chains.size >= chainsMax) this.#chains.clear()
    this.#chains.set(thumbprint, sent)
    return { leaf: presented.raw, chain: sent, thumbprint }
  }
}

/** What the client sent besides its own certificate. Longer than any path may be: none, so that the path is not found. */
function above(leaf: X509Certificate): Buffer[] {
  const chain: Buffer[] = []
  for (let next = leaf.issuerCertificate; next !== undefined; next = next.issuerCertificate) {
    if (chain.some((one) => one.equals(next.raw)) || next.raw.equals(leaf.raw)) break
    if (chain.length >= chainCertificatesMax || next.raw.length > certificateBytesMax) return []
    chain.push(next.raw)
  }
  return chain
}

/** One byte sequence, and a list of them (RFC 9440 section 2, RFC 8941). A header that came twice is joined by a comma, and is none. */
function fromHeaders({ headers }: IncomingMessage): ClientCertificate | undefined {
  const [own, besides] = [headers['client-cert'], headers['client-cert-chain']]
  if (typeof own !== 'string') return undefined
  const leaf = byteSequence(own)
  if (leaf === undefined || leaf.length === 0) return undefined
  const chain: Buffer[] = []
  for (const item of typeof besides === 'string' ? besides.split(',') : []) {
    const one = byteSequence(item)
    if (one === undefined || chain.length >= chainCertificatesMax) return undefined
    chain.push(one)
  }
  return { leaf, chain, thumbprint: hash('sha256', leaf, 'base64url') }
}

function byteSequence(text: string): Buffer | undefined {
  const base64 = bytes.exec(text.trim())?.[1]
  if (base64 === undefined || base64.length > 2 * certificateBytesMax) return undefined
  const decoded = Buffer.from(base64, 'base64')
  return decoded.toString('base64') === base64 && decoded.length <= certificateBytesMax ? decoded : undefined
}
