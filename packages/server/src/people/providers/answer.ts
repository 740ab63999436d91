import { limits } from '@keyward/contract/limits'
import type { Selectable } from 'kysely'
import * as oidc from 'openid-client'
import type { ProviderLoginsTable } from '../../db/tables.ts'
import type { People } from '../people.ts'
import { discover, withSecret } from './client.ts'
import { groupsIn, groupsLeftOut } from './groups.ts'
import { type ProviderRow, redirectUri } from './rows.ts'

/** What a provider proved of a person. Texts are as the provider sent them. */
export interface ProvenPerson {
  readonly subject: string
  readonly name: unknown
  /** An address that the provider says it has verified. */
  readonly email: string | undefined
  readonly groups: readonly string[]
  /** The provider left the groups out because they are too many. */
  readonly groupsLeftOut: boolean
  /** `auth_time`, in seconds since the epoch. */
  readonly authenticatedAtSeconds: number | undefined
}

/**
 * Redeems the code that came back, and verifies everything about it: `state`, `iss` where the provider sends it (RFC 9207), the id_token's
 * signature, issuer, audience, times and nonce, and with `again` when the person was asked. The tokens are dropped right after.
 * @throws what openid-client, egress and the vault throw
 */
export async function provePerson(
  people: Pick<People, 'egress' | 'vault' | 'origin'>,
  row: ProviderRow,
  login: Pick<Selectable<ProviderLoginsTable>, 'nonce' | 'code_verifier' | 'again'>,
  query: string,
  state: string,
): Promise<ProvenPerson> {
  return withSecret(people, row, async (secret) => {
    const client = await discover(people, row, secret)
    const tokens = await oidc.authorizationCodeGrant(client, new URL(`${redirectUri(people.origin, row.id)}?${query}`), {
      expectedState: state,
      expectedNonce: login.nonce,
      pkceCodeVerifier: login.code_verifier,
      idTokenExpected: true,
      ...(login.again ? { maxAge: limits.freshAuthMinutesMax * 60 } : {}),
    })
    const claims = tokens.claims()
    if (claims === undefined) throw new Error('the provider sent no id_token')
    // OIDC Core 1.0, section 2: at most 255 ASCII characters.
    if (!/^[\x20-\x7e]{1,255}$/.test(claims.sub)) throw new Error('the subject is no ASCII text of up to 255 characters')
    let known: Record<string, unknown> = claims
    // The groups alone are looked for elsewhere: who it is, the id_token says.
    if (groupsIn(claims, row.groups_claim) === undefined && client.serverMetadata().userinfo_endpoint !== undefined)
      known = { ...(await oidc.fetchUserInfo(client, tokens.access_token, claims.sub)), ...claims }
    return {
      subject: claims.sub,
      name: known.name ?? known.preferred_username,
      email: known.email_verified === true && typeof known.email === 'string' ? known.email : undefined,
      groups: groupsIn(known, row.groups_claim) ?? [],
      groupsLeftOut: groupsLeftOut(known, row.groups_claim),
      authenticatedAtSeconds: typeof claims.auth_time === 'number' && claims.auth_time > 0 ? claims.auth_time : undefined,
    }
  })
}
