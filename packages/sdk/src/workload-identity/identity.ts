/** Where a workload's proof of identity can come from, in the order in which they are looked for. */
export const identitySources = ['token-file', 'certificate', 'gitlab-ci', 'github-actions', 'kubernetes', 'enrolled'] as const
export type IdentitySource = (typeof identitySources)[number]

/** PEM texts for the TLS handshake. */
export interface ClientCertificate {
  readonly cert: string
  readonly key: string
}

/** What one request to the token endpoint says to prove who asks. Good for one request: ask for another each time. */
export interface Proof {
  /** Members of the form: the grant type, and what proves. */
  readonly form: Readonly<Record<string, string>>
  /** What authenticates the client at `/oauth2/revoke`; undefined where this identity is no client of its own. */
  readonly client: Readonly<Record<string, string>> | undefined
  /** Shown in the handshake (RFC 8705). */
  readonly certificate?: ClientCertificate
}

/** A way for a workload to prove who it is. */
export interface WorkloadIdentity {
  readonly source: IdentitySource
  /** For people: `the OIDC token of this GitHub Actions job`. */
  readonly about: string
  /** The workload's id, where this side knows it. */
  readonly workload: string | undefined
  /**
   * Reads the identity afresh: the platforms renew theirs behind our back.
   * @param issuer the Keyward that it is shown to (RFC 8414 `issuer`)
   * @throws IdentityError
   */
  prove(issuer: string): Promise<Proof>
}

/** An identity that should be there can't be read. Message and fix are for people and hold nothing secret. */
export class IdentityError extends Error {
  readonly fix: string

  constructor(message: string, fix: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'IdentityError'
    this.fix = fix
  }
}

/** Variables of the environment, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>
