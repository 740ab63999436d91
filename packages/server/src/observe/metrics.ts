import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What `/metrics` tells (Prometheus text format). Labels are closed sets: never an id, a name or a path that a caller chose. */
export interface Metrics {
  readonly calls: Counter<'resource_kind' | 'outcome'>
  readonly refusals: Counter<'code'>
  readonly overheadSeconds: Histogram
  readonly inFlight: Gauge
  readonly deaf: Gauge
  readonly effectSeconds: Histogram
  readonly unsettled: Gauge
  readonly minted: Counter<'method' | 'result'>
  text(): Promise<string>
  readonly contentType: string
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    calls: new Counter({
      name: 'keyward_calls_total',
      help: 'Gateway calls that were let through, by how they ended',
      labelNames: ['resource_kind', 'outcome'],
      registers,
    }),
    refusals: new Counter({
      name: 'keyward_refusals_total',
      help: 'Gateway calls that were refused, by code',
      labelNames: ['code'],
      registers,
    }),
    overheadSeconds: new Histogram({
      name: 'keyward_overhead_seconds',
      help: 'Time from the arrival of a call until it was sent upstream',
      buckets: [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.1, 0.5],
      registers,
    }),
    inFlight: new Gauge({ name: 'keyward_calls_in_flight', help: 'Gateway calls in flight on this node', registers }),
    deaf: new Gauge({ name: 'keyward_deaf', help: '1 while this node cannot hear revocations and refuses everything', registers }),
    effectSeconds: new Histogram({
      name: 'keyward_revocation_effect_seconds',
      help: 'From the commit of a revocation until this node applied it',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
      registers,
    }),
    unsettled: new Gauge({
      name: 'keyward_outcomes_dropped',
      help: 'Outcomes of calls that this process could not write; the sweep charges what they held',
      registers,
    }),
    minted: new Counter({ name: 'keyward_tokens_total', help: 'Access tokens asked for', labelNames: ['method', 'result'], registers }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
