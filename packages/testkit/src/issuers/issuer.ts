import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type KeyWish, SigningKey } from './signing-key.ts'

/** What an issuer does wrong, or differently, when it is asked. Nothing set: healthy. */
export interface IssuerBehaviour {
  /** Which of its addresses; absent: all. */
  at?: 'discovery' | 'keys'
  status?: number
  redirectTo?: string
  /** Takes the request and never answers. */
  hang?: boolean
  /** Answers with so many bytes of a valid key set that goes on and on. */
  hugeBytes?: number
  /** Sends bytes for as long as somebody reads. */
  endless?: boolean
  /** Sent in place of the document. */
  body?: string
  /** Says that it is somebody else. */
  lyingIssuer?: string
  /** Names this address for its keys. */
  keysUri?: string
  cacheControl?: string
}

export interface FakeIssuerOptions {
  /** Where below the origin the issuer is: Entra's has a tenant there. */
  path?: string
  /** Where below the origin the keys are. Default `/keys`. */
  keysPath?: string
  keys?: KeyWish[]
  /** Speaks TLS with these PEM texts. */
  tls?: { key: string; cert: string }
  /** Members of the key document beside `keys`. */
  keysDocument?: Record<string, unknown>
  /** Answers what is neither; true where it did. */
  more?: (request: IncomingMessage, response: ServerResponse, issuer: FakeIssuer) => boolean
  /** The issuer identifier, where it is not the address: static keys, or a bundle. */
  issuer?: string
}

export interface TokenWish {
  /** Default: in ten minutes. Seconds since the epoch. */
  exp?: number
  header?: Record<string, unknown>
  key?: SigningKey
}

/** An OIDC issuer on a real socket: discovery, a key set, tokens. */
export class FakeIssuer {
  readonly #options: FakeIssuerOptions
  readonly #server: Server
  #published: SigningKey[]
  #signing: SigningKey
  #behaviour: IssuerBehaviour = {}
  /** Every request that it got, oldest first: `GET /path`. */
  readonly requests: string[] = []
  /** Connections that were ever opened to it, whether or not a request came. */
  connections = 0
  origin = ''

  constructor(options: FakeIssuerOptions) {
    this.#options = options
    this.#published = (options.keys ?? [{}]).map((wish) => new SigningKey(wish))
    this.#signing = this.#published[0] ?? new SigningKey()
    const answer = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response)
    this.#server = options.tls ? createTlsServer(options.tls, answer) : createServer(answer)
    this.#server.on('connection', () => {
      this.connections += 1
    })
  }

  /** Its identifier, the `iss` of its tokens. */
  get issuer(): string {
    return this.#options.issuer ?? `${this.origin}${this.#options.path ?? ''}`
  }

  get keysUri(): string {
    return `${this.origin}${this.#options.keysPath ?? '/keys'}`
  }

  /** The key that it signs with now. */
  get key(): SigningKey {
    return this.#signing
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** As its key set has them. */
  get jwks(): Record<string, unknown>[] {
    return this.#published.map((key) => key.jwk)
  }

  /** Signs with a new key from now on. `keepOld`: the ones before stay published, as they do for some hours at real issuers. */
  rotate(wish: KeyWish = {}, { keepOld }: { keepOld: boolean } = { keepOld: true }): SigningKey {
    this.#signing = new SigningKey({ alg: this.#signing.alg, use: this.#signing.use, ...wish })
    this.#published = [this.#signing, ...(keepOld ? this.#published : [])]
    return this.#signing
  }

  behave(behaviour: IssuerBehaviour): void {
    this.#behaviour = behaviour
  }

  healthy(): void {
    this.#behaviour = {}
  }

  /** A token with these claims, beside those that every token of an issuer has. A claim that is undefined is left out. */
  token(claims: Record<string, unknown>, wish: TokenWish = {}): string {
    const now = Math.floor(Date.now() / 1000)
    const all = { iss: this.issuer, iat: now, nbf: now - 5, exp: wish.exp ?? now + 600, jti: randomUUID(), ...claims }
    return (wish.key ?? this.#signing).sign(all, wish.header)
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    // A certificate is for a name, so that one who speaks TLS is asked by it.
    this.origin = this.#options.tls ? `https://localhost:${this.port}` : `http://127.0.0.1:${this.port}`
    return this
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    this.requests.push(`${request.method} ${path}`)
    response.on('error', () => response.destroy())
    if (path === `${this.#options.path ?? ''}/.well-known/openid-configuration`) this.#send(response, 'discovery', this.#discovery())
    else if (path === (this.#options.keysPath ?? '/keys')) this.#send(response, 'keys', { ...this.#options.keysDocument, keys: this.jwks })
    else if (this.#options.more?.(request, response, this) !== true) response.writeHead(404).end()
  }

  #discovery(): Record<string, unknown> {
    return {
      issuer: this.#behaviour.lyingIssuer ?? this.issuer,
      jwks_uri: this.#behaviour.keysUri ?? this.keysUri,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...new Set(this.#published.map((key) => key.alg))],
    }
  }

  #send(response: ServerResponse, at: 'discovery' | 'keys', document: Record<string, unknown>): void {
    const behaviour = this.#behaviour.at === undefined || this.#behaviour.at === at ? this.#behaviour : {}
    if (behaviour.hang) return
    if (behaviour.redirectTo !== undefined) {
      response.writeHead(302, { location: behaviour.redirectTo }).end()
      return
    }
    response.writeHead(behaviour.status ?? 200, {
      'content-type': 'application/json',
      ...(behaviour.cacheControl === undefined ? {} : { 'cache-control': behaviour.cacheControl }),
    })
    if (behaviour.endless) {
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(16_384)));
      }
      response.on('drain', more)
      more()
    } else if (behaviour.hugeBytes !== undefined) response.end(`${JSON.stringify(document)}${' '.repeat(behaviour.hugeBytes)}`)
    else response.end(behaviour.body ?? JSON.stringify(document))
  }
}

/** Starts an issuer of which nothing is known but what OIDC says. */
export async function startFakeIssuer(options: FakeIssuerOptions = {}): Promise<FakeIssuer> {
  return await new FakeIssuer(options).start()
}
