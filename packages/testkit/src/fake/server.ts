import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Clock, systemClock } from '../clock.ts'
import type { Answer, Caller, Vendor } from './answer.ts'
import { type Behaviour, Behaviours, behaviourHeader } from './behaviour.ts'
import { answerControl, isControl } from './control.ts'
import { deliver } from './delivery.ts'
import { Keys } from './keys.ts'
import { type LoggedRequest, RequestLog } from './log.ts'

export interface FakeOptions {
  /** 0 or absent: any free port. */
  port?: number
  /** Default 127.0.0.1. */
  host?: string
  /** Live from the start. More with `keys.add`. */
  key?: string
  /** Appends every request to this file. */
  logFile?: string
  clock?: Clock
  /** Lets another process steer the fake at /__fake/… (requests that carry no credential). Default: off. */
  control?: boolean
  /** Speaks TLS with these PEM texts. */
  tls?: { key: string; cert: string }
  /** Request bodies above this are refused with 413. Default 512 MiB, what the larger of the two vendors takes for a file. */
  requestBytesMax?: number
}

/** A running fake vendor. */
export interface Fake {
  /** `http://127.0.0.1:port` */
  readonly origin: string
  readonly port: number
  readonly keys: Keys
  readonly log: RequestLog
  readonly behaviours: Behaviours
  /** Connections open now. */
  connections(): Promise<number>
  /** Breaks all connections and frees the port. */
  stop(): Promise<void>
}

const requestBytesMaxDefault = 512 * 1024 * 1024

/** Starts a vendor on a real socket. Rejects where the port is taken. */
export async function startFake(vendor: Vendor, options: FakeOptions = {}): Promise<Fake> {
  const clock = options.clock ?? systemClock
  const keys = new Keys(clock)
  if (options.key !== undefined) keys.add(options.key)
  const log = new RequestLog(options.logFile, (text) =>
    keys.all().reduce((redacted, key) => redacted.replaceAll(key.secret, `[${key.id}]`), text),
  )
  const behaviours = new Behaviours()
  const instance = randomBytes(4).toString('hex')
  let count = 0

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    response.on('error', () => gone.abort())
    const work =
      options.control && isControl(request)
        ? answerControl(request, response, { keys, log, behaviours })
        : serve(request, response, gone.signal, `${instance}-${++count}`)
    work.catch((error: unknown) => {
      if (!gone.signal.aborted) process.emitWarning(error instanceof Error ? error : String(error))
      response.destroy()
    })
  }

  async function serve(request: IncomingMessage, response: ServerResponse, gone: AbortSignal, id: string): Promise<void> {
    const credential = vendor.credentialOf(request.headers)
    const verdict = credential === null ? null : keys.check(credential)
    const key = verdict?.state === 'alive' ? verdict.key : null
    const method = request.method ?? 'GET'
    const target = request.url ?? '/'
    const entry: LoggedRequest = {
      id,
      fake: vendor.name,
      method,
      path: target,
      headers: request.headers,
      arrivedMs: clock.wallMs(),
      keyId: key?.id ?? null,
      project: key?.project.name ?? null,
      credentialSeen: credential !== null,
      bodyBytes: null,
      bodySha256: null,
      model: null,
      status: null,
      bytesSent: 0,
      outcome: 'open',
      endedMs: null,
      usage: null,
    }
    log.arrived(entry)
    const header = request.headers[behaviourHeader]
    const behaviour = behaviours.pick({
      method,
      path: target.split('?')[0] ?? '/',
      credential,
      header: typeof header === 'string' ? header : undefined,
    })
    const body =
      behaviour.requestBody === undefined ? await readBody(request, options.requestBytesMax ?? requestBytesMaxDefault) : Buffer.alloc(0)
    if (body === 'left') {
      log.update(entry, { outcome: 'aborted', endedMs: clock.wallMs() }, true)
      return
    }
    if (behaviour.requestBody === undefined && body !== 'too large')
      log.update(entry, { bodyBytes: body.length, bodySha256: createHash('sha256').update(body).digest('hex') })

    const url = new URL(target, 'http://fake.invalid')
    const caller: Caller = {
      requestId: `req_${createHash('sha256').update(id).digest('hex').slice(0, 24)}`,
      method,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: body === 'too large' ? Buffer.alloc(0) : body,
      credential,
      key,
      behaviour,
      clock,
    }
    const answer =
      body === 'too large' ? { ...vendor.fault('bad_request', caller, 'The request body is too large.'), status: 413 } : decide(caller)
    log.update(entry, { model: answer.model ?? null, usage: answer.usage ?? null })
    const delivered = await deliver(answer, { request, response, behaviour, credential, gone })
    log.update(entry, { ...delivered, endedMs: clock.wallMs() }, true)
  }

  function decide(caller: Caller): Answer {
    const { behaviour, credential, key } = caller
    if (behaviour.fault !== undefined) return withRetryAfter(vendor.fault(behaviour.fault, caller), behaviour)
    if (behaviour.echo?.includes('error') && credential !== null)
      return vendor.fault('bad_request', caller, `Cannot serve a request made with ${credential}.`)
    const refusal = vendor.refuse(caller, keys)
    if (refusal !== null) return refusal
    if (key === null || credential === null) return vendor.fault('invalid_key', caller)
    const answer = vendor.answer({ ...caller, credential, key })
    if (behaviour.faultAfterEvents !== undefined && answer.stream) {
      const { events, kind } = behaviour.faultAfterEvents
      answer.frames = [...answer.frames.slice(0, events), Buffer.from(vendor.faultEvent(kind, caller))]
    }
    return answer
  }

  const server: Server = options.tls ? createTlsServer(options.tls, onRequest) : createServer(onRequest)
  server.keepAliveTimeout = keepAliveMs
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve)
  })
  const { port, address } = server.address() as AddressInfo
  return {
    origin: `${options.tls ? 'https' : 'http'}://${address.includes(':') ? `[${address}]` : address}:${port}`,
    port,
    keys,
    log,
    behaviours,
    connections: () => new Promise((resolve, reject) => server.getConnections((error, total) => (error ? reject(error) : resolve(total)))),
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
      log.close()
    },
  }
}

/** Longer than any client's, so that the client, not the fake, ends idle connections. */
const keepAliveMs = 65_000

function withRetryAfter(answer: Answer, behaviour: Behaviour): Answer {
  if (behaviour.retryAfterSeconds === undefined) return answer
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(behaviour.retryAfterSeconds) } }
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | 'left' | 'too large'> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes <= bytesMax) chunks.push(chunk)
    }
  } catch {
    return 'left'
  }
  return bytes > bytesMax ? 'too large' : Buffer.concat(chunks)
}
