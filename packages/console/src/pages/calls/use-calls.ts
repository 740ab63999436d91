import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useMay } from '../../api/me.ts'
import { type Filters, firstOf } from '../../api/queries.ts'
import { type Call, mergeCalls } from './call.ts'

const callsMax = 100

/** The newest calls that fit the filters, asked for again every `pollMs`; refusals are in them for those who may read the audit log. */
export function useCalls(filters: Filters, pollMs: number | false) {
  const mayReadAudit = useMay('audit:read')
  const { outcome, ...rest } = filters
  const settled = outcome === undefined || outcome === 'refused' || outcome === 'running' ? {} : { outcome }
  const usage = useQuery({
    ...firstOf('usage', { ...rest, ...settled, limit: callsMax }),
    refetchInterval: pollMs,
    placeholderData: keepPreviousData,
    enabled: outcome !== 'refused' || !mayReadAudit,
  })
  const audit = useQuery({
    ...firstOf('audit', { ...rest, action: 'gateway.call', limit: callsMax, ...(outcome === 'refused' ? { decision: 'refused' } : {}) }),
    refetchInterval: pollMs,
    placeholderData: keepPreviousData,
    enabled: mayReadAudit,
  })
  const entries = audit.data?.items
  const events = usage.data?.items
  const calls = useMemo<Call[] | undefined>(() => {
    if (entries === undefined && (events === undefined || mayReadAudit)) return undefined
    const all = mergeCalls(entries ?? [], outcome === 'refused' ? [] : (events ?? []))
    if (outcome === undefined) return all
    if (outcome === 'refused') return all.filter((call) => call.refused)
    if (outcome === 'running') return all.filter((call) => !call.refused && call.outcome === null)
    return all.filter((call) => call.outcome === outcome)
  }, [entries, events, mayReadAudit, outcome])
  return { calls, error: usage.error ?? audit.error, mayReadAudit, updatedAtMs: Math.max(usage.dataUpdatedAt, audit.dataUpdatedAt) }
}
