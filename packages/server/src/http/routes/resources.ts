import { routes } from '@keyward/contract/routes'
import {
  createResource,
  deleteResource,
  listResources,
  type ResourceMade,
  showResource,
  updateResource,
} from '../../inventory/resources.ts'
import type { Act, ActRecord } from '../act.ts'
import { type Implementation, implement } from '../handle.ts'
import type { Services } from '../services.ts'

const { resources } = routes

export function resourceHandlers({ db, address }: Services): Implementation[] {
  return [
    implement(resources.list, ({ permit, query }) => listResources(db, permit, query, address)),
    implement(resources.show, ({ permit, params }) => showResource(db, permit, params.id, address)),
    implement(resources.create, ({ permit, body, transact }) =>
      transact(async (trx, act) => finish(act, await createResource(trx, permit, body, address), {})),
    ),
    implement(resources.update, ({ permit, params, body, revision, transact }) =>
      transact(async (trx, act) =>
        finish(act, await updateResource(trx, permit, params.id, body, revision, address), { changed: Object.keys(body) }),
      ),
    ),
    implement(resources.delete, ({ permit, params, revision, transact }) =>
      transact(async (trx, act) => {
        await deleteResource(trx, permit, params.id, revision)
        await act.record({ target: { kind: 'resource', id: params.id }, resource: params.id })
        act.change('resource', params.id)
        return undefined
      }),
    ),
  ]
}

/** The resource's own record, and one for each credential that an admin's word now lets go to its origin. */
async function finish(
  act: Act,
  { resource, widened }: ResourceMade,
  details: NonNullable<ActRecord['details']>,
): Promise<ResourceMade['resource']> {
  const { origin } = new URL(resource.upstream)
  await act.record({
    target: { kind: 'resource', id: resource.id },
    resource: resource.id,
    details: { ...details, origin, allow_private: resource.allow_private },
  })
  for (const credential of widened) {
    await act.record({
      action: 'credential.allow_origin',
      target: { kind: 'credential', id: credential },
      credential,
      resource: resource.id,
      details: { origin },
    })
    act.change('credential', credential)
  }
  act.change('resource', resource.id)
  return resource
}
