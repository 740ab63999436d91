import { expect, test } from 'vitest'
import { type Attempt, chargeOf } from '../../src/gateway/call-cost.ts'

const prepared: Attempt['prepared'] = {
  body: null,
  model: 'm',
  modelLists: [],
  amountNano: 1_000n,
  unbounded: null,
  inputTokensMax: 100,
  outputTokensMax: 50,
  outputTokensSet: undefined,
  stripUsage: false,
  quote: { worstCase: () => 1_000n, cost: () => 7n },
}
const usage = { inputTokens: 10, outputTokens: 5 }
const attempt = (more: Partial<Attempt>): Attempt => ({
  prepared,
  paid: true,
  sent: true,
  status: 200,
  whole: true,
  usage: undefined,
  ...more,
})
const nothing = { costNano: 0n, estimated: false }
const everything = { costNano: null, estimated: true }

test.each<[string, Partial<Attempt>, object]>([
  ['reported usage is priced', { usage }, { costNano: 7n, estimated: false }],
  ['reported usage is priced, whatever the end', { usage, whole: false, status: 500 }, { costNano: 7n, estimated: false }],
  ['more output than was allowed is no usage', { usage: { inputTokens: 10, outputTokens: 51 } }, everything],
  ['more input than was sent is no usage', { usage: { inputTokens: 60, cachedInputTokens: 41, outputTokens: 5 } }, everything],
  ['a whole answer without usage is unknown', {}, everything],
  ['what was not sent costs nothing', { sent: false, status: null }, nothing],
  ['what the provider does not charge costs nothing', { paid: false }, nothing],
  ['a refusal costs nothing', { status: 400 }, nothing],
  ['a throttle costs nothing', { status: 429 }, nothing],
  ['a refusal that broke off is unknown', { status: 400, whole: false }, everything],
  ['the provider failed by its own word', { status: 500 }, nothing],
  ['the provider is overloaded', { status: 529 }, nothing],
  ['somebody between lost the answer', { status: 502 }, everything],
  ['somebody between ran out of time', { status: 504 }, everything],
  ['no answer at all', { status: null, whole: false }, everything],
])('settling: %s', (_, more, expected) => {
  expect(chargeOf(attempt(more))).toMatchObject(expected)
})
