import type { AuditEntry, UsageEvent } from '@keyward/contract/records'

/** One call at the gateway, from its audit entry, its usage event, or both. */
export interface Call {
  readonly id: string
  readonly at: string
  readonly workload: string | null
  readonly grant: string | null
  readonly resource: string | null
  readonly model: string | null
  readonly operation: string | null
  readonly refused: boolean
  /** Why it was refused. */
  readonly code: string | null
  /** Null while it runs, and where it was refused. */
  readonly outcome: string | null
  readonly status: number | null
  readonly latencyMs: number | null
  readonly overheadMs: number | null
  readonly firstByteMs: number | null
  readonly costUsd: string | null
  readonly estimated: boolean
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly entry: AuditEntry | undefined
  readonly usage: UsageEvent | undefined
}

export function callOf(entry: AuditEntry | undefined, usage: UsageEvent | undefined): Call | undefined {
  const id = entry?.call ?? usage?.call ?? entry?.id
  const at = entry?.at ?? usage?.at
  if (id === undefined || at === undefined) return undefined
  return {
    id,
    at,
    workload: entry?.workload ?? usage?.workload ?? null,
    grant: entry?.grant ?? usage?.grant ?? null,
    resource: entry?.resource ?? usage?.resource ?? null,
    model: usage?.model ?? entry?.model ?? null,
    operation: usage?.operation ?? entry?.operation ?? null,
    refused: entry?.decision === 'refused' || entry?.decision === 'failed',
    code: entry?.code ?? null,
    outcome: usage?.outcome ?? entry?.outcome?.outcome ?? null,
    status: usage?.status ?? entry?.outcome?.status ?? null,
    latencyMs: usage?.latency_ms ?? entry?.outcome?.latency_ms ?? null,
    overheadMs: usage?.overhead_ms ?? null,
    firstByteMs: usage?.first_byte_ms ?? null,
    costUsd: usage?.cost_usd ?? entry?.outcome?.cost_usd ?? null,
    estimated: usage?.estimated ?? entry?.outcome?.estimated ?? false,
    inputTokens: usage?.input_tokens ?? entry?.outcome?.input_tokens ?? null,
    outputTokens: usage?.output_tokens ?? entry?.outcome?.output_tokens ?? null,
    entry,
    usage,
  }
}

/** Lays both lists together by the id of the call, newest first. */
export function mergeCalls(entries: readonly AuditEntry[], usage: readonly UsageEvent[]): Call[] {
  const byCall = new Map(usage.map((event) => [event.call, event]))
  const seen = new Set<string>()
  const calls: Call[] = []
  for (const entry of entries) {
    if (entry.call !== null) seen.add(entry.call)
    const call = callOf(entry, entry.call === null ? undefined : byCall.get(entry.call))
    if (call) calls.push(call)
  }
  for (const event of usage) {
    const call = seen.has(event.call) ? undefined : callOf(undefined, event)
    if (call) calls.push(call)
  }
  return calls.sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0))
}
