import { routes } from '@keyward/contract/routes'
import { createTenant, deleteTenant, listTenants, showTenant, updateTenant } from '../../inventory/tenants.ts'
import { revokeTenant } from '../../lifecycle/revoke-tenant.ts'
import { type Implementation, implement } from '../handle.ts'
import { revocation } from '../revocation.ts'
import type { Services } from '../services.ts'

const { tenants } = routes

export function tenantHandlers(services: Services): Implementation[] {
  const { db } = services
  return [
    implement(tenants.list, ({ permit, query }) => listTenants(db, permit, query)),
    implement(tenants.show, ({ permit, params }) => showTenant(db, permit, params.id)),
    implement(tenants.create, ({ permit, body, transact }) =>
      transact(async (trx, act) => {
        const tenant = await createTenant(trx, permit, body)
        await act.record({ target: { kind: 'tenant', id: tenant.id }, tenant: tenant.id })
        act.change('tenant', tenant.id)
        return tenant
      }),
    ),
    implement(tenants.update, ({ permit, params, body, revision, transact }) =>
      transact(async (trx, act) => {
        const tenant = await updateTenant(trx, permit, params.id, body, revision)
        await act.record({ target: { kind: 'tenant', id: tenant.id }, tenant: tenant.id, details: { changed: Object.keys(body) } })
        act.change('tenant', tenant.id)
        return tenant
      }),
    ),
    implement(tenants.delete, ({ permit, params, revision, transact }) =>
      transact(async (trx, act) => {
        await deleteTenant(trx, permit, params.id, revision)
        await act.record({ target: { kind: 'tenant', id: params.id }, tenant: params.id })
        act.change('tenant', params.id)
        return undefined
      }),
    ),
    implement(tenants.revoke, (call) => revocation(services, revokeTenant, call)),
  ]
}
