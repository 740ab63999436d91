/** A connection that egress will not make, and why. Carries no address of a request and no secret. */
export class EgressRefused extends Error {
  readonly reason: 'private_address' | 'forbidden_address' | 'own_address' | 'not_http'

  constructor(reason: EgressRefused['reason'], message: string) {
    super(message)
    this.name = 'EgressRefused'
    this.reason = reason
  }
}

/** An answer that broke a bound that the caller of `request` set. */
export class EgressBoundError extends Error {
  readonly bound: 'bytes' | 'time'

  constructor(bound: 'bytes' | 'time', message: string) {
    super(message)
    this.name = 'EgressBoundError'
    this.bound = bound
  }
}
