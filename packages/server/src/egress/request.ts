import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { KeptBytes } from '../kept-bytes.ts'
import { EgressBoundError } from './errors.ts'

export interface EgressRequest {
  readonly url: string
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Default false. */
  readonly allowPrivate?: boolean
  /** PEM certificates of authorities that this exchange trusts beside those of the system. */
  readonly ca?: string
  /** The answer's body, at most. Default 1 MiB. */
  readonly bytesMax?: number
  /** The whole exchange, at most. Default 10 s. */
  readonly timeoutMs?: number
}

export interface EgressAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

const bytesMaxDefault = 1_048_576
const timeoutMsDefault = 10_000

/** Sends one request and reads the whole answer within the bounds. A redirect is an answer like any other: it is not followed. */
export async function boundedRequest(dispatcher: Dispatcher, url: URL, request: EgressRequest): Promise<EgressAnswer> {
  const bytesMax = request.bytesMax ?? bytesMaxDefault
  const timeoutMs = request.timeoutMs ?? timeoutMsDefault
  const stop = new AbortController()
  const late = new EgressBoundError('time', `no whole answer within ${timeoutMs} ms`)
  const timer = setTimeout(() => stop.abort(late), timeoutMs)
  try {
    const answer = await dispatcher.request({
      path: `${url.pathname}${url.search}`,
      method: request.method ?? 'GET',
      headers: { accept: '*/*', 'accept-encoding': 'identity', ...request.headers },
      body: request.body ?? null,
      signal: stop.signal,
    })
    const kept = new KeptBytes()
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      if (kept.length + chunk.length > bytesMax) {
        answer.body.destroy()
        throw new EgressBoundError('bytes', `the answer is larger than ${bytesMax} bytes`)
      }
      kept.append(chunk)
    }
    return { status: answer.statusCode, headers: answer.headers, body: kept.take() }
  } finally {
    clearTimeout(timer)
  }
}
