import { KeywardError } from '@keyward/contract/errors'
import type { Identity, IdentityCreate } from '@keyward/contract/identities'
import type { Selectable, Transaction } from 'kysely'
import type { IssuersTable, Tables } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import { assessAudience, assessClaims } from '../trust/assess.ts'
import { assessSpiffeId } from '../trust/spiffe-id.ts'
import { invalid } from './conflicts.ts'
import { identityColumns, identityOf } from './identity-row.ts'

/* Identities that rely on an issuer's word: its token says who somebody is. */

type Trx = Transaction<Tables>
export type TokenRuleCreate = Extract<IdentityCreate, { method: 'oidc' | 'spiffe_jwt' }>

const kinds = { oidc: 'oidc', spiffe_jwt: 'spiffe' } as const

/**
 * Makes a trust rule. What would match too much is refused with the fix; what matches more than it should is kept with its warnings.
 * @throws KeywardError `invalid-request` with a field for each reason
 */
export async function insertTokenRule(trx: Trx, workloadId: string, input: TokenRuleCreate, field: string): Promise<Identity> {
  const issuer = await requireIssuer(trx, input.issuer, kinds[input.method], field)
  const rule = input.method === 'oidc' ? assessClaims(issuer.preset, input.claims) : assessSpiffeId(input.spiffe_id, issuer.issuer)
  const at = input.method === 'oidc' ? `${field}/claims` : `${field}/spiffe_id`
  const audiences = (input.audiences ?? []).map((one, index) => ({ one, index, ...assessAudience(issuer.preset, one, issuer.issuer) }))
  const errors = [
    ...rule.refused.map((message) => ({ field: at, message })),
    ...audiences.flatMap(({ index, refused }) =>
      refused === undefined ? [] : [{ field: `${field}/audiences/${index}`, message: refused }],
    ),
    ...audiences.flatMap(({ one, index }) =>
      (input.audiences ?? []).indexOf(one) === index ? [] : [{ field: `${field}/audiences/${index}`, message: 'comes twice: remove one' }],
    ),
  ]
  if (errors.length > 0) throw new KeywardError('invalid-request', 'The trust rule would match what it should not', { errors })
  const warnings = [
    ...rule.warnings,
    ...audiences.flatMap(({ one, warning }) => (warning === undefined ? [] : [`audiences: ${one} ${warning}`])),
  ]
  const row = await trx
    .insertInto('workload_identities')
    .values({
      id: newId('identity'),
      workload_id: workloadId,
      method: input.method,
      name: input.name ?? null,
      issuer_id: issuer.id,
      params: JSON.stringify({
        ...(input.audiences === undefined ? {} : { audiences: input.audiences }),
        ...(input.method === 'oidc' ? { claims: input.claims, single_use: input.single_use } : { spiffe_id: input.spiffe_id }),
        ...(input.grants === undefined ? {} : { grants: input.grants }),
        ...(warnings.length === 0 ? {} : { warnings }),
      }),
    })
    .returning(identityColumns)
    .executeTakeFirstOrThrow()
  return identityOf(row)
}

/**
 * The issuer of a new identity, locked so that it is not revoked meanwhile.
 * @throws KeywardError `invalid-request` where it is unknown, revoked, or of another kind
 */
export async function requireIssuer(trx: Trx, id: string, kind: IssuersTable['kind'], field: string): Promise<Selectable<IssuersTable>> {
  const issuer = await trx.selectFrom('issuers').selectAll().where('id', '=', id).forShare().executeTakeFirst()
  if (!issuer) throw invalid(`${field}/issuer`, 'names no issuer: `GET /api/v1/issuers` lists them')
  if (issuer.state === 'revoked') throw invalid(`${field}/issuer`, 'is revoked: trust it anew first, or name another')
  if (issuer.kind !== kind) throw invalid(`${field}/issuer`, `is of kind ${issuer.kind}: this method needs one of kind ${kind}`)
  return issuer
}
