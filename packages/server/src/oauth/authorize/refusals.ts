/** Codes of an authorization error response (RFC 6749 section 4.1.2.1, RFC 8707 section 2, RFC 9396 section 5, OpenID Connect Core section 3.1.2.6). */
export type AuthorizationErrorCode =
  | 'invalid_request'
  | 'unauthorized_client'
  | 'access_denied'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_authorization_details'
  | 'interaction_required'
  | 'request_not_supported'
  | 'request_uri_not_supported'

/** Client or redirect address is not proven: the person is told, and nobody is sent anywhere (RFC 6749 section 4.1.2.1). */
export class NotTrusted extends Error {
  readonly passing: boolean

  constructor(message: string, options: { readonly passing?: boolean } = {}) {
    super(message)
    this.name = 'NotTrusted'
    this.passing = options.passing ?? false
  }
}

/** The client is told at its redirect address. */
export class AskRefused extends Error {
  readonly code: AuthorizationErrorCode
  readonly to: AnswerTo

  constructor(code: AuthorizationErrorCode, message: string, to: AnswerTo) {
    super(message)
    this.name = 'AskRefused'
    this.code = code
    this.to = to
  }
}

/** Where an answer goes, and what it repeats. */
export interface AnswerTo {
  readonly redirectUri: string
  readonly state: string | undefined
  /** The browser may be sent there without anybody's click (RFC 9700 section 4.11.2): somebody here vouches for it, or it is the person's own machine. */
  readonly vouched: boolean
}

/** The address with an answer in its query (RFC 6749 sections 4.1.2 and 4.1.2.1), and who answers (RFC 9207). */
export function answerAddress(issuer: string, to: AnswerTo, answer: Readonly<Record<string, string>>): string {
  const url = new URL(to.redirectUri)
  const members = { ...answer, ...(to.state === undefined ? {} : { state: to.state }), iss: issuer }
  // `searchParams` would write what was there before anew: what the client registered stays as it is.
  const query = new URLSearchParams(members).toString()
  url.search = url.search === '' ? `?${query}` : `${url.search}&${query}`
  return url.href
}
