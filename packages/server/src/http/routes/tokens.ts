import { routes } from '@keyward/contract/routes'
import { listTokens, showLineage, showToken } from '../../inventory/tokens.ts'
import { revokeToken } from '../../lifecycle/revoke-token.ts'
import { type Implementation, implement } from '../handle.ts'
import { revocation } from '../revocation.ts'
import type { Services } from '../services.ts'

const { tokens } = routes

export function tokenHandlers(services: Services): Implementation[] {
  const { db } = services
  return [
    implement(tokens.list, ({ permit, query }) => listTokens(db, permit, query)),
    implement(tokens.show, ({ permit, params }) => showToken(db, permit, params.id)),
    implement(tokens.lineage, ({ permit, params }) => showLineage(db, permit, params.id)),
    implement(tokens.revoke, (call) => revocation(services, revokeToken, call)),
  ]
}
