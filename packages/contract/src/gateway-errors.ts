/**
 * Why the gateway refused a call, or could not finish it. The code travels in the `keyward-error` header and inside the protocol's own
 * error shape; `type` is what OpenAI's and Anthropic's SDKs switch on beside the status.
 */
export interface GatewayErrorDefinition {
  readonly status: number
  /** Text for callers who hold a valid token for this resource: they may know. */
  readonly message: string
  readonly fix: string
}

export const gatewayErrors = {
  token_missing: { status: 401, message: 'No token was sent', fix: 'Put a Keyward access token where the client puts its API key.' },
  token_invalid: {
    status: 401,
    message: 'The token is not valid here',
    fix: 'Get a new one: `keyward token --grant G`, or run under `keyward run`.',
  },
  token_ambiguous: {
    status: 400,
    message: 'More than one token was sent, or one in more than one place',
    fix: 'Send one token, in one header.',
  },
  token_ended: { status: 401, message: 'The token has ended', fix: 'Get a new one; `keyward run` renews by itself.' },
  token_revoked: {
    status: 401,
    message: 'The token was revoked',
    fix: 'Ask the owner of the workload why; a new grant or token is needed.',
  },
  proof_invalid: {
    status: 401,
    message: 'The DPoP proof is missing or not valid',
    fix: 'Send a fresh proof for this method and address, signed with the key that the token is bound to.',
  },
  proof_nonce_required: {
    status: 401,
    message: 'The DPoP proof lacks the nonce of this node',
    fix: 'Repeat the request with the nonce of the DPoP-Nonce header in the proof (RFC 9449, section 9).',
  },
  certificate_required: {
    status: 401,
    message: 'The client certificate that the token is bound to is missing or another one',
    fix: 'Call with the certificate with which the token was asked for (RFC 8705), over TLS or through the trusted proxy.',
  },
  assurance_too_low: {
    status: 401,
    message: 'The grant asks for a stronger proof of who holds the token',
    fix: 'Get a token by a federated identity, bound to a key (DPoP or a client certificate): `keyward run` does both.',
  },
  unknown_resource: {
    status: 404,
    message: 'Not found',
    fix: 'Check the address: /g/NAME/… with the name of a resource that the token is for.',
  },
  operation_not_allowed: {
    status: 403,
    message: 'The grant does not allow this operation',
    fix: "Ask for the operation to be added to the grant's scope.",
  },
  operation_unknown: {
    status: 403,
    message: 'This address of the provider is not one that Keyward lets through',
    fix: 'Use an operation that is listed in the gateway guide, or put it behind a resource of kind http.',
  },
  model_not_allowed: {
    status: 403,
    message: 'The grant does not allow this model',
    fix: "Use a model of the grant's scope, or ask for this one to be added.",
  },
  path_not_allowed: {
    status: 403,
    message: 'The grant does not allow this method and path',
    fix: "Ask for it to be added to the grant's scope.",
  },
  environment_mismatch: {
    status: 403,
    message: "The resource has no credential for the workload's environment",
    fix: 'Give the resource a credential for that environment.',
  },
  purpose_mismatch: {
    status: 403,
    message: 'A credential of this purpose does not serve such a resource',
    fix: 'Bind a credential of the right purpose to the resource.',
  },
  cost_unbounded: {
    status: 403,
    message: 'The cost of this call has no bound, and the grant has a budget',
    fix: 'Leave out the feature that the message names, or use a grant without a budget.',
  },
  price_unknown: {
    status: 403,
    message: 'The price of this model is not known, and the grant has a budget',
    fix: 'Set a price: POST /api/v1/prices.',
  },
  body_invalid: {
    status: 400,
    message: 'The body could not be read as this operation needs',
    fix: 'Send one JSON object in UTF-8 without repeated members.',
  },
  body_too_large: {
    status: 413,
    message: 'The body is larger than the limit',
    fix: 'Send less, or ask for a higher limit on the grant or resource.',
  },
  budget_exceeded: {
    status: 429,
    message: 'The budget cannot pay for the worst case of this call',
    fix: 'Wait for the next window, lower the output bound, or ask for a higher budget.',
  },
  rate_limited: { status: 429, message: 'The grant allows no more calls this minute', fix: 'Wait as long as `retry-after` says.' },
  tokens_rate_limited: {
    status: 429,
    message: 'The grant allows no more tokens this minute',
    fix: 'Wait as long as `retry-after` says, or send less.',
  },
  too_many_concurrent: { status: 429, message: 'The grant allows no more calls at once', fix: 'Wait for one to end.' },
  credential_unavailable: {
    status: 502,
    message: 'The resource has no usable credential',
    fix: 'Its owner has to store a working secret.',
  },
  upstream_unreachable: { status: 502, message: 'The upstream could not be reached', fix: 'Try again; if it lasts, check the resource.' },
  upstream_refused: {
    status: 502,
    message: 'The upstream answered with something that does not go through',
    fix: 'Redirects are not followed with a credential: correct the address of the resource.',
  },
  upstream_broke: { status: 502, message: 'The upstream broke off its answer', fix: 'Try again.' },
  response_too_large: {
    status: 502,
    message: "The upstream's answer is larger than the limit",
    fix: 'Ask for a higher limit on the resource.',
  },
  upstream_timeout: {
    status: 504,
    message: 'The upstream took too long',
    fix: 'Try again; if it lasts, ask for a longer limit on the resource.',
  },
  cut: { status: 403, message: 'Access was revoked while the call was running', fix: 'Ask the owner of the workload why.' },
  node_deaf: {
    status: 503,
    message: 'This node cannot hear revocations and refuses everything until it can',
    fix: 'Try again shortly; another node may serve.',
  },
  not_recorded: { status: 503, message: 'The call could not be recorded, so it was not made', fix: 'Try again shortly.' },
  overloaded: { status: 503, message: 'Too many calls wait already', fix: 'Try again shortly.' },
} as const satisfies Record<string, GatewayErrorDefinition>

export type GatewayErrorCode = keyof typeof gatewayErrors
