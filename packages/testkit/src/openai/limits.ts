import type { Call, Caller } from '../fake/answer.ts'
import { type Project, windowLeftMs } from '../fake/keys.ts'

/** The headers that each answer of the API carries. */
export function platformHeaders(caller: Caller): Record<string, string> {
  return {
    'x-request-id': caller.requestId,
    'openai-processing-ms': '7',
    'openai-version': '2020-10-01',
    ...(caller.key === null ? {} : { 'openai-organization': 'org-fake', 'openai-project': `proj_${caller.key.project.name}` }),
    'x-content-type-options': 'nosniff',
    'strict-transport-security': 'max-age=31536000; includeSubDomains; preload',
    'alt-svc': 'h3=":443"; ma=86400',
  }
}

/** What is left of the project's minute, as calls of a model tell it. */
export function rateHeaders(call: Call): Record<string, string> {
  return projectRateHeaders(call.key.project, call.clock.wallMs())
}

export function projectRateHeaders(project: Project, nowMs: number): Record<string, string> {
  const left = `${(windowLeftMs(project, nowMs) / 1000).toFixed(3)}s`
  return {
    'x-ratelimit-limit-requests': String(project.requestsPerMinuteMax),
    'x-ratelimit-limit-tokens': String(project.tokensPerMinuteMax),
    'x-ratelimit-remaining-requests': String(Math.max(0, project.requestsPerMinuteMax - project.window.requests)),
    'x-ratelimit-remaining-tokens': String(Math.max(0, project.tokensPerMinuteMax - project.window.tokens)),
    'x-ratelimit-reset-requests': left,
    'x-ratelimit-reset-tokens': left,
  }
}
