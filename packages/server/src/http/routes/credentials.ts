import { routes } from '@keyward/contract/routes'
import {
  addVersion,
  createCredential,
  deleteCredential,
  listCredentials,
  showCredential,
  teamOfOwner,
  updateCredential,
} from '../../inventory/credentials.ts'
import { revokeCredential } from '../../lifecycle/revoke-credential.ts'
import { type Implementation, implement } from '../handle.ts'
import { revocation } from '../revocation.ts'
import type { Services } from '../services.ts'

const { credentials } = routes

export function credentialHandlers(services: Services): Implementation[] {
  const { db, vault } = services
  return [
    implement(credentials.list, ({ permit, query }) => listCredentials(db, permit, query)),
    implement(credentials.show, ({ permit, params }) => showCredential(db, permit, params.id)),
    implement(credentials.create, ({ permit, body, transact }) =>
      transact(async (trx, act) => {
        const credential = await createCredential(trx, permit, body, vault)
        await act.record({
          ...about(credential),
          team: await teamOfOwner(trx, credential.owner),
          details: { secret: body.secret !== undefined },
        })
        act.change('credential', credential.id)
        return credential
      }),
    ),
    implement(credentials.update, ({ permit, params, body, revision, transact }) =>
      transact(async (trx, act) => {
        const credential = await updateCredential(trx, permit, params.id, body, revision)
        const details = {
          changed: Object.keys(body),
          ...(body.allowed_origins === undefined ? {} : { allowed_origins: credential.allowed_origins }),
        }
        await act.record({ ...about(credential), team: await teamOfOwner(trx, credential.owner), details })
        act.change('credential', credential.id)
        return credential
      }),
    ),
    implement(credentials.addVersion, ({ permit, params, body, transact }) =>
      transact(async (trx, act) => {
        const credential = await addVersion(trx, permit, params.id, body, vault)
        const version = credential.versions[0]?.id
        await act.record({ ...about(credential), team: await teamOfOwner(trx, credential.owner), version })
        act.change('credential', credential.id)
        return credential
      }),
    ),
    implement(credentials.delete, ({ permit, params, revision, transact }) =>
      transact(async (trx, act) => {
        await deleteCredential(trx, permit, params.id, revision)
        await act.record({ target: { kind: 'credential', id: params.id }, credential: params.id })
        act.change('credential', params.id)
        return undefined
      }),
    ),
    implement(credentials.revoke, (call) => revocation(services, revokeCredential, call)),
  ]
}

function about(credential: { readonly id: string; readonly environment: string }) {
  return { target: { kind: 'credential', id: credential.id }, credential: credential.id, environment: credential.environment }
}
