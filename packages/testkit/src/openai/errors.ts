import { type Answer, type Caller, event, jsonAnswer } from '../fake/answer.ts'
import type { FaultKind } from '../fake/behaviour.ts'

interface Fault {
  status: number
  type: string
  code: string | null
  message: string
}

/** What each fault is called at OpenAI. */
const faults: Record<FaultKind, Fault> = {
  invalid_key: { status: 401, type: 'invalid_request_error', code: 'invalid_api_key', message: 'Incorrect API key provided.' },
  forbidden: {
    status: 403,
    type: 'invalid_request_error',
    code: 'unsupported_country_region_territory',
    message: 'Country, region, or territory not supported',
  },
  bad_request: { status: 400, type: 'invalid_request_error', code: null, message: 'The request is not valid.' },
  not_found: { status: 404, type: 'invalid_request_error', code: null, message: 'Not found.' },
  rate_limited: {
    status: 429,
    type: 'requests',
    code: 'rate_limit_exceeded',
    message: 'Rate limit reached for requests. Please try again in 1s.',
  },
  quota: {
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message: 'You exceeded your current quota, please check your plan and billing details.',
  },
  server_error: {
    status: 500,
    type: 'server_error',
    code: null,
    message: 'The server had an error while processing your request. Sorry about that!',
  },
  unavailable: { status: 503, type: 'server_error', code: null, message: 'The engine is currently overloaded, please try again later' },
  overloaded: { status: 503, type: 'service_unavailable_error', code: null, message: 'Slow down: the model is under heavy load.' },
}

/** OpenAI's error body: `{"error": {message, type, param, code}}`. */
export function openaiError(
  status: number,
  message: string,
  detail: { type?: string; param?: string | null; code?: string | null } = {},
  headers: Record<string, string> = {},
): Answer {
  return jsonAnswer(
    status,
    { error: { message, type: detail.type ?? 'invalid_request_error', param: detail.param ?? null, code: detail.code ?? null } },
    headers,
  )
}

export function openaiFault(kind: FaultKind, caller: Caller, message?: string): Answer {
  const fault = faults[kind]
  const text =
    message ??
    (kind === 'invalid_key' && caller.credential !== null
      ? `Incorrect API key provided: ${masked(caller.credential)}. You can find your API key at https://platform.openai.com/account/api-keys.`
      : fault.message)
  const headers: Record<string, string> =
    kind === 'rate_limited' ? { 'retry-after': '1', 'retry-after-ms': '1000', 'x-ratelimit-remaining-requests': '0' } : {}
  return openaiError(fault.status, text, { type: fault.type, code: fault.code }, headers)
}

/** How a running stream reports an error: a data line that holds the error body. */
export function openaiFaultEvent(kind: FaultKind, path: string): string {
  const { message, type, code } = faults[kind]
  if (path.endsWith('/responses')) return event('error', { type: 'error', sequence_number: 99, code: code ?? type, message, param: null })
  return event(null, { error: { message, type, param: null, code } })
}

export function missing(parameter: string): Answer {
  return openaiError(400, `Missing required parameter: '${parameter}'.`, { param: parameter, code: 'missing_required_parameter' })
}

/** The first and last characters, stars between: what OpenAI says of a wrong key. */
export function masked(key: string): string {
  return key.length <= 12 ? '*'.repeat(key.length) : `${key.slice(0, 8)}${'*'.repeat(Math.min(24, key.length - 12))}${key.slice(-4)}`
}
