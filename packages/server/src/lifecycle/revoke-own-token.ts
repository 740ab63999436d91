import { type RevocationParts, revoke } from './revocation.ts'
import { revokeToken } from './revoke-token.ts'

/** A workload ends a token of its own, and what was exchanged from it. Resolves when this node refuses it. @throws KeywardError `not-found` */
export async function revokeOwnToken(
  parts: RevocationParts,
  request: { readonly token: string; readonly workload: string; readonly reason: string; readonly correlationId: string },
): Promise<void> {
  await revoke(parts, revokeToken, {
    permit: { workload: request.workload },
    id: request.token,
    reason: request.reason,
    by: { actor: { kind: 'workload', id: request.workload }, correlationId: request.correlationId },
    receivedAtMs: parts.clock.monotonicMs(),
  })
}
