import type { Identity, IdentityCreate } from '@keyward/contract/identities'
import type { Transaction } from 'kysely'
import type { Tables } from '../db/tables.ts'
import { invalid } from './conflicts.ts'

export type TokenRuleCreate = Extract<IdentityCreate, { method: 'oidc' | 'spiffe_jwt' }>

/** Identities that rely on an issuer's word: its token says who somebody is. */
export async function insertTokenRule(
  _trx: Transaction<Tables>,
  _workloadId: string,
  input: TokenRuleCreate,
  field: string,
): Promise<Identity> {
  throw invalid(`${field}/method`, `${input.method} is not known to this version`)
}
