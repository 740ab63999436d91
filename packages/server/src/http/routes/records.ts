import { routes } from '@keyward/contract/routes'
import { listAudit } from '../../audit/queries.ts'
import { listNodes } from '../../changes/nodes.ts'
import { showOverview } from '../../inventory/overview.ts'
import { listUsage, summariseUsage } from '../../policy/usage.ts'
import { type Implementation, implement } from '../handle.ts'
import type { Services } from '../services.ts'

/** What happened, and how things stand: read only. */
export function recordHandlers({ db, vault, node }: Services): Implementation[] {
  return [
    implement(routes.usage.list, ({ permit, query }) => listUsage(db, permit.reach, query)),
    implement(routes.usage.summary, ({ permit, query }) => summariseUsage(db, permit.reach, query)),
    implement(routes.audit.list, ({ permit, query }) => listAudit(db, permit.reach, query)),
    implement(routes.overview.show, ({ permit }) => showOverview(db, permit, vault.installation.organisation, node)),
    implement(routes.nodes.list, async () => ({ items: await listNodes(db, node) })),
  ]
}
