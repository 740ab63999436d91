import type { Database } from '../../db/database.ts'
import { chooseGrant, wishOf } from '../choose-grant.ts'
import { noteIdentityUse } from '../client.ts'
import { type Federation, FederationRefused, isPassing } from '../federation/federation.ts'
import { bringsCredentials } from '../methods/authenticate-client.ts'
import type { Minter } from '../mint.ts'
import { OAuthError } from '../oauth-error.ts'
import { mintFor, type TokenAnswer, type TokenRequest, tokenBody } from '../token-request.ts'

export const jwtBearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

interface Deps {
  readonly db: Database
  readonly minter: Pick<Minter, 'mint' | 'grantsOf'>
  readonly federation: Federation
  readonly issuer: string
}

/** RFC 7523 section 2.1: a token of a trusted issuer is the workload's proof and its request at once. */
export async function jwtBearer(deps: Deps, request: TokenRequest): Promise<TokenAnswer> {
  const assertion = request.form.needed('assertion')
  return await federated(deps, request, assertion, 'invalid_grant')
}

/**
 * Mints for whom a token of a trusted issuer names.
 * @param refusal the code of a token that does not count: RFC 7523 says `invalid_grant`, RFC 8693 `invalid_request`
 */
export async function federated(
  deps: Deps,
  request: TokenRequest,
  jwt: string,
  refusal: 'invalid_grant' | 'invalid_request',
): Promise<TokenAnswer> {
  const { form, binding } = request
  const { grant, resource } = wishOf(deps.issuer, form)
  const client = bringsCredentials(request) ? await request.client() : undefined
  const hints = { workload: form.one('client_id'), identity: form.one('federation_rule_id'), grant, resource }
  const proof = await deps.federation.prove(jwt, hints, request.context).catch((error: unknown) => {
    if (!(error instanceof FederationRefused)) throw error
    if (isPassing(error))
      throw new OAuthError('temporarily_unavailable', error.message, { cause: error.cause, headers: { 'retry-after': '5' } })
    throw new OAuthError(refusal, `the token was refused: ${error.message}`, { cause: error.cause })
  })
  if (client !== undefined && client.workload !== proof.workload)
    throw new OAuthError(refusal, 'the token is not one of the client that authenticated')
  const chosen = await chooseGrant(deps, proof, form)
  const minted = await mintFor(
    deps.minter,
    {
      ...request.context,
      grant: chosen.facts.id,
      facts: chosen.facts,
      workload: proof.workload,
      identity: proof.identity,
      identityGrants: proof.grants,
      method: proof.method,
      subject: proof.subject,
      attests: proof.attests,
      ...(binding === undefined ? {} : { binding }),
      ...(chosen.scope === undefined ? {} : { scope: chosen.scope }),
    },
    { ended: refusal },
  )
  await noteIdentityUse(deps.db, proof.identity)
  return { method: proof.method, body: tokenBody(minted, { echo: chosen.echo }) }
}
