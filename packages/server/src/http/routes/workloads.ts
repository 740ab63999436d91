import { routes } from '@keyward/contract/routes'
import { teamOfOwner } from '../../inventory/credentials.ts'
import { addIdentity, createWorkload, deleteWorkload, listWorkloads, showWorkload, updateWorkload } from '../../inventory/workloads.ts'
import { revokeIdentity } from '../../lifecycle/revoke-identity.ts'
import { revokeWorkload } from '../../lifecycle/revoke-workload.ts'
import { type Implementation, implement } from '../handle.ts'
import { revocation } from '../revocation.ts'
import type { Services } from '../services.ts'

const { workloads } = routes

export function workloadHandlers(services: Services): Implementation[] {
  const { db } = services
  return [
    implement(workloads.list, ({ permit, query }) => listWorkloads(db, permit, query)),
    implement(workloads.show, ({ permit, params }) => showWorkload(db, permit, params.id)),
    implement(workloads.create, ({ permit, body, transact }) =>
      transact(async (trx, act) => {
        const workload = await createWorkload(trx, permit, body)
        const details = { identities: workload.identities.map(({ id, method }) => ({ id, method })) }
        await act.record({ ...about(workload), team: await teamOfOwner(trx, workload.owner), details })
        act.change('workload', workload.id)
        return workload
      }),
    ),
    implement(workloads.update, ({ permit, params, body, revision, transact }) =>
      transact(async (trx, act) => {
        const workload = await updateWorkload(trx, permit, params.id, body, revision)
        await act.record({ ...about(workload), team: await teamOfOwner(trx, workload.owner), details: { changed: Object.keys(body) } })
        act.change('workload', workload.id)
        return workload
      }),
    ),
    implement(workloads.delete, ({ permit, params, revision, transact }) =>
      transact(async (trx, act) => {
        await deleteWorkload(trx, permit, params.id, revision)
        await act.record({ target: { kind: 'workload', id: params.id }, workload: params.id })
        act.change('workload', params.id)
        return undefined
      }),
    ),
    implement(workloads.addIdentity, ({ permit, params, body, transact }) =>
      transact(async (trx, act) => {
        const identity = await addIdentity(trx, permit, params.id, body)
        await act.record({ target: { kind: 'identity', id: identity.id }, workload: params.id, details: { method: identity.method } })
        act.change('identity', identity.id)
        return identity
      }),
    ),
    implement(workloads.revokeIdentity, ({ permit, params, body, transact }) =>
      transact(async (trx, act) => {
        const { identity, ended, tokens } = await revokeIdentity(trx, permit, params.id, params.identity)
        await act.record({
          action: 'identity.revoke',
          target: { kind: 'identity', id: identity.id },
          workload: params.id,
          reason: body.reason,
          details: { already: !ended, tokens: tokens.length },
        })
        for (const token of tokens) act.change('token', token, 'revoked')
        if (ended) act.change('identity', identity.id, 'revoked')
        return identity
      }),
    ),
    implement(workloads.revoke, (call) => revocation(services, revokeWorkload, call)),
  ]
}

function about(workload: { readonly id: string; readonly environment: string }) {
  return { target: { kind: 'workload', id: workload.id }, workload: workload.id, environment: workload.environment }
}
