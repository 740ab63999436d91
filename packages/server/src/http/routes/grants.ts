import { KeywardError } from '@keyward/contract/errors'
import type { Grant } from '@keyward/contract/grants'
import { routes } from '@keyward/contract/routes'
import { requireReachedResource } from '../../inventory/resources.ts'
import { placeOfWorkload } from '../../inventory/workloads.ts'
import { endTokensOfDelegates } from '../../lifecycle/end-tokens.ts'
import { revokeGrant } from '../../lifecycle/revoke-grant.ts'
import { MintRefused } from '../../oauth/mint-request.ts'
import { mayUseGrant } from '../../people/usable-grants.ts'
import { createGrant, deleteGrant, listGrants, showGrant, updateGrant } from '../../policy/grants.ts'
import { type Implementation, implement } from '../handle.ts'
import { revocation } from '../revocation.ts'
import type { Services } from '../services.ts'

const { grants } = routes

export function grantHandlers(services: Services): Implementation[] {
  const { db, minter } = services
  return [
    implement(grants.list, ({ permit, query }) => listGrants(db, permit.reach, query)),
    implement(grants.show, ({ permit, params }) => showGrant(db, permit.reach, params.id)),
    implement(grants.create, ({ permit, body, transact }) =>
      transact(async (trx, act) => {
        await requireReachedResource(trx, permit, body.resource)
        const grant = await createGrant(trx, permit.reach, body, permit.principal.user.id)
        await act.record({ ...about(grant), ...(await placeOfWorkload(trx, grant.workload)), reason: body.reason })
        act.change('grant', grant.id)
        return grant
      }),
    ),
    implement(grants.update, ({ permit, params, body, revision, transact }) =>
      transact(async (trx, act) => {
        const { grant, delegatesOut } = await updateGrant(trx, permit.reach, params.id, body, revision)
        await act.record({ ...about(grant), ...(await placeOfWorkload(trx, grant.workload)), details: { changed: Object.keys(body) } })
        for (const token of await endTokensOfDelegates(trx, grant.id, delegatesOut)) act.change('token', token, 'revoked')
        act.change('grant', grant.id)
        return grant
      }),
    ),
    implement(grants.delete, ({ permit, params, revision, transact }) =>
      transact(async (trx, act) => {
        const grant = await showGrant(trx, permit.reach, params.id)
        await deleteGrant(trx, permit.reach, params.id, revision)
        await act.record({ ...about(grant), ...(await placeOfWorkload(trx, grant.workload)) })
        act.change('grant', params.id)
        return undefined
      }),
    ),
    implement(grants.mint, async ({ permit, params, body, request }) => {
      const grant = await showGrant(db, permit.reach, params.id)
      const { user } = permit.principal
      try {
        const minted = await minter.mint({
          grant: grant.id,
          method: 'by_hand',
          mintedBy: user.id,
          correlationId: request.correlationId,
          personal: {
            user: user.id,
            ...(request.ip === undefined ? {} : { ip: request.ip }),
            ...(request.userAgent === undefined ? {} : { userAgent: request.userAgent }),
          },
          ...(body.ttl_seconds === undefined ? {} : { ttlSeconds: body.ttl_seconds }),
        })
        // Again: a role that was taken away meanwhile ended the tokens that were written before, and not this one.
        if (!(await mayUseGrant(db, user.id, grant.id))) throw new KeywardError('forbidden', 'Your role does not allow this any more')
        return { access_token: minted.token, token_type: minted.type, expires_in: minted.expiresInSeconds, token_id: minted.id }
      } catch (error) {
        throw error instanceof MintRefused ? refusalOf(error) : error
      }
    }),
    implement(grants.revoke, (call) => revocation(services, revokeGrant, call)),
  ]
}

function about(grant: Grant) {
  return {
    target: { kind: 'grant', id: grant.id },
    grant: grant.id,
    workload: grant.workload,
    resource: grant.resource,
    ...(grant.tenant === null ? {} : { tenant: grant.tenant }),
  }
}

function refusalOf(error: MintRefused): KeywardError {
  switch (error.code) {
    case 'unknown_grant':
      return new KeywardError('not-found', undefined, { cause: error })
    case 'certificate_required':
      return new KeywardError(
        'conflict',
        'The grant takes only tokens that are bound to a client certificate: ask /oauth2/token with one',
        { cause: error },
      )
    case 'binding_required':
      return new KeywardError(
        'conflict',
        'The grant takes only tokens that are bound to a key: use `keyward run`, or ask /oauth2/token with a DPoP proof',
        {
          cause: error,
        },
      )
    case 'lifetime':
      return new KeywardError('conflict', `No token: ${error.message}`, { cause: error })
    default:
      return new KeywardError('already-revoked', `No token: ${error.message}`, { cause: error })
  }
}
