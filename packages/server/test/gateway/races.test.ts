import { connect } from 'node:net'
import type { Fake } from '@keyward/testkit/fake/server'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Plan } from '../../src/gateway/plan.ts'
import type { Verdict } from '../../src/policy/call.ts'
import { raw } from './raw.ts'
import { smallToken, startSmallGateway } from './small-gateway.ts'

let openai: Fake
let small: Awaited<ReturnType<typeof startSmallGateway>>

beforeEach(async () => {
  openai = await startFakeOpenai()
  small = await startSmallGateway(openai.origin, fakeOpenaiKey)
})
afterEach(async () => {
  await small.stop()
  await openai.stop()
})

const body = (stream: boolean) => JSON.stringify({ model: 'gpt-4o', stream, messages: [{ role: 'user', content: 'hello' }] })
const post = (stream = false, rest: object = {}) =>
  raw(`${small.base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${smallToken}` },
    body: body(stream),
    ...rest,
  })
const admitted: Verdict = { admitted: true, budgeted: false, held: false, at: new Date(0) }
const slow = () => openai.behaviours.always({ reply: 'lend '.repeat(2_000), pieceBytes: 200, pieceDelayMs: 10 })

test('nothing goes upstream before the admission has answered, and nothing at all where it refuses', async () => {
  const gate = Promise.withResolvers<Verdict>()
  small.state.admit = () => gate.promise
  const answer = post()
  await expect.poll(() => small.state.intents.length).toBe(1)
  expect(openai.log.entries.length).toBe(0)
  gate.resolve({ admitted: false, code: 'not_recorded' })
  expect((await answer).headers['keyward-error']).toBe('not_recorded')
  expect(openai.log.entries.length).toBe(0)
  expect(small.state.outcomes).toEqual([])
})

test.each(['tok_1', 'grt_1', 'wl_1', 'cred_1'])(
  'a revocation that comes while the call waits for its record stops it: %s',
  async (subject) => {
    const gate = Promise.withResolvers<Verdict>()
    small.state.admit = () => gate.promise
    const answer = post()
    await expect.poll(() => small.state.intents.length).toBe(1)
    small.tell({ op: 'revoked', kind: 'grant', subject })
    expect((await answer).headers['keyward-error']).toBe('cut')
    gate.resolve(admitted)
    await expect.poll(() => small.state.outcomes.length).toBe(1)
    expect(small.state.outcomes[0]).toMatchObject({ outcome: 'cut', costNano: 0n, estimated: false })
    expect(openai.log.entries.length).toBe(0)
  },
)

test('a revocation that comes while the secret is opened stops the call', async () => {
  const gate = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  small.state.opening = () => {
    reached.resolve()
    return gate.promise
  }
  const answer = post()
  await reached.promise
  small.tell({ op: 'revoked', kind: 'credential', subject: 'cred_1' })
  gate.resolve()
  expect((await answer).headers['keyward-error']).toBe('cut')
  expect(openai.log.entries.length).toBe(0)
  expect(small.state.outcomes).toMatchObject([{ outcome: 'cut', costNano: 0n }])
})

test('what is sent is what stands when it is sent: a version that was replaced meanwhile is not used', async () => {
  const gate = Promise.withResolvers<Verdict>()
  small.state.admit = () => gate.promise
  const answer = post()
  await expect.poll(() => small.state.intents.length).toBe(1)
  const { credential } = small.state.plan
  if (credential?.version) {
    const version = { ...credential.version, id: 'ver_2', number: 2 }
    small.state.plan = { ...small.state.plan, credential: { ...credential, version } } as Plan
  }
  small.tell({ op: 'changed', kind: 'credential', subject: 'cred_1' })
  gate.resolve(admitted)
  expect((await answer).status).toBe(200)
  expect(small.state.outcomes[0]?.version).toBe('ver_2')
})

test('a client that leaves while its call waits for the record costs nothing', async () => {
  const gate = Promise.withResolvers<Verdict>()
  small.state.admit = () => gate.promise
  const leave = new AbortController()
  const answer = post(false, { signal: leave.signal })
  answer.catch(() => undefined)
  await expect.poll(() => small.state.intents.length).toBe(1)
  leave.abort()
  await expect.poll(() => small.gateway.inFlight).toBe(0)
  gate.resolve(admitted)
  await expect.poll(() => small.state.outcomes.length).toBe(1)
  expect(small.state.outcomes[0]).toMatchObject({ outcome: 'client_abort', costNano: 0n })
  expect(openai.log.entries.length).toBe(0)
})

test('a node that can not hear refuses everything and cuts what runs', async () => {
  slow()
  const answer = await post(true, { onData: () => small.setDeaf(true) })
  expect(answer.text).toContain('"code":"node_deaf"')
  const seen = openai.log.entries.length
  const next = await post()
  expect(next.status).toBe(503)
  expect(next.headers['keyward-error']).toBe('node_deaf')
  expect(openai.log.entries.length).toBe(seen)
  expect(small.state.outcomes).toMatchObject([{ outcome: 'cut' }])
})

