import type { RoleBinding } from '@keyward/contract/people'

/** How a person proved who they are: the methods of a session, or the kind of an API token. */
export type SignInMethod = 'link' | 'password' | 'passkey' | 'oidc' | 'token' | 'local'

/** The person behind a request, as the database knew them when the request came in. Never kept longer than the request. */
export interface Principal {
  readonly user: {
    readonly id: string
    readonly name: string
    readonly email: string | null
    /** The built-in administrator, who acts for whoever could prove access to this machine. */
    readonly builtIn: boolean
  }
  readonly roles: readonly RoleBinding[]
  /** What was shown: a browser's session, or an API token. */
  readonly proof: {
    readonly kind: 'session' | 'api_token'
    readonly id: string
    readonly method: SignInMethod
    readonly authenticatedAt: Date
    readonly expiresAt: Date
    /** True while the authentication is recent enough for dangerous acts (`limits.freshAuthMinutesMax`); personal API tokens never are. */
    readonly fresh: boolean
  }
}
