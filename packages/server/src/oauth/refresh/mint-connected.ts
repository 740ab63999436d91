import type { GrantScope } from '@keyward/contract/grants'
import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import { wishOf } from '../choose-grant.ts'
import type { Presenter } from '../clients/presenter.ts'
import type { Connect } from '../connect.ts'
import type { Minter } from '../mint.ts'
import type { MintedAccessToken } from '../mint-request.ts'
import { OAuthError } from '../oauth-error.ts'
import { mintFor, type TokenRequest } from '../token-request.ts'

interface Deps {
  readonly db: Database
  readonly minter: Pick<Minter, 'mint'>
  readonly issuer: string
  readonly connect: Pick<Connect, 'mayUseGrant'>
}

/**
 * Mints for a client that a person connected, under their consent as it is now: the person's role and the grant are looked at each time.
 * @throws OAuthError `invalid_grant` where the consent has ended, `invalid_target` or `invalid_scope` where the request asks for anything else
 */
export async function mintConnected(
  deps: Deps,
  request: TokenRequest,
  given: { readonly consent: string; readonly family: string; readonly client: Presenter },
): Promise<{ readonly minted: MintedAccessToken; readonly narrowed: boolean }> {
  const consent = await deps.db
    .selectFrom('consents')
    .innerJoin('grants', 'grants.id', 'consents.grant_id')
    .innerJoin('resources', 'resources.id', 'grants.resource_id')
    .select(['consents.user_id as user', 'consents.grant_id as grant', 'consents.scope', 'resources.name as resource'])
    .select(sql<number>`floor(extract(epoch from consents.expires_at - now()))::int`.as('secondsLeft'))
    .where('consents.id', '=', given.consent)
    .executeTakeFirst()
  if (consent === undefined || consent.secondsLeft < 1) throw new OAuthError('invalid_grant', 'the consent has ended: connect again')
  const wish = wishOf(deps.issuer, request.form)
  if (wish.resource !== undefined && wish.resource !== consent.resource)
    throw new OAuthError('invalid_target', 'the person said yes to another resource')
  if (wish.grant !== undefined && wish.grant !== consent.grant)
    throw new OAuthError('invalid_scope', 'the person said yes to another grant')
  if (wish.detail !== undefined)
    throw new OAuthError('invalid_authorization_details', 'the details are those that the person said yes to: leave them out')
  await requireUsable(deps, consent)
  const { workload } = given.client
  const minted = await mintFor(
    deps.minter,
    {
      ...request.context,
      grant: consent.grant,
      ttlSeconds: consent.secondsLeft,
      method: workload?.method ?? 'authorization_code',
      ...(workload === undefined
        ? {}
        : { workload: workload.workload, identity: workload.identity, identityGrants: workload.grants, attests: workload.attests }),
      behalf: { user: consent.user, client: given.client.client, consent: given.consent, family: given.family },
      ...(request.binding === undefined ? {} : { binding: request.binding }),
      ...(consent.scope === null ? {} : { scope: consent.scope as GrantScope }),
    },
    { ended: 'invalid_grant' },
  )
  // Again: a role that was taken away meanwhile ended the tokens that were written before, and not this one (lifecycle/end-beyond-roles).
  await requireUsable(deps, consent)
  return { minted, narrowed: consent.scope !== null }
}

async function requireUsable(deps: Deps, { user, grant }: { readonly user: string; readonly grant: string }): Promise<void> {
  if (!(await deps.connect.mayUseGrant(user, grant)))
    throw new OAuthError('invalid_grant', 'the grant has ended, or the person may not use it any more')
}

/** The DPoP key that the next request has to show again: of public clients, as RFC 9449 section 5 asks, and of workloads alike. */
export function shownKey(request: Pick<TokenRequest, 'binding'>): string | undefined {
  return request.binding?.kind === 'dpop' ? request.binding.thumbprint : undefined
}
