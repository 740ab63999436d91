import assert from 'node:assert'
import { Session } from 'node:inspector/promises'
import { Writable } from 'node:stream'
import { format, inspect } from 'node:util'
import { getHeapSnapshot, serialize } from 'node:v8'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import pino from 'pino'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/vault/secret.ts'

const plain = 'sk-FAKE-0123456789-not-a-real-key'
const secret = Secret.of(plain)

describe('a secret prints as nothing', () => {
  const ways: Record<string, () => unknown> = {
    'template string': () => `${secret}`,
    concatenation: () => `a${String(secret)}`,
    'String()': () => String(secret),
    JSON: () => JSON.stringify({ secret, list: [secret] }),
    inspect: () => inspect(secret, { depth: 10, showHidden: true, showProxy: true, getters: true }),
    'inspect without custom functions': () => inspect({ secret }, { customInspect: false, showHidden: true, depth: 10, getters: true }),
    format: () => format('%s %o %O %j %d %i', secret, secret, secret, secret, secret, secret),
    spread: () => inspect({ ...secret }),
    entries: () => inspect([Object.entries(secret), Reflect.ownKeys(secret), Object.getOwnPropertyDescriptors(secret)]),
    'own enumeration': () => {
      const seen: unknown[] = []
      for (const key in secret) seen.push(key)
      return inspect(seen)
    },
    valueOf: () => String(secret.valueOf()),
    toLocaleString: () => secret.toLocaleString(),
    'structured clone': () => inspect(structuredClone({ secret }), { customInspect: false, showHidden: true }),
    'v8 serialisation': () => serialize({ secret }).toString('latin1'),
    'message between threads': () => {
      const { port1, port2 } = new MessageChannel()
      port1.postMessage({ secret })
      const message = receiveMessageOnPort(port2)
      port1.close()
      return inspect(message, { customInspect: false, showHidden: true })
    },
    'error message': () => inspect(new Error(`failed with ${secret}`, { cause: secret })),
    'assertion message': () => {
      try {
        assert.deepStrictEqual({ secret }, { secret: 'x' })
      } catch (error) {
        return inspect(error)
      }
      return expect.unreachable()
    },
    'assertion of two secrets': () => {
      try {
        assert.strictEqual(secret, Secret.of('another'))
      } catch (error) {
        return inspect(error)
      }
      return expect.unreachable()
    },
    'URL parameters': () => new URLSearchParams({ key: secret as unknown as string }).toString(),
    pino: () => {
      let out = ''
      const sink = new Writable({
        write(chunk, _encoding, done) {
          out += String(chunk)
          done()
        },
      })
      pino({}, sink).info({ secret, error: new Error('x', { cause: secret }) }, 'saw %s %o', secret, secret)
      return out
    },
  }

  for (const [way, print] of Object.entries(ways)) {
    test(way, () => {
      const printed = String(print())
      expect(printed.length).toBeGreaterThan(0)
      expect(printed).not.toContain('0123456789')
      expect(printed).not.toContain(Buffer.from(plain).toString('hex').slice(8, 40))
      expect(printed).not.toContain(Buffer.from(plain).toString('base64').slice(4, 20))
      expect(printed).not.toMatch(/115, ?107, ?45/)
    })
  }

  test('an attached inspector sees no value in previews or properties', async () => {
    const session = new Session()
    session.connect()
    try {
      ;(globalThis as { inspected?: unknown }).inspected = { secret }
      const evaluated = await session.post('Runtime.evaluate', { expression: 'inspected.secret', generatePreview: true })
      const properties = await session.post('Runtime.getProperties', { objectId: String(evaluated.result.objectId), generatePreview: true })
      const seen = JSON.stringify([evaluated, properties])
      expect(seen).not.toContain('0123456789')
      expect(seen).not.toContain('"value":"115"')
    } finally {
      delete (globalThis as { inspected?: unknown }).inspected
      session.disconnect()
    }
  })

  test('its value is not in a heap snapshot, because the bytes are outside the heap', async () => {
    const bytes = Buffer.alloc(48)
    for (let i = 0; i < bytes.length; i++) bytes[i] = 97 + ((i * 7 + 3) % 26)
    const needle = Buffer.from(bytes)
    const held = Secret.taking(bytes)
    const control = Buffer.from(needle.map((byte) => byte - 32))
    const onHeap = control.toString('latin1')
    let tail = Buffer.alloc(0)
    let found = false
    let foundControl = false
    for await (const chunk of getHeapSnapshot()) {
      const part = Buffer.concat([tail, chunk as Buffer])
      if (part.includes(needle)) found = true
      if (part.includes(control)) foundControl = true
      tail = part.subarray(-needle.length)
    }
    expect(held.lengthBytes).toBe(48)
    expect(onHeap).toHaveLength(48)
    expect(foundControl).toBe(true)
    expect(found).toBe(false)
  })
})

describe('the value', () => {
  test('is given by reveal and revealBytes only', () => {
    expect(secret.reveal()).toBe(plain)
    expect(secret.revealBytes()).toEqual(Buffer.from(plain))
    expect(secret.lengthBytes).toBe(plain.length)
  })

  test('is a copy both ways: changing what went in or came out changes nothing', () => {
    const bytes = Buffer.from('FAKE-EXAMPLE')
    const held = Secret.of(bytes)
    bytes.fill(0)
    held.revealBytes().fill(0)
    expect(held.reveal()).toBe('FAKE-EXAMPLE')
  })

  test('taking over bytes leaves no copy of them: the caller’s are zeroed at once, or with the secret', () => {
    const pooled = Buffer.from('FAKE-EXAMPLE')
    expect(Secret.taking(pooled).reveal()).toBe('FAKE-EXAMPLE')
    expect(pooled.equals(Buffer.alloc(12))).toBe(true)
    const whole = Buffer.alloc(12, 'FAKE-EXAMPLE')
    const held = Secret.taking(whole)
    expect(held.reveal()).toBe('FAKE-EXAMPLE')
    held.destroy()
    expect(whole.equals(Buffer.alloc(12))).toBe(true)
  })

  test('survives bytes that are no UTF-8, and text beyond ASCII', () => {
    expect(Secret.of(Buffer.from([0xff, 0, 0xfe])).revealBytes()).toEqual(Buffer.from([0xff, 0, 0xfe]))
    expect(Secret.of('schlüssel-ключ-🔑').reveal()).toBe('schlüssel-ключ-🔑')
  })

  test('compares by value, also where lengths differ', () => {
    expect(secret.equals(Secret.of(plain))).toBe(true)
    expect(secret.equals(Secret.of(`${plain}x`))).toBe(false)
    expect(secret.equals(Secret.of(''))).toBe(false)
  })

  test('is gone after destroy, and using it then is an error that does not tell it', () => {
    const held = Secret.of('FAKE-EXAMPLE')
    let inside: Uint8Array = new Uint8Array()
    held.useBytes((bytes) => {
      inside = bytes
    })
    held.destroy()
    held.destroy()
    expect(Buffer.from(inside).equals(Buffer.alloc(12))).toBe(true)
    expect(held.destroyed).toBe(true)
    expect(() => held.reveal()).toThrow(/destroyed/)
    expect(() => held.equals(secret)).toThrow(/destroyed/)
  })
})
