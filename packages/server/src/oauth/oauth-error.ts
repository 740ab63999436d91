/** The closed set of OAuth error codes that we answer (RFC 6749 section 5.2, 8693, 8707, 9396, 9449, 7009, 8628). */
export const oauthErrorStatus = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  invalid_scope: 400,
  invalid_target: 400,
  invalid_authorization_details: 400,
  invalid_dpop_proof: 400,
  use_dpop_nonce: 400,
  unsupported_token_type: 400,
  // RFC 8628 section 3.5.
  authorization_pending: 400,
  slow_down: 400,
  access_denied: 400,
  expired_token: 400,
  server_error: 500,
  temporarily_unavailable: 503,
} as const

export type OAuthErrorCode = keyof typeof oauthErrorStatus

/**
 * An error of the OAuth endpoints. `description` is for the client's developer, in the characters that RFC 6749 (sections 4.1.2.1 and 5.2) lets it
 * have; the cause is for the log alone.
 */
export class OAuthError extends Error {
  readonly code: OAuthErrorCode
  readonly headers: Readonly<Record<string, string>>

  constructor(code: OAuthErrorCode, description: string, options: { cause?: unknown; headers?: Record<string, string> } = {}) {
    super(describable(description), options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'OAuthError'
    this.code = code
    this.headers = options.headers ?? {}
  }
}

/** ASCII without quotation marks and backslashes: quotes become apostrophes, anything else that does not belong a question mark. */
function describable(text: string): string {
  return text
    .replace(/["‘’“”]/g, "'")
    .replace(/…/g, '...')
    .replace(/[^\x20-\x5b\x5d-\x7e]/gu, '?')
}
