import { routes } from '@keyward/contract/routes'
import { createOwner, deleteOwner, listOwners, showOwner, updateOwner } from '../../inventory/owners.ts'
import { type Implementation, implement } from '../handle.ts'
import type { Services } from '../services.ts'

const { owners, teams } = routes

export function ownerHandlers({ db }: Services): Implementation[] {
  return [
    implement(owners.list, ({ permit, query }) => listOwners(db, permit, query)),
    implement(teams.list, ({ permit, query }) => listOwners(db, permit, query, 'teams')),
    implement(owners.show, ({ permit, params }) => showOwner(db, permit, params.id)),
    implement(owners.create, ({ permit, body, transact }) =>
      transact(async (trx, act) => {
        const owner = await createOwner(trx, permit, body)
        await act.record({ target: { kind: 'owner', id: owner.id }, team: teamOf(owner), details: { kind: owner.kind } })
        act.change('owner', owner.id)
        return owner
      }),
    ),
    implement(owners.update, ({ permit, params, body, revision, transact }) =>
      transact(async (trx, act) => {
        const owner = await updateOwner(trx, permit, params.id, body, revision)
        await act.record({ target: { kind: 'owner', id: owner.id }, team: teamOf(owner), details: { changed: Object.keys(body) } })
        act.change('owner', owner.id)
        return owner
      }),
    ),
    implement(owners.delete, ({ permit, params, revision, transact }) =>
      transact(async (trx, act) => {
        await deleteOwner(trx, permit, params.id, revision)
        await act.record({ target: { kind: 'owner', id: params.id } })
        act.change('owner', params.id)
        return undefined
      }),
    ),
  ]
}

function teamOf(owner: { readonly id: string; readonly kind: string; readonly team: string | null }): string | null {
  return owner.kind === 'team' ? owner.id : owner.team
}
