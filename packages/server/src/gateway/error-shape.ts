import { type GatewayErrorCode, gatewayErrors } from '@keyward/contract/gateway-errors'

/** Whose form an error takes, so that the vendor's SDK raises its usual exception. */
export type Protocol = 'openai' | 'anthropic' | 'http'

/** OpenAI's `type` by status. */
const openaiTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'invalid_request_error',
  413: 'invalid_request_error',
  429: 'rate_limit_error',
  503: 'server_error',
}
/** Anthropic's `type` by status. */
const anthropicTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
}

/** Codes that trying again cannot mend: said in `x-should-retry`, which both vendors' SDKs obey. */
const finalCodes: ReadonlySet<GatewayErrorCode> = new Set([
  'budget_exceeded',
  'credential_unavailable',
  'upstream_refused',
  'response_too_large',
])

export interface ErrorText {
  readonly code: GatewayErrorCode
  readonly detail?: string | undefined
  /** Names this refusal in the audit log. */
  readonly correlationId: string
}

/** Message, detail and fix in one line of prose. */
export function sentence({ code, detail }: ErrorText): string {
  const { message, fix } = gatewayErrors[code]
  return detail === undefined ? `${message}. ${fix}` : `${message}. ${detail} ${fix}`
}

export function shouldRetry(code: GatewayErrorCode): boolean {
  return !finalCodes.has(code)
}

export function errorContentType(protocol: Protocol): string {
  return protocol === 'http' ? 'application/problem+json' : 'application/json'
}

/** The body of an error answer in the protocol's own shape. */
export function errorBody(protocol: Protocol, error: ErrorText): string {
  const { status, message, fix } = gatewayErrors[error.code]
  if (protocol === 'openai') {
    return JSON.stringify({
      error: { message: sentence(error), type: openaiType(error.code), param: null, code: error.code, correlation_id: error.correlationId },
    })
  }
  if (protocol === 'anthropic') {
    return JSON.stringify({
      type: 'error',
      error: { type: anthropicType(error.code), message: sentence(error), code: error.code },
      request_id: error.correlationId,
    })
  }
  return JSON.stringify({
    type: `/docs/errors/${error.code}`,
    title: message,
    status,
    code: error.code,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    fix,
    correlation_id: error.correlationId,
  })
}

/** The event that ends a stream which has begun already. */
export function errorEvent(protocol: Protocol, error: ErrorText): string {
  return protocol === 'anthropic' ? `event: error\ndata: ${errorBody(protocol, error)}\n\n` : `data: ${errorBody('openai', error)}\n\n`
}

function openaiType(code: GatewayErrorCode): string {
  return code === 'budget_exceeded' ? 'insufficient_quota' : (openaiTypes[gatewayErrors[code].status] ?? 'api_error')
}

function anthropicType(code: GatewayErrorCode): string {
  return code === 'budget_exceeded' ? 'billing_error' : (anthropicTypes[gatewayErrors[code].status] ?? 'api_error')
}

/** Whose client this is, judged by the request alone: an answer to somebody not yet authorised must not tell what a name stands for. */
export function protocolOfRequest(path: string, headers: Readonly<Record<string, unknown>>): Protocol {
  if (headers['anthropic-version'] !== undefined || path.startsWith('/v1/messages')) return 'anthropic'
  return path === '/v1' || path.startsWith('/v1/') || headers['x-stainless-lang'] !== undefined ? 'openai' : 'http'
}
