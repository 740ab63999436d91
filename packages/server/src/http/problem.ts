import { errorDefinitions, KeywardError } from '@keyward/contract/errors'
import type { Problem } from '@keyward/contract/problem'

/** Answers of the API are data, for programs: never cached, framed, sniffed or run. */
export const apiHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

export const correlationHeader = 'keyward-correlation-id'

/**
 * The RFC 9457 answer to an error. A KeywardError says what its author meant the caller to know; anything else is `internal` and says
 * nothing of its cause.
 */
export function problemResponse(error: unknown, correlationId: string, more: Readonly<Record<string, string>> = {}): Response {
  const known = error instanceof KeywardError ? error : new KeywardError('internal')
  const headers = new Headers({ ...apiHeaders, 'content-type': 'application/problem+json', [correlationHeader]: correlationId, ...more })
  if (known.code === 'unauthenticated') headers.set('www-authenticate', 'Bearer realm="keyward"')
  const retryAfter = known.extra.retryAfterSeconds
  if (typeof retryAfter === 'number') headers.set('retry-after', String(Math.max(1, Math.ceil(retryAfter))))
  return new Response(JSON.stringify(problemOf(known, correlationId)), { status: known.status, headers })
}

/** The problem document itself. Of `extra` only what the schema names leaves. */
export function problemOf(error: KeywardError, correlationId: string): Problem {
  const definition = errorDefinitions[error.code]
  const { used_by: usedBy, second_opinion: opinion } = error.extra
  return {
    type: `/docs/errors/${error.code}`,
    title: definition.title,
    status: definition.status,
    code: error.code,
    ...(error.message === definition.title ? {} : { detail: error.message }),
    fix: definition.fix,
    correlation_id: correlationId,
    ...(error.errors.length > 0 ? { errors: [...error.errors] } : {}),
    ...(typeof opinion === 'string' ? { second_opinion: opinion } : {}),
    ...(Array.isArray(usedBy) ? { used_by: usedBy as NonNullable<Problem['used_by']> } : {}),
  }
}
