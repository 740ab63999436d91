import type { Revocation, Revoke } from '@keyward/contract/records'
import { type RevocationOf, revoke } from '../lifecycle/revocation.ts'
import type { Permit } from '../people/permit.ts'
import { actorOf } from './act.ts'
import type { RequestFacts } from './request-facts.ts'
import type { Services } from './services.ts'

/** The handler of every `…/revoke` route. */
export async function revocation<P extends Permit>(
  services: Services,
  of: NoInfer<RevocationOf<P>>,
  call: { readonly permit: P; readonly params: { readonly id: string }; readonly body: Revoke; readonly request: RequestFacts },
): Promise<Revocation> {
  return await revoke(services, of, {
    permit: call.permit,
    id: call.params.id,
    reason: call.body.reason,
    by: actorOf(call.request, call.permit.principal),
    receivedAtMs: call.request.receivedAtMs,
  })
}
