import type { Grant, GrantLimits, GrantScope } from '@keyward/contract/grants'
import type { AssuranceLevel } from '@keyward/contract/words'
import { fromLocal, toLocal } from '../../format/time.ts'

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
export type HttpMethod = (typeof methods)[number]

/** A grant as its form holds it. */
export interface GrantValues {
  readonly models: readonly string[]
  readonly operations: readonly string[]
  readonly methods: readonly HttpMethod[]
  readonly paths: readonly string[]
  readonly ttlMinutes: string
  readonly expires: string
  readonly requestsPerMinute: string
  readonly tokensPerMinute: string
  readonly concurrent: string
  readonly maxOutputTokens: string
  readonly otherLimits: GrantLimits
  readonly requireDpop: boolean
  readonly requireMtls: boolean
  /** Empty: any. */
  readonly minimumAssurance: AssuranceLevel | ''
  readonly delegates: readonly string[]
  readonly streamsOutlive: boolean
}

export const emptyGrant: GrantValues = {
  models: [],
  operations: [],
  methods: ['GET'],
  paths: [],
  ttlMinutes: '10',
  expires: '',
  requestsPerMinute: '',
  tokensPerMinute: '',
  concurrent: '',
  maxOutputTokens: '',
  otherLimits: {},
  requireDpop: false,
  requireMtls: false,
  minimumAssurance: '',
  delegates: [],
  streamsOutlive: false,
}

export function grantValues(grant: Grant): GrantValues {
  const { requests_per_minute, tokens_per_minute, concurrent, max_output_tokens, ...otherLimits } = grant.limits
  return {
    ...emptyGrant,
    ...('models' in grant.scope
      ? { models: grant.scope.models, operations: grant.scope.operations ?? [] }
      : { methods: grant.scope.methods, paths: grant.scope.paths }),
    ttlMinutes: String(grant.ttl_seconds / 60),
    expires: grant.expires_at === null ? '' : toLocal(grant.expires_at),
    requestsPerMinute: requests_per_minute?.toString() ?? '',
    tokensPerMinute: tokens_per_minute?.toString() ?? '',
    concurrent: concurrent?.toString() ?? '',
    maxOutputTokens: max_output_tokens?.toString() ?? '',
    otherLimits,
    requireDpop: grant.require_dpop,
    requireMtls: grant.require_mtls,
    minimumAssurance: grant.minimum_assurance ?? '',
    delegates: grant.delegates,
    streamsOutlive: grant.streams_outlive_token,
  }
}

export function scopeOf(values: GrantValues, kind: string): GrantScope {
  if (kind === 'http') return { methods: [...values.methods], paths: [...values.paths] }
  return { models: [...values.models], ...(values.operations.length === 0 ? {} : { operations: [...values.operations] }) }
}

export function limitsOf(values: GrantValues): GrantLimits {
  const number = (key: keyof GrantLimits, text: string) => (text === '' ? {} : { [key]: Number(text) })
  return {
    ...values.otherLimits,
    ...number('requests_per_minute', values.requestsPerMinute),
    ...number('tokens_per_minute', values.tokensPerMinute),
    ...number('concurrent', values.concurrent),
    ...number('max_output_tokens', values.maxOutputTokens),
  }
}

/** What creating and changing have in common. */
export function grantBody(values: GrantValues, kind: string) {
  return {
    scope: scopeOf(values, kind),
    limits: limitsOf(values),
    ttl_seconds: Math.round(Number(values.ttlMinutes) * 60),
    require_dpop: values.requireDpop,
    require_mtls: values.requireMtls,
    delegates: [...values.delegates],
    streams_outlive_token: values.streamsOutlive,
  }
}

export function endOf(values: GrantValues): string | undefined {
  return values.expires === '' ? undefined : fromLocal(values.expires)
}
