import type { Problem } from '@keyward/contract/problem'
import type { Route } from '@keyward/contract/route'
import { exitCodes, Failure } from '../failure.ts'

/** What one call of the control API takes, beside its route. */
export interface ApiRequest {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: unknown
  /** ETag that was read, or `*`. */
  readonly ifMatch?: string
}

export interface ApiAnswer {
  readonly answer: unknown
  readonly etag: string | undefined
}

/** The control API takes milliseconds; a revocation waits for other nodes at most some seconds. */
const answerMsMax = 30_000

/** The control API of one server, as one person. */
export class Api {
  readonly origin: string
  readonly #token: string | undefined

  constructor(origin: string, token: string | undefined) {
    this.origin = origin
    this.#token = token
  }

  /**
   * Calls one operation.
   * @throws Failure: refused (with the server's problem details), or away where it doesn't answer
   */
  async call(route: Pick<Route, 'method' | 'path' | 'idempotent'>, request: ApiRequest = {}): Promise<ApiAnswer> {
    const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(request.params?.[name] ?? ''))
    const url = new URL(path, this.origin)
    for (const [name, value] of Object.entries(request.query ?? {})) if (value !== undefined) url.searchParams.set(name, String(value))
    const headers: Record<string, string> = { accept: 'application/json, application/problem+json' }
    if (this.#token !== undefined) headers.authorization = `Bearer ${this.#token}`
    if (request.body !== undefined) headers['content-type'] = 'application/json'
    if (request.ifMatch !== undefined) headers['if-match'] = request.ifMatch
    if (route.idempotent) headers['idempotency-key'] = crypto.randomUUID()
    const response = await this.#send(url, {
      method: route.method,
      headers,
      redirect: 'error',
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    })
    const text = await response.text()
    if (response.ok) return { answer: text === '' ? undefined : parse(text), etag: response.headers.get('etag') ?? undefined }
    throw refusal(response.status, parse(text), this.origin)
  }

  /** A request outside the control API (`/readyz`, metadata). @throws Failure (away) */
  async get(path: string): Promise<Response> {
    return this.#send(new URL(path, this.origin), { redirect: 'error' })
  }

  async #send(url: URL, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, { ...init, signal: AbortSignal.timeout(answerMsMax) })
    } catch (error) {
      throw away(this.origin, error)
    }
  }
}

export function away(origin: string, error: unknown): Failure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  const timedOut = error instanceof Error && error.name === 'TimeoutError'
  const why = timedOut
    ? `it did not answer within ${answerMsMax / 1000} s`
    : code === 'ECONNREFUSED'
      ? 'nothing listens there'
      : (code ?? (cause instanceof Error ? cause.message : String(cause)))
  return new Failure(exitCodes.away, `Keyward at ${origin} is away: ${why}`, {
    fix: 'Start it with `keyward serve` (or `npm start`), or name another server with --server or KEYWARD_SERVER.',
    cause: error,
  })
}

function refusal(status: number, body: unknown, origin: string): Failure {
  if (isProblem(body)) return new Failure(status >= 502 ? exitCodes.away : exitCodes.refused, body.title, { problem: body })
  return new Failure(status >= 502 ? exitCodes.away : exitCodes.refused, `${origin} answered ${status}, and not as Keyward does`, {
    fix: 'Check --server and KEYWARD_SERVER; a proxy in between may have answered.',
  })
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'title' in body && 'code' in body && 'status' in body
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
