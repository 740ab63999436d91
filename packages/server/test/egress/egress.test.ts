import { startFakeHttpApi } from '@keyward/testkit/http-api/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { guardedLookup } from '../../src/egress/connect.ts'
import { Egress } from '../../src/egress/egress.ts'
import { EgressBoundError, EgressRefused } from '../../src/egress/errors.ts'

type Fake = Awaited<ReturnType<typeof startFakeHttpApi>>
let fake: Fake
const egress = new Egress()

beforeAll(async () => {
  fake = await startFakeHttpApi()
})
afterAll(async () => {
  await egress.close()
  await fake.stop()
})

test('a loopback address is not dialled unless that is allowed, by number or by name', async () => {
  const seen = fake.log.entries.length
  await expect(egress.request({ url: `${fake.origin}/echo` })).rejects.toBeInstanceOf(EgressRefused)
  await expect(egress.request({ url: `http://localhost:${fake.port}/echo` })).rejects.toBeInstanceOf(EgressRefused)
  await expect(egress.request({ url: `http://[::ffff:127.0.0.1]:${fake.port}/echo` })).rejects.toBeInstanceOf(EgressRefused)
  await expect(egress.request({ url: `http://127.1:${fake.port}/echo` })).rejects.toBeInstanceOf(EgressRefused)
  expect(fake.log.entries.length).toBe(seen)
  expect((await egress.request({ url: `${fake.origin}/status/200`, allowPrivate: true })).status).toBe(401)
})

test('metadata addresses are not dialled even where private ones are allowed', async () => {
  await expect(egress.request({ url: 'http://169.254.169.254/latest/meta-data', allowPrivate: true })).rejects.toMatchObject({
    reason: 'forbidden_address',
  })
})

test('a loop through our own port is refused', async () => {
  const looping = new Egress({ ownPorts: () => [fake.port] })
  await expect(looping.request({ url: fake.origin, allowPrivate: true })).rejects.toMatchObject({ reason: 'own_address' })
  await looping.close()
})

test('a name is judged by what it resolves to when it is dialled', async () => {
  const lookup = guardedLookup({ allowPrivate: false, ownPorts: () => [] }, 80)
  const error = await new Promise((resolve) => lookup('localhost', {}, (why) => resolve(why)))
  expect(error).toBeInstanceOf(EgressRefused)
})

test('a redirect is an answer, not an order', async () => {
  fake.behaviours.next({ redirectTo: 'http://169.254.169.254/' })
  const answer = await egress.request({ url: `${fake.origin}/echo`, allowPrivate: true })
  expect(answer.status).toBe(307)
})

test('an answer is bounded in bytes and in time', async () => {
  fake.behaviours.next({ padBytes: 5_000 })
  await expect(egress.request({ url: `${fake.origin}/echo`, allowPrivate: true, bytesMax: 1_000 })).rejects.toBeInstanceOf(EgressBoundError)
  fake.behaviours.next({ hang: 'before_head' })
  await expect(egress.request({ url: `${fake.origin}/echo`, allowPrivate: true, timeoutMs: 50 })).rejects.toMatchObject({ bound: 'time' })
})

test('only http and https origins without user information have a pool', () => {
  for (const origin of ['ftp://example.com', 'file:///etc/passwd', 'http://user@example.com', 'nonsense'])
    expect(() => egress.upstream(origin, { allowPrivate: true })).toThrow(EgressRefused)
})
