import type { Issuer } from '@keyward/contract/issuers'
import { routes } from '@keyward/contract/routes'
import { assessRule, createIssuer, deleteIssuer, listIssuers, showIssuer, updateIssuer } from '../../inventory/issuers.ts'
import { reachedWorkloads } from '../../inventory/workloads.ts'
import { revokeIssuer } from '../../lifecycle/revoke-issuer.ts'
import { tryDraft } from '../../oauth/federation/try-draft.ts'
import { type Implementation, implement } from '../handle.ts'
import { revocation } from '../revocation.ts'
import type { Services } from '../services.ts'

const { issuers } = routes

export function issuerHandlers(services: Services): Implementation[] {
  const { db, address, trust } = services
  return [
    implement(issuers.list, ({ permit, query }) => listIssuers(db, permit, query)),
    implement(issuers.show, ({ permit, params }) => showIssuer(db, permit, params.id)),
    implement(issuers.create, ({ permit, body, transact }) =>
      transact(async (trx, act) => {
        const issuer = await createIssuer(trx, permit, body, address)
        await act.record({ target: { kind: 'issuer', id: issuer.id }, details: about(issuer) })
        act.change('issuer', issuer.id)
        return issuer
      }),
    ),
    implement(issuers.update, ({ permit, params, body, revision, transact }) =>
      transact(async (trx, act) => {
        const issuer = await updateIssuer(trx, permit, params.id, body, revision)
        await act.record({ target: { kind: 'issuer', id: issuer.id }, details: { ...about(issuer), changed: Object.keys(body) } })
        act.change('issuer', issuer.id)
        return issuer
      }),
    ),
    implement(issuers.delete, ({ permit, params, revision, transact }) =>
      transact(async (trx, act) => {
        await deleteIssuer(trx, permit, params.id, revision)
        await act.record({ target: { kind: 'issuer', id: params.id } })
        act.change('issuer', params.id)
        return undefined
      }),
    ),
    implement(issuers.revoke, (call) => revocation(services, revokeIssuer, call)),
    implement(issuers.try, async ({ permit, body, transact }) => {
      const tried = await trust.tryOut(body, (ids) => reachedWorkloads(db, permit, ids))
      const draft = body.rule === undefined ? undefined : await tryDraft(db, address.origin, body.rule, tried)
      const result = draft === undefined ? tried : { ...tried, draft }
      // What was pasted is a secret, and its claims are somebody's: that it was tried is on record, and nothing of it.
      return await transact(async (_trx, act) => {
        await act.record({ details: { issuer: result.issuer, signature: result.signature, mints: result.would_mint !== null } })
        return result
      })
    }),
    implement(issuers.assess, async ({ permit, params, body, transact }) => {
      const assessment = await assessRule(db, permit, params.id, body.claims)
      return await transact(async (_trx, act) => {
        const { refused, warnings } = assessment
        await act.record({ target: { kind: 'issuer', id: params.id }, details: { refused: refused.length, warnings: warnings.length } })
        return assessment
      })
    }),
  ]
}

function about({ kind, issuer, keys_from, allow_private, attests }: Issuer) {
  return { kind, issuer, keys_from: keys_from.type, allow_private, attests }
}
