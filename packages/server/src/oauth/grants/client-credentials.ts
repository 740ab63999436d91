import { chooseGrant } from '../choose-grant.ts'
import type { Minter } from '../mint.ts'
import { mintFor, type TokenAnswer, type TokenRequest, tokenBody } from '../token-request.ts'

interface Deps {
  readonly minter: Pick<Minter, 'mint' | 'grantsOf'>
  readonly issuer: string
}

/** RFC 6749 section 4.4: a workload asks for itself. */
export async function clientCredentials(deps: Deps, request: TokenRequest): Promise<TokenAnswer> {
  const client = await request.client()
  const chosen = await chooseGrant(deps, client, request.form)
  const minted = await mintFor(
    deps.minter,
    {
      ...request.context,
      grant: chosen.facts.id,
      facts: chosen.facts,
      workload: client.workload,
      identity: client.identity,
      identityGrants: client.grants,
      method: client.method,
      attests: client.attests,
      ...(request.binding === undefined ? {} : { binding: request.binding }),
      ...(chosen.scope === undefined ? {} : { scope: chosen.scope }),
    },
    { ended: 'unauthorized_client' },
  )
  return { method: client.method, body: tokenBody(minted, { echo: chosen.echo }) }
}
