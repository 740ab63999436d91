import { type CryptoKey, importJWK, type JWK, SignJWT } from 'jose'
import type { WorkloadIdentity } from './identity.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** An assertion is made for one request. */
const assertionSeconds = 60

/** A workload's own key: each proof is an assertion that it signs (RFC 7523 section 2.2, `private_key_jwt`). */
export function enrolledKey(options: {
  readonly workload: string
  /** Its private key, as a JWK or imported. */
  readonly key: JWK | CryptoKey
  /** Default: what the JWK says, else ES256. */
  readonly alg?: string | undefined
  readonly about?: string
}): WorkloadIdentity {
  const { workload, key } = options
  return {
    source: 'enrolled',
    about: options.about ?? `the key of ${workload}`,
    workload,
    async prove(issuer) {
      const isJwk = 'kty' in key
      const algorithm = options.alg ?? (isJwk ? key.alg : undefined) ?? 'ES256'
      const kid = isJwk ? key.kid : undefined
      const assertion = await new SignJWT()
        .setProtectedHeader({ alg: algorithm, typ: 'client-authentication+jwt', ...(kid === undefined ? {} : { kid }) })
        .setIssuer(workload)
        .setSubject(workload)
        .setAudience(issuer)
        .setIssuedAt()
        .setExpirationTime(`${assertionSeconds}s`)
        .setJti(crypto.randomUUID())
        .sign(isJwk ? await importJWK(key, algorithm) : key)
      const client = { client_assertion_type: assertionType, client_assertion: assertion }
      return { form: { grant_type: 'client_credentials', ...client }, client }
    },
  }
}
