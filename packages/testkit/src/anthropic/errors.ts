import { type Answer, type Caller, event, jsonAnswer } from '../fake/answer.ts'
import type { FaultKind } from '../fake/behaviour.ts'

interface Fault {
  status: number
  type: string
  message: string
}

/** What each fault is called at Anthropic. */
const faults: Record<FaultKind, Fault> = {
  invalid_key: { status: 401, type: 'authentication_error', message: 'invalid x-api-key' },
  forbidden: { status: 403, type: 'permission_error', message: 'Your API key does not have permission to use the specified resource.' },
  bad_request: { status: 400, type: 'invalid_request_error', message: 'The request is not valid.' },
  not_found: { status: 404, type: 'not_found_error', message: 'Not found' },
  rate_limited: {
    status: 429,
    type: 'rate_limit_error',
    message: 'Number of requests has exceeded your rate limit. Please try again later.',
  },
  quota: {
    status: 400,
    type: 'invalid_request_error',
    message: 'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
  },
  server_error: { status: 500, type: 'api_error', message: 'Internal server error' },
  unavailable: { status: 503, type: 'api_error', message: 'Service unavailable' },
  overloaded: { status: 529, type: 'overloaded_error', message: 'Overloaded' },
}

/** Anthropic's error body: `{"type": "error", "error": {type, message}, "request_id"}`. */
export function anthropicError(
  caller: Caller,
  status: number,
  type: string,
  message: string,
  headers: Record<string, string> = {},
): Answer {
  return jsonAnswer(status, { type: 'error', error: { type, message }, request_id: caller.requestId }, headers)
}

export function anthropicFault(kind: FaultKind, caller: Caller, message?: string): Answer {
  const fault = faults[kind]
  return anthropicError(caller, fault.status, fault.type, message ?? fault.message, kind === 'rate_limited' ? { 'retry-after': '1' } : {})
}

/** How a running stream reports an error. */
export function anthropicFaultEvent(kind: FaultKind): string {
  const { type, message } = faults[kind]
  return event('error', { type: 'error', error: { type, message } })
}

export function invalid(caller: Caller, message: string): Answer {
  return anthropicError(caller, 400, 'invalid_request_error', message)
}

export function notFound(caller: Caller, message: string): Answer {
  return anthropicError(caller, 404, 'not_found_error', message)
}
