/**
 * The closed set of error codes of the control API. Each has a page (docs/errors/, generated from this table), an HTTP status, a title
 * for people, and the fix. A caller switches on `code`; texts may change.
 */
export interface ErrorDefinition {
  readonly status: number
  readonly title: string
  readonly fix: string
}

export const errorDefinitions = {
  'invalid-request': {
    status: 400,
    title: 'The request is not valid',
    fix: 'Correct the fields listed under `errors`; each says what it expects.',
  },
  'invalid-json': {
    status: 400,
    title: 'The body is not valid JSON',
    fix: 'Send one JSON object in UTF-8 with `Content-Type: application/json`.',
  },
  'invalid-cursor': {
    status: 400,
    title: 'The cursor is not one of ours',
    fix: 'Use `next_cursor` of the previous page unchanged, with the same filters.',
  },
  unauthenticated: {
    status: 401,
    title: 'Not signed in',
    fix: 'Send `Authorization: Bearer kwu_…` (make one with `keyward login`), or sign in to the console.',
  },
  'sign-in-failed': {
    status: 401,
    title: 'That did not sign you in',
    fix: 'Check what you entered. Links work once and for 10 minutes; `keyward login --local` gets a local administrator in.',
  },
  'provider-sign-in-failed': {
    status: 401,
    title: 'Your identity provider did not sign you in',
    fix: 'Begin again at the sign-in page. Where that does not help, give the correlation id to an administrator: the server log says more.',
  },
  forbidden: {
    status: 403,
    title: 'Your role does not allow this',
    fix: 'Ask an admin for a role that allows it; `GET /api/v1/me` shows yours.',
  },
  'fresh-auth-required': {
    status: 403,
    title: 'Sign in again for this',
    fix: 'This act needs an authentication of the last 10 minutes: sign in again and repeat it.',
  },
  'csrf-refused': {
    status: 403,
    title: 'The request came from another site',
    fix: 'Send the request from the console itself, or use an API token instead of the browser session.',
  },
  'not-found': { status: 404, title: 'Not found', fix: 'Check the id. It may also be outside what you are allowed to see.' },
  'method-not-allowed': {
    status: 405,
    title: 'This address does not take that method',
    fix: 'Use one of the methods in the `Allow` header.',
  },
  conflict: {
    status: 409,
    title: 'This would contradict what exists',
    fix: 'The detail says what it contradicts; choose another name or change that first.',
  },
  'in-use': { status: 409, title: 'Still in use', fix: 'End or change what uses it first; `used_by` lists it.' },
  'idempotency-conflict': {
    status: 409,
    title: 'This idempotency key was used for another request',
    fix: 'Use a new `Idempotency-Key` for a new request.',
  },
  'second-opinion-required': {
    status: 409,
    title: 'This needs the yes of another admin',
    fix: 'Another admin decides under Second opinions in the console, or by `keyward second-opinion approve ID`; then repeat the same request with `Keyward-Second-Opinion: ID` (in the CLI: `--second-opinion ID`) within 30 minutes.',
  },
  'already-revoked': { status: 409, title: 'It is revoked', fix: 'Revocation is final: create a new one.' },
  'precondition-failed': {
    status: 412,
    title: 'It changed since you read it',
    fix: 'Read it again, apply your change to what is there now, and send its `ETag` as `If-Match`.',
  },
  'body-too-large': { status: 413, title: 'The body is too large', fix: 'Send less; the detail says the limit.' },
  'unsupported-media-type': { status: 415, title: 'The body is not JSON', fix: 'Send `Content-Type: application/json`.' },
  'precondition-required': {
    status: 428,
    title: 'Say which state you change',
    fix: 'Send the `ETag` that you read as `If-Match` (or `*` to overwrite whatever is there).',
  },
  misdirected: {
    status: 421,
    title: 'This server does not answer for that host name',
    fix: 'Use the address that Keyward printed at its start, or name this host in `KEYWARD_ISSUER`.',
  },
  'too-many-requests': { status: 429, title: 'Too many attempts', fix: 'Wait as long as `Retry-After` says.' },
  internal: {
    status: 500,
    title: 'Something failed inside Keyward',
    fix: 'Give the correlation id to your administrator: the server log has the cause under it.',
  },
  'temporarily-unavailable': {
    status: 503,
    title: 'Keyward cannot do this right now',
    fix: 'Try again shortly; `keyward doctor` tells an administrator why.',
  },
} as const satisfies Record<string, ErrorDefinition>

export type ErrorCode = keyof typeof errorDefinitions

/** One field that was refused: where it is (JSON pointer for bodies, `query.NAME` or `header.NAME` otherwise), and what to do. */
export interface FieldError {
  readonly field: string
  readonly message: string
}

/** An error that a caller may see. `detail` is for the caller; what only the log may know travels as `cause`. */
export class KeywardError extends Error {
  readonly code: ErrorCode
  readonly errors: readonly FieldError[]
  readonly extra: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    detail?: string,
    options: { errors?: readonly FieldError[]; extra?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(detail ?? errorDefinitions[code].title, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'KeywardError'
    this.code = code
    this.errors = options.errors ?? []
    this.extra = options.extra ?? {}
  }

  get status(): number {
    return errorDefinitions[this.code].status
  }
}
