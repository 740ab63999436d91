import { hash } from 'node:crypto'
import type { Database } from '../../db/database.ts'
import { type AuthenticatedClient, identitiesOf } from '../client.ts'
import { algsOf, type ClientAlg, isSignedBy, publicKeyOf, WeakKey } from '../jws-signature.ts'
import { OAuthError } from '../oauth-error.ts'
import { MalformedJws, readStrictJws, typeOf } from '../strict-jws.ts'

/** RFC 7523 section 2.2. */
export const jwtBearerAssertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** An assertion is made for one request: a longer life only helps whoever finds it. */
const lifeSecondsMax = 600
const skewSeconds = 60

/**
 * Client authentication with a signed assertion (RFC 7523 section 3, as tightened by rfc7523bis): `iss` and `sub` are the workload's id,
 * `aud` is our issuer and nothing else, `exp` and `jti` are there, and each assertion counts once.
 */
export async function privateKeyJwt(
  deps: { db: Database; issuer: string; nowMs(): number },
  assertion: string,
  clientId: string | undefined,
): Promise<AuthenticatedClient> {
  const refused = (why: string) => new OAuthError('invalid_client', `the client assertion was refused: ${why}`)
  let jws: ReturnType<typeof readStrictJws>
  try {
    jws = readStrictJws(assertion)
  } catch (error) {
    if (error instanceof MalformedJws) throw refused(`it ${error.message}`)
    throw error
  }
  const { header, payload } = jws
  const type = typeOf(header)
  if (header.typ !== undefined && type !== 'jwt' && type !== 'client-authentication+jwt')
    throw refused('its typ is that of another kind of token')
  const { iss, sub, aud, exp, nbf, iat, jti } = payload
  if (typeof sub !== 'string' || iss !== sub) throw refused('iss and sub must both be the workload id')
  if (clientId !== undefined && clientId !== sub) throw refused('client_id is not its sub')
  const audience = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
  if (audience !== deps.issuer) throw refused(`aud must be the issuer, ${deps.issuer}, and nothing else`)
  const now = deps.nowMs() / 1000
  if (typeof exp !== 'number' || exp <= now - skewSeconds) throw refused('it has ended, or has no exp')
  if (exp > now + lifeSecondsMax + skewSeconds) throw refused('it lives too long: at most 10 minutes')
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf > now + skewSeconds)) throw refused('it is not valid yet')
  if (iat !== undefined && (typeof iat !== 'number' || iat > now + skewSeconds)) throw refused('it was issued in the future')
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) throw refused('it has no jti')

  const { kid } = header
  const known = await identitiesOf(deps.db, sub, 'private_key_jwt')
  const byKid = known.filter((identity) => typeof kid === 'string' && (kid === identity.thumbprint || kid === identity.publicJwk?.kid))
  const signer = (byKid.length > 0 ? byKid : known).find(
    (identity) => identity.publicJwk !== null && signedWith(assertion, header.alg as ClientAlg, identity.publicJwk),
  )
  if (!signer) throw refused('it is not signed by a key of that workload')

  const digest = hash('sha256', `${sub}\n${jti}`, 'buffer')
  const first = await deps.db
    .insertInto('assertion_replays')
    .values({ digest, expires_at: new Date((exp + 2 * skewSeconds) * 1000) })
    .onConflict((oc) => oc.column('digest').doNothing())
    .returning('digest')
    .executeTakeFirst()
  if (!first) throw refused('it was used before')
  return { workload: sub, identity: signer.id, method: 'private_key_jwt', grants: signer.params.grants ?? null, attests: false }
}

function signedWith(assertion: string, alg: ClientAlg, jwk: Readonly<Record<string, unknown>>): boolean {
  // A key that was registered for one algorithm signs with that one alone (RFC 8725 section 3.1); Ed25519 has two names.
  if (jwk.alg !== undefined && jwk.alg !== alg && !(jwk.alg === 'Ed25519' && alg === 'EdDSA')) return false
  try {
    const key = publicKeyOf(jwk)
    return algsOf(key).includes(alg) && isSignedBy(assertion, alg, key)
  } catch (error) {
    if (error instanceof WeakKey) return false
    throw error
  }
}
