import type { Identity } from '@keyward/contract/identities'
import { type AssuranceLevel, identityMethods } from '@keyward/contract/words'
import type { Selectable } from 'kysely'
import type { WorkloadIdentitiesTable } from '../db/tables.ts'
import { weaker } from '../policy/assurance.ts'
import { shown, shownOrNull } from './times.ts'

/* An identity's row, and what is shown of it. */

export type IdentityRow = Pick<Selectable<WorkloadIdentitiesTable>, (typeof identityColumns)[number]>

export const identityColumns = [
  'id',
  'workload_id',
  'method',
  'name',
  'issuer_id',
  'params',
  'thumbprint',
  'hint',
  'created_at',
  'expires_at',
  'last_used_at',
  'revoked_at',
] as const satisfies readonly (keyof WorkloadIdentitiesTable)[]

export function identityOf(row: IdentityRow): Identity {
  const method = methodOf(row.method)
  const params = row.params as StoredParams
  return {
    id: row.id,
    method,
    name: row.name,
    issuer: row.issuer_id,
    audiences: params.audiences ?? null,
    claims: params.claims ?? null,
    subject: params.spiffe_id ?? (params.subject === undefined ? null : `${params.subject.kind}=${params.subject.value}`),
    single_use: params.single_use ?? false,
    grants: params.grants ?? null,
    assurance: assuranceOf(method),
    warnings: warningsOf(method, params),
    thumbprint: row.thumbprint,
    hint: row.hint,
    created_at: shown(row.created_at),
    expires_at: shownOrNull(row.expires_at),
    last_used_at: shownOrNull(row.last_used_at),
    revoked_at: shownOrNull(row.revoked_at),
  }
}

/** The column `params`: what each method pins. */
interface StoredParams {
  readonly audiences?: string[]
  readonly claims?: Identity['claims']
  readonly spiffe_id?: string
  readonly subject?: { readonly kind: string; readonly value: string }
  readonly single_use?: boolean
  readonly grants?: string[]
  /** What the assessment said when the rule was made (trust/). */
  readonly warnings?: string[]
}

function warningsOf(method: Identity['method'], params: StoredParams): string[] {
  const shared =
    method === 'client_secret_basic'
      ? ['A client secret can be copied and used from anywhere: let the workload prove who it is by a key or an issuer']
      : []
  return [...shared, ...(params.warnings ?? [])]
}

/** At least: a token that was asked for with a certificate is bound to it; the others' are bound where a proof came with the request. */
function assuranceOf(method: Identity['method']): AssuranceLevel {
  if (method === 'client_secret_basic') return 'shared_secret'
  return method === 'oidc' || method === 'spiffe_jwt' || method === 'private_key_jwt' ? 'federated' : 'key_bound'
}

/** Of a workload: that of its weakest identity that can be used. */
export function weakestOf(identities: readonly Identity[]): AssuranceLevel | null {
  const live = identities.filter((one) => one.revoked_at === null && (one.expires_at === null || Date.parse(one.expires_at) > Date.now()))
  return live.reduce<AssuranceLevel | null>((weakest, one) => (weakest === null ? one.assurance : weaker(weakest, one.assurance)), null)
}

function methodOf(text: string): Identity['method'] {
  const method = identityMethods.find((one) => one === text)
  if (method === undefined) throw new Error(`an identity has the method ${text}, which this version does not know`)
  return method
}
