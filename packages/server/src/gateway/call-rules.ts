import { limits } from '@keyward/contract/limits'
import { type AnswerReader, JsonReader, noReader, StreamReader } from './answer-reader.ts'
import type { Protocol } from './error-shape.ts'
import type { Plan } from './plan.ts'
import { type Act, outputTokensDefault, type Prepared } from './prepare.ts'
import { Refusal } from './refusal.ts'

/** Whose error shape the callers of a resource expect. */
export function protocolOfPlan(plan: Plan): Protocol {
  if (plan.resource.kind !== 'llm') return 'http'
  return plan.resource.provider === 'anthropic' ? 'anthropic' : 'openai'
}

/** How long a call may take as a whole. */
export function callSeconds(plan: Plan): number {
  return plan.resource.limits.call_seconds ?? limits.callSecondsDefault
}

/** For tokens a minute: what is not bounded counts as a long answer until the settle knows better. */
export function tokensOf(act: Act, prepared: Prepared): number {
  if (act.llm === undefined || act.llm.operation.cost === 'free') return 0
  return (prepared.inputTokensMax ?? prepared.body?.length ?? 0) + (prepared.outputTokensMax ?? outputTokensDefault)
}

/** What has to be read in an answer while it goes by. */
export function readerOf(act: Act, contentType: string, strip: boolean): AnswerReader {
  if (act.llm === undefined || act.llm.operation.cost === 'free') return noReader
  if (isEventStream(contentType)) return new StreamReader(act.llm.protocol, strip)
  return contentType.includes('json') ? new JsonReader(act.llm.protocol) : noReader
}

/** Answers that do not go through: redirects (they would take the credential elsewhere, or tell where we are) and our own credential's refusal. */
export function refusedStatus(status: number): Refusal | undefined {
  if (status >= 300 && status < 400 && status !== 304) return new Refusal('upstream_refused', `It answered ${status}.`)
  if (status === 401 || status === 407) return new Refusal('credential_unavailable', 'The upstream did not accept it.')
  return undefined
}

/** Server-sent events. */
export function isEventStream(contentType: string): boolean {
  return /^text\/event-stream(?:\s*;|$)/i.test(contentType)
}
