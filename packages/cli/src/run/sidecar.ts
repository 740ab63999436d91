import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { formatSecret } from '@keyward/contract/secret-format'
import { Agent, type Dispatcher } from 'undici'
import { canTellPeers, peerUid } from './peer.ts'
import type { SidecarKey } from './sidecar-key.ts'
import { type LiveToken, TokenRefused, type TokenSource } from './token-source.ts'

export interface SidecarResource {
  /** The resource's name: what follows the sidecar's origin. */
  readonly name: string
  readonly source: TokenSource
}

export interface Sidecar {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  /** What the program sends where its vendor's key belongs. Useless elsewhere, to other users, and after the run. */
  readonly runKey: string
  stop(): Promise<void>
}

/** A body up to this size is kept so that the call can be repeated once, with a new nonce or token; larger ones are streamed. */
const repeatableBytesMax = 8_388_608
/** Calls of one program at once; each takes a connection to the gateway. The grant's own limits are lower. */
const connectionsMax = 512
/** A nonce of the gateway lives at least a minute. */
const nonceFreshMs = 45_000
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'expect',
])
/** Where clients put their key. None of it goes on: the token takes its place. */
const authHeaders = new Set(['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'cookie', 'dpop'])

/**
 * A loopback server for one program: takes its calls, puts a bound token and a fresh proof on each, passes them to the gateway. It answers
 * only to the same user of this machine (checked by the kernel's table of connections), only with the key of this run, and never to browsers.
 */
export async function startSidecar(options: {
  resources: readonly SidecarResource[]
  key: SidecarKey
  log(line: string): void
}): Promise<Sidecar> {
  const runKey = formatSecret('runKey', randomBytes(32))
  const runKeyHash = hash('sha256', runKey, 'buffer')
  const resources = new Map(options.resources.map((resource) => [resource.name, resource.source]))
  const agent = new Agent({ connections: connectionsMax, pipelining: 1, headersTimeout: 0, bodyTimeout: 0, allowH2: false })
  const trusted = new WeakSet<Socket>()
  let nonce: { value: string; atMs: number } | undefined

  const mayCall = (request: IncomingMessage): string | undefined => {
    const { headers, socket } = request
    if (isBrowser(headers)) return 'the sidecar is not for browsers'
    if (headers.host !== `127.0.0.1:${socket.localPort}` && headers.host !== `localhost:${socket.localPort}`)
      return 'unexpected Host header'
    if (!trusted.has(socket)) {
      if (canTellPeers() && peerUid(socket) !== process.getuid?.()) return 'another user of this machine'
      trusted.add(socket)
    }
    const shown = shownKey(headers)
    if (shown === undefined || !timingSafeEqual(hash('sha256', shown, 'buffer'), runKeyHash))
      return 'the key of this run is missing: pass the environment that keyward run set'
    return undefined
  }

  const learn = (headers: IncomingHttpHeaders) => {
    const value = headers['dpop-nonce']
    if (typeof value === 'string') nonce = { value, atMs: Date.now() }
  }

  const send = async (
    live: LiveToken,
    request: IncomingMessage,
    path: string,
    body: Buffer | IncomingMessage | undefined,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> => {
    const address = new URL(live.resource + path)
    const method = request.method ?? 'GET'
    const proof = await options.key.proof({
      method,
      address: address.origin + address.pathname,
      nowSeconds: Math.floor(Date.now() / 1000),
      nonce: nonce?.value,
      token: live.token,
    })
    const headers: string[] = []
    const named = namedByConnection(request.headers.connection)
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      const name = request.rawHeaders[i] ?? ''
      const lower = name.toLowerCase()
      if (!hopByHop.has(lower) && !authHeaders.has(lower) && !named.has(lower)) headers.push(name, request.rawHeaders[i + 1] ?? '')
    }
    headers.push('authorization', `DPoP ${live.token}`, 'dpop', proof)
    const response = await agent.request({
      origin: address.origin,
      path: address.pathname + address.search,
      method: method as Dispatcher.HttpMethod,
      headers,
      body: body ?? null,
      signal,
    })
    learn(response.headers)
    return response
  }

  const relay = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refusal = mayCall(request)
    if (refusal !== undefined) return answer(response, 403, 'refused', refusal)
    const target = /^\/([a-z0-9-]{1,63})((?:[/?].*)?)$/.exec(request.url ?? '')
    const source = resources.get(target?.[1] ?? '')
    if (!source)
      return answer(response, 404, 'unknown_resource', `this run has ${[...resources.keys()].map((name) => `/${name}`).join(', ')}`)
    const path = target?.[2] ?? ''
    // A program that goes away takes its call with it, whether the answer has begun or not: nobody pays for what nobody reads.
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const body = await readBody(request)
    const repeatable = !(body instanceof Object && 'rawHeaders' in body)
    let live = await source.get()
    if (!repeatable && (nonce === undefined || Date.now() - nonce.atMs > nonceFreshMs)) await primeNonce(live)
    let upstream = await send(live, request, path, body, gone.signal)
    for (let tries = 0; tries < 2 && upstream.statusCode === 401 && repeatable; tries++) {
      const code = upstream.headers['keyward-error']
      if (code === 'token_ended' || code === 'token_invalid') {
        source.forget(live.token)
        live = await source.get()
      } else if (code !== 'proof_nonce_required') break
      await upstream.body.dump()
      upstream = await send(live, request, path, body, gone.signal)
    }
    const headers: Record<string, string | string[]> = {}
    for (const [name, value] of Object.entries(upstream.headers))
      if (value !== undefined && !hopByHop.has(name) && name !== 'dpop-nonce') headers[name] = value
    response.writeHead(upstream.statusCode, headers)
    response.flushHeaders()
    upstream.body.on('error', () => response.destroy())
    upstream.body.pipe(response)
  }

  const primeNonce = async (live: LiveToken) => {
    const address = new URL(`${live.resource}/`)
    const proof = await options.key.proof({
      method: 'HEAD',
      address: address.origin + address.pathname,
      nowSeconds: Math.floor(Date.now() / 1000),
      token: live.token,
    })
    const response = await agent.request({
      origin: address.origin,
      path: address.pathname,
      method: 'HEAD',
      headers: { authorization: `DPoP ${live.token}`, dpop: proof },
    })
    learn(response.headers)
    await response.body.dump()
  }

  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 0 }, (request, response) => {
    relay(request, response).catch((error: unknown) => {
      if (error instanceof TokenRefused) {
        options.log(error.message)
        answer(response, error.code === 'unreachable' ? 502 : 401, error.code, error.message)
      } else
        answer(
          response,
          502,
          'keyward_unreachable',
          `Keyward could not be reached: ${error instanceof Error ? error.message : String(error)}`,
        )
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    runKey,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await agent.destroy()
    },
  }
}

/** Headers that are for this hop alone because `Connection` names them (RFC 9110 section 7.6.1). */
function namedByConnection(connection: string | undefined): Set<string> {
  return new Set((connection ?? '').split(',').map((name) => name.trim().toLowerCase()))
}

/** Errors of the sidecar itself, in a shape that both OpenAI's and Anthropic's SDKs take a message from. */
function answer(response: ServerResponse, status: number, code: string, message: string): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const body = JSON.stringify({ type: 'error', error: { type: code, code, message: `keyward run: ${message}` } })
  response.writeHead(status, { 'content-type': 'application/json', 'x-should-retry': 'false', 'keyward-error': code }).end(body)
}

