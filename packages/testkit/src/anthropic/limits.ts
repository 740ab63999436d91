import type { Caller } from '../fake/answer.ts'
import { type Project, windowLeftMs } from '../fake/keys.ts'

/** The headers that each answer of the API carries. */
export function platformHeaders(caller: Caller): Record<string, string> {
  return {
    'request-id': caller.requestId,
    'anthropic-organization-id': '00000000-fake-4000-8000-000000000000',
    'strict-transport-security': 'max-age=31536000; includeSubDomains; preload',
    via: '1.1 fake',
  }
}

/** What is left of the workspace's minute. */
export function rateHeaders(project: Project, nowMs: number): Record<string, string> {
  const reset = new Date(nowMs + windowLeftMs(project, nowMs)).toISOString()
  return {
    'anthropic-ratelimit-requests-limit': String(project.requestsPerMinuteMax),
    'anthropic-ratelimit-requests-remaining': String(Math.max(0, project.requestsPerMinuteMax - project.window.requests)),
    'anthropic-ratelimit-requests-reset': reset,
    'anthropic-ratelimit-tokens-limit': String(project.tokensPerMinuteMax),
    'anthropic-ratelimit-tokens-remaining': String(Math.max(0, project.tokensPerMinuteMax - project.window.tokens)),
    'anthropic-ratelimit-tokens-reset': reset,
  }
}
