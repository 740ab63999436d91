import type { Route } from '@keyward/contract/route'
import { secondOpinionHeader } from '@keyward/contract/second-opinions'
import { KeywardApiError, KeywardUnreachableError, problemOf } from './errors.ts'

/** Where Keyward is, and who asks. Without a token the browser's session cookie speaks. */
export interface ClientOptions {
  /** Such as `https://keyward.example.com`; no slash at its end. */
  readonly origin: string
  readonly token?: string | undefined
  /** Default: the global one. */
  readonly fetch?: typeof fetch
}

export interface CallOptions {
  /** For creating: the same key gives the same answer, however often it is sent. One is made where none is given. */
  readonly idempotencyKey?: string
  /** For changing: the revision that was read, or `*` to overwrite whatever is there (the default is to overwrite). */
  readonly revision?: number | '*'
  /** For a dangerous act that another admin approved (`second-opinion-required` names it): the id of their yes. */
  readonly secondOpinion?: string
  readonly signal?: AbortSignal
}

/** How often a request is sent that may be repeated, where nothing or a passing failure (503) answered. */
const attemptsMax = 3
const firstPauseMs = 100

/**
 * Sends one request of the control API and gives its answer.
 * @throws KeywardApiError, KeywardUnreachableError, or the signal's reason
 */
export async function send(
  client: ClientOptions,
  route: Route,
  input: { readonly params: unknown; readonly query: unknown; readonly body: unknown },
  options: CallOptions,
): Promise<unknown> {
  const address = `${client.origin}${pathOf(route.path, input.params)}${queryOf(input.query)}`
  const key = route.idempotent ? (options.idempotencyKey ?? crypto.randomUUID()) : undefined
  const headers = new Headers({ accept: 'application/json' })
  if (client.token !== undefined) headers.set('authorization', `Bearer ${client.token}`)
  if (input.body !== undefined) headers.set('content-type', 'application/json')
  if (key !== undefined) headers.set('idempotency-key', key)
  if (route.etag === 'needs') headers.set('if-match', typeof options.revision === 'number' ? `"${options.revision}"` : '*')
  if (options.secondOpinion !== undefined) headers.set(secondOpinionHeader, options.secondOpinion)
  const request: RequestInit = {
    method: route.method,
    headers,
    redirect: 'error',
    ...(client.token === undefined ? { credentials: 'same-origin' as const } : {}),
    ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }
  const repeatable = route.method === 'GET' || key !== undefined
  for (let attempt = 1; ; attempt++) {
    const last = !repeatable || attempt === attemptsMax
    let response: Response
    try {
      response = await (client.fetch ?? fetch)(address, request)
    } catch (error) {
      options.signal?.throwIfAborted()
      if (last) throw new KeywardUnreachableError(client.origin, error)
      await pause(firstPauseMs * 4 ** (attempt - 1), options.signal)
      continue
    }
    if (response.status === 503 && !last) {
      await response.body?.cancel()
      await pause(firstPauseMs * 4 ** (attempt - 1), options.signal)
      continue
    }
    return await readAnswer(route, response)
  }
}

async function readAnswer(route: Route, response: Response): Promise<unknown> {
  if (!response.ok) {
    const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
    throw new KeywardApiError(response.status, await problemOf(response), Number.isFinite(retryAfter) ? retryAfter : undefined)
  }
  if (response.status === 204 || route.answer === undefined) return undefined
  let text: unknown
  try {
    text = await response.json()
  } catch {
    throw new KeywardApiError(response.status, undefined)
  }
  return text
}

function pathOf(path: string, params: unknown): string {
  const values = (params ?? {}) as Record<string, unknown>
  return path.replaceAll(/\{([a-z_]+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])))
}

function queryOf(query: unknown): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined && value !== null) search.set(name, String(value))
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end)
      resolve()
    }, ms)
    signal?.addEventListener('abort', end, { once: true })
  })
}
