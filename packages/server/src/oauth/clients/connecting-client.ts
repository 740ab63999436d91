/** A program that asks to act for a person: what is known of it before anybody said yes. */
export interface ConnectingClient {
  readonly kind: 'registered' | 'document' | 'workload' | 'command_line'
  readonly id: string
  readonly name: string
  /** Host of the client_id; null where it is no address. */
  readonly host: string | null
  readonly redirectUris: readonly string[]
}

/** Why a client can't be dealt with. The text is for the person at the browser and the client's developer. */
export class ClientRefused extends Error {
  /** True where asking again in a minute may help. */
  readonly passing: boolean

  constructor(message: string, options: { readonly passing?: boolean; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ClientRefused'
    this.passing = options.passing ?? false
  }
}

export const commandLineId = 'keyward-cli'

/** `keyward login` (RFC 8252: a native app that takes its answer on a loopback port). What it gets is an API token of the person. */
export const commandLine: ConnectingClient = {
  kind: 'command_line',
  id: commandLineId,
  name: 'Keyward command line',
  host: null,
  redirectUris: ['http://127.0.0.1/callback', 'http://[::1]/callback'],
}
