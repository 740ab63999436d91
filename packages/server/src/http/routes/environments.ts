import { routes } from '@keyward/contract/routes'
import { createEnvironment, deleteEnvironment, listEnvironments } from '../../inventory/environments.ts'
import { type Implementation, implement } from '../handle.ts'
import type { Services } from '../services.ts'

const { environments } = routes

export function environmentHandlers({ db }: Services): Implementation[] {
  return [
    implement(environments.list, ({ permit, query }) => listEnvironments(db, permit, query)),
    implement(environments.create, ({ permit, body, transact }) =>
      transact(async (trx, act) => {
        const environment = await createEnvironment(trx, permit, body)
        await act.record({ target: { kind: 'environment', id: environment.name }, environment: environment.name })
        act.change('environment', environment.name)
        return environment
      }),
    ),
    implement(environments.delete, ({ permit, params, transact }) =>
      transact(async (trx, act) => {
        await deleteEnvironment(trx, permit, params.name)
        await act.record({ target: { kind: 'environment', id: params.name }, environment: params.name })
        act.change('environment', params.name)
        return undefined
      }),
    ),
  ]
}
