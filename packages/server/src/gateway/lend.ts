import { requireStanding, type UsableCredential } from './authorise.ts'
import type { Plan } from './plan.ts'
import { Refusal } from './refusal.ts'
import type { GatewayParts, OpenSecret } from './seams.ts'
import type { Shared } from './shared.ts'

/**
 * The credential to send: what is sent is what stands now, since the plan may have changed while the body came in or the record was written.
 * @throws Refusal `cut` where another credential or origin stands there now, or the refusal of what no longer stands
 */
export async function currentCredential(shared: Shared, plan: Plan, credential: UsableCredential): Promise<UsableCredential> {
  const known = shared.plans.get(plan.grant.id)
  const now = known instanceof Promise ? await known : known
  if (now === plan) return credential
  if (now === undefined) throw new Refusal('cut')
  const current = requireStanding(now, shared.parts.feed.nowMs())
  if (current.id !== plan.credential?.id || now.resource.origin !== plan.resource.origin) throw new Refusal('cut')
  return current
}

/** @throws Refusal `credential_unavailable`; why is in the log */
export async function openSecret({ vault, log }: GatewayParts, credential: UsableCredential): Promise<OpenSecret> {
  const bind = { purpose: 'credential', id: credential.id, version: credential.version.number } as const
  try {
    return vault.openCached?.(credential.version.sealed, bind) ?? (await vault.open(credential.version.sealed, bind))
  } catch (error) {
    log.error({ err: error, credential: credential.id, version: credential.version.id }, 'a secret could not be opened')
    throw new Refusal('credential_unavailable', 'Its secret could not be opened.')
  }
}
