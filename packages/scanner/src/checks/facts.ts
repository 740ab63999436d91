import { awsAccountOf, bedrockExpiry } from './aws.ts'
import { tokenClaims } from './jwt.ts'

/** What a credential says of itself without asking anyone. Times are seconds since 1970. Unverified: whoever made the text wrote it. */
export interface CredentialFacts {
  readonly account?: string
  readonly issuer?: string
  readonly subject?: string
  readonly audience?: readonly string[]
  readonly scopes?: readonly string[]
  readonly expiresAt?: number
}

/** Facts that can be read off the secret offline: a JWT's claims, an AWS account, a Bedrock key's end. Empty where it says nothing. */
export function factsOf(detectorId: string, secret: string): CredentialFacts {
  if (detectorId === 'aws-access-key-id') {
    const account = awsAccountOf(secret)
    return account === undefined ? {} : { account }
  }
  if (detectorId === 'aws-bedrock-short-lived-key') {
    const expiresAt = bedrockExpiry(secret)
    return expiresAt === undefined ? {} : { expiresAt }
  }
  const token = secret.replace(/^ghs_\d{1,12}_/, '')
  const claims = token.startsWith('eyJ') ? tokenClaims(token) : undefined
  if (claims === undefined) return {}
  const { algorithm: _, issuedAt: __, role: ___, ...facts } = claims
  return facts
}
