import type { GatewayErrorCode } from '@keyward/contract/gateway-errors'

/** Why an access token (or its proof) does not count. The gateway puts the code into the protocol's own error, with these headers. */
export class TokenError extends Error {
  readonly code: Extract<
    GatewayErrorCode,
    'token_invalid' | 'token_ended' | 'token_revoked' | 'proof_invalid' | 'proof_nonce_required' | 'node_deaf'
  >
  readonly headers: Readonly<Record<string, string>>

  constructor(code: TokenError['code'], message: string, headers: Record<string, string> = {}) {
    super(message)
    this.name = 'TokenError'
    this.code = code
    this.headers = headers
  }
}
