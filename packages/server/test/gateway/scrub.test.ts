import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Scrubber } from '../../src/gateway/scrub/scrubber.ts'

const secrets = ['sk-proj-FAKE-EXAMPLE-0123456789abcdef', 'FAKE/EXAMPLE+key=with"odd<characters>&é', 'FAKEkey8']

/** What serialisers make of a value; `before` moves base64 to another alignment. */
const forms: Record<string, (secret: string, before: string) => string> = {
  raw: (secret) => secret,
  json: (secret) => JSON.stringify(secret).slice(1, -1),
  'json with escaped slashes': (secret) => JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
  'json with every character escaped': (secret) =>
    [...Buffer.from(secret, 'latin1')].map((byte) => `\\u00${byte.toString(16).padStart(2, '0')}`).join(''),
  percent: (secret) => encodeURIComponent(secret).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
  'every byte percent-encoded': (secret) => Buffer.from(secret).toString('hex').replace(/../g, '%$&'),
  hex: (secret) => Buffer.from(secret).toString('hex'),
  'upper-case hex': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  base64: (secret, before) => Buffer.from(`${before}${secret}`).toString('base64'),
  base64url: (secret, before) => Buffer.from(`${before}${secret}and more`).toString('base64url'),
}

/** Runs bytes through a scrubber, cut where `cuts` say. */
function scrub(secret: string, bytes: Buffer, cuts: readonly number[]): string {
  const scrubber = new Scrubber(Buffer.from(secret))
  const out: Buffer[] = []
  let from = 0
  for (const cut of [...new Set(cuts)].filter((one) => one > 0 && one < bytes.length).sort((a, b) => a - b)) {
    out.push(scrubber.push(bytes.subarray(from, cut)))
    from = cut
  }
  out.push(scrubber.push(bytes.subarray(from)), scrubber.end())
  return Buffer.concat(out).toString('utf8')
}

for (const [name, form] of Object.entries(forms)) {
  test(`an echoed secret is taken out wherever the chunks are cut: ${name}`, () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...secrets.filter((secret) => !(name.startsWith('json with every') && /[^\x20-\x7e]/.test(secret)))),
        fc.constantFrom('', 'a', 'ab'),
        fc.string({ maxLength: 60 }),
        fc.array(fc.nat(400), { maxLength: 12 }),
        (secret, before, around, cuts) => {
          const echoed = form(secret, before)
          const clean = scrub(secret, Buffer.from(`${around}{"x":"${echoed}"}${around}`), cuts)
          expect(clean).toContain('[redacted by keyward]')
          expect(clean).not.toContain(echoed)
        },
      ),
      { numRuns: 200 },
    )
  })
}

test('what is no secret comes out byte for byte, wherever the chunks are cut', () => {
  const secret = 'sk-proj-FAKE-EXAMPLE-0123456789abcdef'
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(fc.string(), fc.constantFrom('sk-proj-FAKE', 'sk-', 's', '\\u0073', '%73%6b', 'c2stcHJvai1', secret.slice(0, -1))),
        { maxLength: 20 },
      ),
      fc.array(fc.nat(500), { maxLength: 12 }),
      (parts, cuts) => {
        const text = parts.join('\u0001')
        expect(scrub(secret, Buffer.from(text), cuts)).toBe(Buffer.from(text).toString('utf8'))
      },
    ),
  )
})

test('bytes that cannot begin a secret are not held back', () => {
  const scrubber = new Scrubber(Buffer.from('sk-proj-FAKE-EXAMPLE-0123456789abcdef'))
  const event = Buffer.from('data: {"delta":"hello"}\n\n')
  expect(scrubber.push(event)).toBe(event)
  expect(scrubber.push(Buffer.from('data: sk-pro')).toString()).toBe('data: ')
  expect(scrubber.push(Buffer.from('ud\n\n')).toString()).toBe('sk-proud\n\n')
})

test('a secret in a header is taken out of its value alone', () => {
  const scrubber = new Scrubber(Buffer.from('FAKE-EXAMPLE-secret'))
  const list = ['x-a', 'plain', 'x-b', 'Bearer FAKE-EXAMPLE-secret!', 'x-c', Buffer.from('FAKE-EXAMPLE-secret').toString('base64')]
  scrubber.headers(list)
  expect(list.slice(0, 4)).toEqual(['x-a', 'plain', 'x-b', 'Bearer [redacted by keyward]!'])
  expect(list[5]).toContain('[redacted by keyward]')
})
