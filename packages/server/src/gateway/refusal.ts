import { type GatewayErrorCode, gatewayErrors } from '@keyward/contract/gateway-errors'

/** Why a call does not go through. `detail` is for callers who may know; it never holds a secret or content. */
export class Refusal extends Error {
  readonly code: GatewayErrorCode
  readonly detail: string | undefined
  readonly retryAfterSeconds: number | undefined
  /** For the answer: a challenge, a nonce. */
  readonly headers: Readonly<Record<string, string>>

  constructor(code: GatewayErrorCode, detail?: string, retryAfterSeconds?: number, headers: Readonly<Record<string, string>> = {}) {
    super(code)
    this.name = 'Refusal'
    this.code = code
    this.detail = detail
    this.retryAfterSeconds = retryAfterSeconds
    this.headers = headers
  }
}

/** The refusal in an error of another part (its `code`), or undefined where it is a failure of ours. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  if (!Object.hasOwn(gatewayErrors, error.code)) return undefined
  const headers = 'headers' in error && typeof error.headers === 'object' ? (error.headers as Record<string, string>) : {}
  return new Refusal(error.code as GatewayErrorCode, undefined, undefined, headers)
}
