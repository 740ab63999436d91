import { hash } from 'node:crypto'
import { getCACertificates } from 'node:tls'
import { limits } from '@keyward/contract/limits'
import { type Dispatcher, Pool } from 'undici'
import { guardedConnector } from './connect.ts'
import { EgressRefused } from './errors.ts'
import { boundedRequest, type EgressAnswer, type EgressRequest } from './request.ts'

export interface EgressOptions {
  /** Ports that this process listens on, read at each dial: they are known only once the server listens. */
  readonly ownPorts?: () => readonly number[]
  /** PEM certificates that are trusted beside the system's. */
  readonly ca?: string
}

/** Sockets to one origin: enough for a busy model provider, bounded so that one slow upstream can't take all file descriptors. */
const connectionsPerOriginMax = 512
/** Pools kept open: more origins than an installation has resources. */
const poolsMax = 256
/** Idle sockets are closed before common load balancers (60 s) close them under us: a request on a dying socket would fail. */
const keepAliveMs = 30_000

/**
 * The only way out of the process. Every socket is dialled by the guarded connector; redirects are never followed, nothing is retried,
 * no proxy is taken from the environment, HTTP/1.1 alone is spoken, one request at a time on a socket.
 */
export class Egress {
  readonly #options: EgressOptions
  readonly #pools = new Map<string, Pool>()

  constructor(options: EgressOptions = {}) {
    this.#options = options
  }

  /**
   * The pool of an origin such as `https://api.openai.com`. Time bounds are the caller's: undici's own are off, because a model may think
   * for minutes. Throws EgressRefused for what is no http(s) origin.
   */
  upstream(origin: string, { allowPrivate, ca }: { readonly allowPrivate: boolean; readonly ca?: string | undefined }): Dispatcher {
    // A connection is kept under what it was allowed by: one that trusts another authority is another connection.
    const authorities = ca === undefined ? '' : `${hash('sha256', ca)} `
    const key = `${authorities}${allowPrivate ? 'private ' : ''}${origin}`
    const known = this.#pools.get(key)
    if (known !== undefined) return known
    const url = URL.parse(origin)
    if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '')
      throw new EgressRefused('not_http', 'an upstream must be an http or https origin without user name or password')
    const pool = new Pool(url.origin, {
      connect: guardedConnector({
        allowPrivate,
        ownPorts: this.#options.ownPorts ?? (() => []),
        ca: ca === undefined ? this.#options.ca : this.#beside(ca),
      }),
      connections: connectionsPerOriginMax,
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      maxHeaderSize: limits.gatewayHeaderBytesMax,
    })
    this.#pools.set(key, pool)
    if (this.#pools.size > poolsMax) this.#evict()
    return pool
  }

  /** One bounded exchange, for JWKS, client metadata and webhooks. Throws EgressRefused, EgressBoundError or the socket's error. */
  request(request: EgressRequest): Promise<EgressAnswer> {
    const url = new URL(request.url)
    return boundedRequest(this.upstream(url.origin, { allowPrivate: request.allowPrivate ?? false, ca: request.ca }), url, request)
  }

  /** Breaks all connections. */
  async close(): Promise<void> {
    const pools = [...this.#pools.values()]
    this.#pools.clear()
    await Promise.all(pools.map((pool) => pool.destroy()))
  }

  /** `ca` of node replaces the system's authorities, so these are named, too. */
  #beside(ca: string): string[] {
    return [...getCACertificates('default'), ...(this.#options.ca === undefined ? [] : [this.#options.ca]), ca]
  }

  #evict(): void {
    const [oldest] = this.#pools
    if (oldest === undefined) return
    this.#pools.delete(oldest[0])
    oldest[1].close().catch(() => undefined)
  }
}
