import type { Database } from '../../db/database.ts'
import type { Presenter } from '../clients/presenter.ts'
import type { Connect } from '../connect.ts'
import { findRefreshToken } from './refresh-tokens.ts'

/**
 * RFC 7009 section 2.1: a client gives its refresh token back, and all that came of the same code ends with it. A token that is unknown, has ended
 * or is another client's is answered like a success (section 2.2), and nothing happens.
 */
export async function revokeRefreshToken(
  deps: { readonly db: Database; readonly connect: Pick<Connect, 'endFamily'> },
  text: string,
  by: Presenter,
  correlationId: string,
): Promise<void> {
  const stored = await findRefreshToken(deps.db, text)
  if (stored === undefined || stored.revoked || stored.client !== by.client) return
  await deps.connect.endFamily({
    family: stored.family,
    consent: stored.consent,
    reason: 'revoked by its client',
    record: {
      action: 'token.revoke',
      decision: 'done',
      actor: by.workload === undefined ? { kind: 'anonymous' } : { kind: 'workload', id: by.workload.workload },
      correlationId,
    },
  })
}
