import type { Database } from '../../db/database.ts'
import { wishOf } from '../choose-grant.ts'
import type { Federation } from '../federation/federation.ts'
import type { Minter } from '../mint.ts'
import { OAuthError } from '../oauth-error.ts'
import { readOwnToken } from '../own-token.ts'
import { mintFor, type TokenAnswer, type TokenRequest, tokenBody } from '../token-request.ts'
import type { TokenVerifier, VerifiedToken } from '../verify.ts'
import { federated } from './jwt-bearer.ts'

export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const type = {
  accessToken: 'urn:ietf:params:oauth:token-type:access_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  idToken: 'urn:ietf:params:oauth:token-type:id_token',
} as const

interface Deps {
  readonly db: Database
  readonly minter: Pick<Minter, 'mint' | 'grantsOf'>
  readonly verifier: Pick<TokenVerifier, 'verify'>
  readonly federation: Federation
  readonly issuer: string
}

/**
 * RFC 8693. A token of a trusted issuer (`jwt`, `id_token`) is a workload's own proof. A token of ours is handed on: to the workload that
 * authenticates here, within the same grant, never wider, never longer, and with who acted before in `act`.
 */
export async function tokenExchange(deps: Deps, request: TokenRequest): Promise<TokenAnswer> {
  const { form } = request
  const subjectToken = form.needed('subject_token')
  const subjectType = form.needed('subject_token_type')
  const wanted = form.one('requested_token_type')
  if (wanted !== undefined && wanted !== type.accessToken && wanted !== type.jwt)
    throw new OAuthError('invalid_request', 'requested_token_type must be an access token: nothing else is issued here')
  const actorToken = form.one('actor_token')
  if ((actorToken === undefined) !== (form.one('actor_token_type') === undefined))
    throw new OAuthError('invalid_request', 'actor_token and actor_token_type come together or not at all')
  if (subjectType === type.jwt || subjectType === type.idToken) {
    if (actorToken !== undefined) throw new OAuthError('invalid_request', 'an actor_token goes with an access token of this server')
    const answer = await federated(deps, request, subjectToken, 'invalid_request')
    return { ...answer, body: { ...answer.body, issued_token_type: type.accessToken } }
  }
  if (subjectType !== type.accessToken)
    throw new OAuthError(
      'invalid_request',
      'subject_token_type must be access_token (of this server), jwt or id_token (of a trusted issuer)',
    )
  return await handOn(deps, request, subjectToken, actorToken)
}

async function handOn(deps: Deps, request: TokenRequest, subjectToken: string, actorToken: string | undefined): Promise<TokenAnswer> {
  const { form, binding } = request
  const client = await request.client()
  const subject = readOwn(deps, subjectToken, 'subject_token')
  if (actorToken !== undefined) {
    if (form.one('actor_token_type') !== type.accessToken)
      throw new OAuthError('invalid_request', 'actor_token_type must be access_token, of this server')
    // The actor is who authenticated: a token of somebody else in hand is not leave to act as them.
    const actor = readOwn(deps, actorToken, 'actor_token')
    if (actor.client !== client.workload) throw new OAuthError('invalid_request', 'the actor_token is not one of the client')
  }
  const record = await deps.db
    .selectFrom('tokens')
    .select(['depth', 'workload_id', 'actor_id'])
    .where('id', '=', subject.id)
    .executeTakeFirst()
  if (record === undefined) throw new OAuthError('invalid_request', 'the subject_token is not known here')
  const holder = record.actor_id ?? record.workload_id
  if (subject.boundTo !== undefined) {
    // A stolen bound token must not become a free one: its holder shows the same key again, another shows one of its own.
    if (binding === undefined) throw new OAuthError('invalid_request', 'the subject_token is bound to a key: the new token must be, too')
    if (holder === client.workload && subject.user === undefined && binding.thumbprint !== subject.boundTo)
      throw new OAuthError('invalid_request', 'the subject_token is bound to another key than this request shows')
  }
  // RFC 8693, section 4.4. The grant's delegates are asked as well, as they are now (oauth/mint).
  if (
    subject.mayAct !== undefined &&
    client.workload !== subject.mayAct &&
    client.workload !== subject.workload &&
    client.workload !== holder
  )
    throw new OAuthError('unauthorized_client', 'the subject_token names another workload that may act under it')
  const wish = wishOf(deps.issuer, form)
  if (wish.grant !== undefined && wish.grant !== subject.grant)
    throw new OAuthError('invalid_scope', 'a token is exchanged within its own grant')
  if (wish.resource !== undefined && `${deps.issuer}/g/${wish.resource}` !== subject.audience)
    throw new OAuthError('invalid_target', 'a token is exchanged for the same resource')
  const minted = await mintFor(
    deps.minter,
    {
      ...request.context,
      grant: subject.grant,
      workload: client.workload,
      identity: client.identity,
      identityGrants: client.grants,
      method: client.method,
      attests: client.attests,
      parent: { token: subject, depth: record.depth },
      ...(binding === undefined ? {} : { binding }),
      ...(wish.detail?.scope === undefined ? {} : { scope: wish.detail.scope }),
    },
    { ended: 'invalid_request' },
  )
  return {
    method: client.method,
    body: { ...tokenBody(minted, { echo: wish.detail !== undefined }), issued_token_type: type.accessToken },
  }
}

/** RFC 8693, section 2.2.2: a token that does not count is an invalid request. */
function readOwn(deps: Deps, compact: string, name: string): VerifiedToken {
  const read = readOwnToken(deps.verifier, compact)
  if ('refused' in read) throw new OAuthError('invalid_request', `the ${name} was refused: ${read.refused}`)
  return read.token
}