test('a stream ends with its token', async () => {
  slow()
  const answer = await post(true, {
    onData: () => {
      small.state.nowMs = 2_000_000
    },
  })
  expect(answer.text).toContain('"code":"token_ended"')
})

test('a stream outlives its token where the grant says so, but not its grant', async () => {
  openai.behaviours.always({ reply: 'lend '.repeat(30), pieceBytes: 400, pieceDelayMs: 20 })
  const { grant } = small.state.plan
  small.state.plan = { ...small.state.plan, grant: { ...grant, streamsOutliveToken: true, expiresAtMs: 3_000_000 } }
  const at = (nowMs: number) => ({
    onData: () => {
      small.state.nowMs = nowMs
    },
  })
  expect((await post(true, at(2_500_000))).text).toContain('[DONE]')
  small.state.nowMs = 1_000_000
  slow()
  expect((await post(true, at(3_000_000))).text).toContain('"code":"token_ended"')
})

test('more calls than a node can run are refused at once', async () => {
  openai.behaviours.always({ hang: 'before_head' })
  const stuck = Array.from({ length: 5 }, () => post())
  for (const one of stuck) one.catch(() => undefined)
  await expect.poll(() => small.gateway.inFlight).toBe(5)
  const refused = await post()
  expect(refused.status).toBe(503)
  expect(refused.headers).toMatchObject({ 'keyward-error': 'overloaded', 'retry-after': '1' })
})

test('a stop lets running calls end, takes no new ones, and cuts what outlasts its time', async () => {
  openai.behaviours.always({ firstByteDelayMs: 300 })
  const running = post()
  await openai.log.until((entries) => entries.length === 1)
  const drained = small.gateway.drain(5_000)
  expect((await post()).headers['keyward-error']).toBe('overloaded')
  expect((await running).status).toBe(200)
  await drained
  expect(small.state.outcomes).toMatchObject([{ outcome: 'ok' }])
})

test('a stop waits for the record of a call that it cut, or whose client left, and settles it: nothing is settled after it', async () => {
  const gates: PromiseWithResolvers<Verdict>[] = []
  small.state.admit = () => {
    const gate = Promise.withResolvers<Verdict>()
    gates.push(gate)
    return gate.promise
  }
  const leave = new AbortController()
  const left = post(false, { signal: leave.signal }).catch(() => undefined)
  const cut = post()
  await expect.poll(() => gates.length).toBe(2)
  leave.abort()
  await left
  await expect.poll(() => small.gateway.inFlight).toBe(1)
  let stopped = false
  const drained = small.gateway.drain(0).then(() => {
    stopped = true
  })
  expect((await cut).headers['keyward-error']).toBe('overloaded')
  expect(stopped).toBe(false)
  for (const gate of gates) gate.resolve(admitted)
  await drained
  expect(small.state.outcomes.map((one) => one.outcome).toSorted()).toEqual(['client_abort', 'cut'])
  expect(openai.log.entries.length).toBe(0)
})

test('a call that has been through this Keyward already is refused', async () => {
  const answer = await raw(`${small.base}/v1/models`, { headers: { authorization: `Bearer ${smallToken}`, via: '1.1 ins_small' } })
  expect(answer.status).toBe(508)
})

test('an answer is taken only as fast as the client takes it', async () => {
  openai.behaviours.always({ padBytes: 64_000_000 })
  const { port } = new URL(small.base)
  const socket = connect(Number(port), '127.0.0.1')
  const begun = new Promise((resolve) => socket.once('data', resolve))
  const text = body(false)
  socket.write(
    `POST /g/openai/v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${smallToken}\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
  )
  await begun
  socket.pause()
  let before = -1
  // It stops by itself once every buffer on the way is full: far below what there is to send.
  await expect
    .poll(
      () => {
        const now = process.memoryUsage().external
        const still = Math.abs(now - before) < 100_000
        before = now
        return still
      },
      { interval: 300, timeout: 10_000 },
    )
    .toBe(true)
  expect(openai.log.entries[0]?.outcome).toBe('open')
  socket.destroy()
  await expect.poll(() => small.gateway.inFlight, { timeout: 15_000 }).toBe(0)
  expect(small.state.outcomes).toMatchObject([{ outcome: 'client_abort' }])
})

test('callers whom nobody knows can not fill the log: beyond a rate they are counted', async () => {
  const answers = await Promise.all(Array.from({ length: 60 }, () => raw(`${small.base}/v1/models`)))
  expect(answers.every((answer) => answer.status === 401 || answer.status === 503)).toBe(true)
  const unauthenticated = answers.filter((answer) => answer.status === 401).length
  await small.gateway.drain(1_000)
  const counted = small.state.refusals.reduce(
    (sum, record) => sum + (typeof record.details?.count === 'number' ? record.details.count : 1),
    0,
  )
  expect(counted).toBe(unauthenticated)
  expect(small.state.refusals.length).toBeLessThanOrEqual(42)
})
