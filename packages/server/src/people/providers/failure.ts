import { KeywardError } from '@keyward/contract/errors'
import { EgressBoundError, EgressRefused } from '../../egress/errors.ts'

/** What a provider may answer in place of a code (RFC 6749, section 4.1.2.1; OIDC Core 1.0, section 3.1.2.6), in words. Others are not repeated. */
const saidNo: Readonly<Record<string, string>> = {
  access_denied: 'you, or a rule there, said no',
  login_required: 'you are not signed in there',
  interaction_required: 'it wants you to do something there first',
  consent_required: 'Keyward was not allowed to know who you are',
  account_selection_required: 'no account was chosen there',
  temporarily_unavailable: 'it cannot do this right now',
  server_error: 'it failed',
  invalid_scope: 'it does not know one of the scopes that Keyward asks for: an administrator has to correct them',
  unauthorized_client: 'it does not know Keyward as a client: an administrator has to correct that',
  invalid_client: 'it does not take the client id or the client secret: an administrator has to correct them',
  invalid_grant: 'it does not take its own code (used already, too late, or another redirect address): begin again',
}

const unverified: Readonly<Record<string, string>> = {
  OAUTH_JWT_CLAIM_COMPARISON_FAILED: 'a claim of its id_token is not what it has to be (issuer, audience, nonce or time of sign-in)',
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED: 'its id_token is not valid at this time: are both clocks right?',
  OAUTH_KEY_SELECTION_FAILED: 'its id_token is signed by a key that it does not publish',
  OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED: 'it calls itself by another issuer than was configured',
  OAUTH_RESPONSE_IS_NOT_CONFORM: 'it answered with a status that is not one of success (redirects are not followed)',
  OAUTH_RESPONSE_IS_NOT_JSON: 'it did not answer with JSON',
  OAUTH_PARSE_ERROR: 'it did not answer with JSON',
  OAUTH_INVALID_RESPONSE: 'its answer, or the signature of its id_token, is not valid',
  OAUTH_INVALID_SIGNATURE: 'the signature of its id_token is not right',
  OAUTH_MISSING_SERVER_METADATA: 'its discovery document leaves out what is needed',
  OAUTH_HTTP_REQUEST_FORBIDDEN: 'one of its addresses is without TLS',
  OAUTH_TIMEOUT: 'it took too long to answer',
  OAUTH_ABORT: 'it took too long to answer',
  UNUSABLE_AUTHORIZATION_ENDPOINT: 'the address of its sign-in page is missing, or is no https address',
}

/**
 * Why an exchange with a provider failed, in our own words: its texts, its codes and its tokens are never repeated.
 * @returns the rest of a sentence, and a closed word for the log and the audit
 */
export function whyNot(error: unknown): { readonly text: string; readonly word: string } {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 6; at = at.cause, depth++) {
    if (at instanceof EgressRefused) return { text: `it may not be reached (${at.message})`, word: at.reason }
    if (at instanceof EgressBoundError)
      return { text: at.bound === 'time' ? 'it took too long to answer' : 'its answer is too large', word: `too_much_${at.bound}` }
    const { code, error: said } = at as { code?: unknown; error?: unknown }
    if (typeof said === 'string' && Object.hasOwn(saidNo, said)) return { text: saidNo[said] ?? '', word: said }
    if (typeof code === 'string' && Object.hasOwn(unverified, code)) return { text: unverified[code] ?? '', word: code }
    if (typeof code === 'string' && /^(?:E[A-Z_]+|UND_ERR_[A-Z_]+|CERT_[A-Z_]+|DEPTH_[A-Z_]+|SELF_[A-Z_]+|UNABLE_[A-Z_]+)$/.test(code))
      return { text: `it cannot be reached (${code})`, word: code }
  }
  return { text: 'its answer could not be verified', word: 'unverified' }
}

/** What the person reads; the code tells the console that it was a provider. */
export function providerFailed(detail: string, cause?: unknown): KeywardError {
  return new KeywardError('provider-sign-in-failed', detail, cause === undefined ? {} : { cause })
}
