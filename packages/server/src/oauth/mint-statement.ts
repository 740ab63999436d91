import type { GrantScope } from '@keyward/contract/grants'
import type { AssuranceLevel } from '@keyward/contract/words'
import type pg from 'pg'
import type { AuditRow } from '../audit/record.ts'
import { texts, values, words } from '../policy/array-literal.ts'
import type { Binding } from '../policy/assurance.ts'
import type { MintFacts } from './mint-facts.ts'
import type { MintRequest } from './mint-request.ts'

/** One token as it is written, with its audit entry. */
export interface MintRow {
  readonly id: string
  readonly facts: MintFacts
  readonly request: MintRequest
  readonly binding: Binding | undefined
  readonly user: string | undefined
  /** The workload that holds it, where that is not the grant's. */
  readonly actor: string | undefined
  readonly depth: number
  readonly scope: GrantScope | undefined
  readonly assurance: AssuranceLevel
  readonly issuedAt: Date
  readonly expiresAt: Date
  readonly audit: AuditRow
}

const text = `select mint_tokens(${Array.from({ length: 32 }, (_, index) => `$${index + 1}`).join(', ')}) as codes`
const answerMsMax = 5_000

/** The statement that mints a batch (db/migrations/0007_identity.sql). */
export function mintStatement(node: string, batch: readonly MintRow[]): pg.QueryConfig & { query_timeout: number } {
  return {
    name: 'mint_tokens',
    text,
    values: [
      node,
      words(batch.map((row) => row.id)),
      words(batch.map((row) => row.facts.id)),
      words(batch.map((row) => row.facts.workload)),
      words(batch.map((row) => row.facts.resource)),
      texts(batch, (row) => row.facts.tenant),
      texts(batch, (row) => row.request.identity),
      texts(batch, (row) => row.request.parent?.token.id),
      texts(batch, (row) => row.request.method),
      texts(batch, (row) => row.request.mintedBy),
      texts(batch, (row) => row.binding?.thumbprint),
      texts(batch, (row) => row.binding?.kind),
      texts(batch, (row) => row.user),
      texts(batch, (row) => row.actor),
      texts(batch, (row) => row.request.behalf?.client),
      texts(batch, (row) => row.request.behalf?.consent),
      texts(batch, (row) => row.request.behalf?.family),
      values(batch, (row) => row.depth),
      texts(batch, (row) => (row.scope === undefined ? null : JSON.stringify(row.scope))),
      texts(batch, (row) => row.assurance),
      texts(batch, (row) => row.issuedAt.toISOString()),
      texts(batch, (row) => row.expiresAt.toISOString()),
      words(batch.map((row) => row.audit.id)),
      texts(batch, (row) => row.audit.actor_kind),
      texts(batch, (row) => row.audit.actor),
      texts(batch, (row) => row.facts.team),
      texts(batch, (row) => row.facts.environment),
      texts(batch, (row) => row.audit.correlation),
      texts(batch, (row) => (row.audit.details === undefined ? null : JSON.stringify(row.audit.details))),
      texts(batch, (row) => row.audit.person),
      texts(batch, (row) => row.audit.ip),
      texts(batch, (row) => row.audit.agent),
    ],
    query_timeout: answerMsMax,
  }
}
