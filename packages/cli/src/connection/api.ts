import type { Route } from '@keyward/contract/route'
import type { KeywardApiError } from '@keyward/sdk/errors'
import { exitCodes, Failure } from '../failure.ts'

/** What one call of the control API takes, beside its route. */
export interface ApiRequest {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: unknown
  /** For changing: the revision that was read. */
  readonly revision?: number | undefined
  /** For creating what a repeat must not create again. */
  readonly idempotencyKey?: string
}

export interface ApiAnswer {
  readonly answer: unknown
}

/** The control API takes milliseconds; a revocation waits for other nodes at most some seconds. */
const answerMsMax = 30_000

/** The control API of one server, as one person. */
export class Api {
  readonly origin: string
  readonly #token: string | undefined
  readonly #secondOpinion: string | undefined

  /** @param secondOpinion goes with whatever changes something: what only reads needs none */
  constructor(origin: string, token: string | undefined, secondOpinion?: string) {
    this.origin = origin
    this.#token = token
    this.#secondOpinion = secondOpinion
  }

  /**
   * Calls one operation, through the SDK.
   * @throws Failure: refused (with the server's problem details), or away where it doesn't answer
   */
  async call(route: Route, request: ApiRequest = {}): Promise<ApiAnswer> {
    const [{ send }, { KeywardApiError, KeywardUnreachableError }] = await Promise.all([
      import('@keyward/sdk/request'),
      import('@keyward/sdk/errors'),
    ])
    const { params, query, body, revision, idempotencyKey } = request
    try {
      const answer = await send(
        { origin: this.origin, token: this.#token },
        route,
        { params, query, body },
        {
          signal: AbortSignal.timeout(answerMsMax),
          ...(revision === undefined ? {} : { revision }),
          ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
          ...(this.#secondOpinion === undefined || route.method === 'GET' ? {} : { secondOpinion: this.#secondOpinion }),
        },
      )
      return { answer }
    } catch (error) {
      if (error instanceof KeywardApiError) throw refusal(error, this.origin)
      throw away(this.origin, error instanceof KeywardUnreachableError ? error.cause : error)
    }
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

function refusal(error: KeywardApiError, origin: string): Failure {
  const exitCode = error.status >= 502 ? exitCodes.away : exitCodes.refused
  if (error.problem) return new Failure(exitCode, error.problem.title, { problem: error.problem })
  return new Failure(exitCode, `${origin} answered ${error.status}, and not as Keyward does`, {
    fix: 'Check --server and KEYWARD_SERVER; a proxy in between may have answered.',
  })
}
