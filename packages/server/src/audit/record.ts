/** One decision or act, as the parts of the server tell it. Ids and closed words only: never content, never a secret. */
export interface AuditRecord {
  /** What was done or asked: `token.mint`, `credential.create`, `session.start` … Calls through the gateway are always `gateway.call`. */
  readonly action: string
  readonly decision: 'allowed' | 'refused' | 'done' | 'failed'
  /** Why it was refused: a code of contract/gateway-errors or contract/errors. */
  readonly code?: string | undefined
  readonly actor: { readonly kind: 'user' | 'workload' | 'system' | 'anonymous'; readonly id?: string | null | undefined }
  /** The person behind a workload that acts. */
  readonly onBehalfOf?: string | undefined
  readonly workload?: string | undefined
  readonly token?: string | undefined
  readonly grant?: string | undefined
  readonly credential?: string | undefined
  readonly version?: string | undefined
  readonly resource?: string | undefined
  readonly tenant?: string | undefined
  /** Team and environment of what it is about: by them a permit for a team or an environment sees the entry. */
  readonly team?: string | null | undefined
  readonly environment?: string | undefined
  readonly target?: { readonly kind: string; readonly id: string } | undefined
  readonly model?: string | undefined
  readonly operation?: string | undefined
  readonly effect?: 'consume' | 'modify' | 'spend' | undefined
  readonly call?: string | undefined
  readonly correlationId?: string | undefined
  /** What a person gave as the reason. */
  readonly reason?: string | undefined
  /** Small facts (numbers, ids, names of fields that changed). Bounded; what looks like a secret is masked. */
  readonly details?: Readonly<Record<string, unknown>> | undefined
  /** Goes into a table of its own, from which it can be erased. */
  readonly personal?:
    | { readonly user?: string | undefined; readonly ip?: string | undefined; readonly userAgent?: string | undefined }
    | undefined
}

/** The row as `write_audit` takes it: a JSON object with short names, absent where null. */
export interface AuditRow {
  readonly id: string
  readonly action: string
  readonly decision: string
  readonly code?: string | undefined
  readonly actor_kind: string
  readonly actor?: string | undefined
  readonly behalf?: string | undefined
  readonly workload?: string | undefined
  readonly token?: string | undefined
  readonly grant_id?: string | undefined
  readonly credential?: string | undefined
  readonly version?: string | undefined
  readonly resource?: string | undefined
  readonly tenant?: string | undefined
  readonly team?: string | undefined
  readonly environment?: string | undefined
  readonly target_kind?: string | undefined
  readonly target?: string | undefined
  readonly model?: string | undefined
  readonly operation?: string | undefined
  readonly effect?: string | undefined
  readonly call?: string | undefined
  readonly correlation?: string | undefined
  readonly reason?: string | undefined
  readonly details?: unknown
  readonly person?: string | undefined
  readonly ip?: string | undefined
  readonly agent?: string | undefined
}
