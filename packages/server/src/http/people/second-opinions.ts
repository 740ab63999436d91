import { secondOpinionRoutes, settingRoutes } from '@keyward/contract/routes/providers'
import type { SecondOpinion } from '@keyward/contract/second-opinions'
import type { People } from '../../people/people.ts'
import type { Permit } from '../../people/permit.ts'
import { decideSecondOpinion, listSecondOpinions, showSecondOpinion } from '../../people/second-opinions.ts'
import { showSettings, updateSettings } from '../../people/settings.ts'
import { type Implementation, implement, type Transact } from '../handle.ts'

/** What waits for another admin, and the setting that makes it wait. */
export function secondOpinionHandlers(people: People): Implementation[] {
  return [
    implement(secondOpinionRoutes.list, ({ permit, query }) => listSecondOpinions(people.db, permit, query)),
    implement(secondOpinionRoutes.show, ({ permit, params }) => showSecondOpinion(people.db, permit, params.id)),
    implement(secondOpinionRoutes.approve, ({ permit, params, body, transact }) =>
      decide(transact, permit, params.id, { approved: true, reason: body.reason }),
    ),
    implement(secondOpinionRoutes.refuse, ({ permit, params, body, transact }) =>
      decide(transact, permit, params.id, { approved: false, reason: body.reason }),
    ),
    implement(settingRoutes.show, ({ permit }) => {
      permit.requireAll()
      return showSettings(people.db)
    }),
    implement(settingRoutes.update, ({ permit, body, transact }) =>
      transact(async (trx, act) => {
        permit.requireAll()
        const settings = await updateSettings(trx, body)
        await act.record({ details: { ...body } })
        return settings
      }),
    ),
  ]
}

function decide(
  transact: Transact<SecondOpinion>,
  permit: Permit<'second_opinion:decide'>,
  id: string,
  decision: { readonly approved: boolean; readonly reason?: string | undefined },
): Promise<SecondOpinion> {
  return transact(async (trx, act) => {
    const opinion = await decideSecondOpinion(trx, permit, id, decision)
    await act.record({
      target: { kind: 'second_opinion', id },
      reason: decision.reason,
      details: { approved: decision.approved, action: opinion.action, asked_by: opinion.asked_by.id },
    })
    return opinion
  })
}
