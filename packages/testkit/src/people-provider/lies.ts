/** What a hostile or broken provider does in place of what it should. */
export interface Lies {
  /** Laid over the claims of each id_token. */
  claims?: Record<string, unknown>
  /** Claims that its id_tokens lack. */
  withoutClaims?: readonly string[]
  /** The `iss` that goes back with the code (RFC 9207); null: none, though the discovery document promises one. */
  answerIssuer?: string | null
  /** Laid over the discovery document. */
  discovery?: Record<string, unknown>
  /** Signs with a key that it does not publish. */
  foreignKey?: boolean
  unsigned?: boolean
  /** The token endpoint sends the client there. */
  tokenRedirect?: string
  /** The discovery document is at another address. */
  discoveryRedirect?: string
  /** The token endpoint answers this many bytes of white space before its JSON. */
  tokenPaddingBytes?: number
  /** The token endpoint never answers. */
  tokenSilence?: boolean
  /** The `sub` of the userinfo endpoint. */
  userinfoSubject?: string
}
