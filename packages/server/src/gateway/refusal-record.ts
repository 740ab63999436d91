import type { IncomingMessage } from 'node:http'
import type { GatewayErrorCode } from '@keyward/contract/gateway-errors'
import type { AuditRecord } from '../audit/record.ts'
import type { CallRecord } from './call-record.ts'
import type { VerifiedToken } from './seams.ts'
import type { Shared } from './shared.ts'

const userAgentCharsMax = 200

/** A refused call, with what was known of it by then: its record, or its token, or nothing. */
export interface RefusedCall {
  readonly id: string
  readonly request: IncomingMessage
  readonly record: CallRecord | undefined
  readonly token: VerifiedToken | undefined
}

/** Records a refusal; resolves when it is durable or is known not to become so (then it is in the log). Never rejects. */
export async function recordRefusal({ parts, noise }: Shared, call: RefusedCall, code: GatewayErrorCode): Promise<void> {
  const { id, request, record, token } = call
  const refused = {
    action: 'gateway.call',
    decision: 'refused',
    code,
    call: id,
    correlationId: id,
    personal: { ip: request.socket.remoteAddress, userAgent: request.headers['user-agent']?.slice(0, userAgentCharsMax) },
  } as const satisfies Partial<AuditRecord>
  try {
    if (record !== undefined) await parts.journal.record({ ...record, ...refused })
    else if (token !== undefined) {
      const { workload, grant } = token
      await parts.journal.record({ ...refused, actor: { kind: 'workload', id: workload }, workload, token: token.id, grant })
    } else await noise.record({ ...refused, actor: { kind: 'anonymous', id: null } })
  } catch (error) {
    parts.log.warn({ err: error, call: id, code }, 'a refusal could not be recorded')
  }
}