/** Browsers say where a request comes from (Fetch Metadata). Node's own fetch sends `Sec-Fetch-Mode: cors` and nothing else of it. */
function isBrowser(headers: IncomingHttpHeaders): boolean {
  const { origin, 'sec-fetch-site': site, 'sec-fetch-dest': destination, 'sec-fetch-mode': mode } = headers
  return origin !== undefined || site !== undefined || destination !== undefined || (mode !== undefined && mode !== 'cors')
}

function shownKey(headers: IncomingHttpHeaders): string | undefined {
  const authorization = headers.authorization
  if (authorization !== undefined) {
    const [scheme, value = ''] = authorization.split(' ')
    if (/^bearer$/i.test(scheme ?? '')) return value
    if (/^basic$/i.test(scheme ?? '')) return Buffer.from(value, 'base64').toString('utf8').split(':').slice(1).join(':')
  }
  const other = headers['x-api-key'] ?? headers['api-key']
  return typeof other === 'string' ? other : undefined
}

/** The whole body where it is small enough to be sent twice; else the request itself, with what was read put back. */
async function readBody(request: IncomingMessage): Promise<Buffer | IncomingMessage | undefined> {
  const length = request.headers['content-length']
  if (length === undefined && request.headers['transfer-encoding'] === undefined) return undefined
  if (length === undefined || Number(length) > repeatableBytesMax) return request
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
