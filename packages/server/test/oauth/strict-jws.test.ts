import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasRepeatedMember, MalformedJws, readStrictJws } from '../../src/oauth/strict-jws.ts'

const part = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const compact = (header: unknown, payload: unknown) => `${part(header)}.${part(payload)}.${part('signature')}`

describe('a JWS is refused before its signature is looked at (RFC 8725)', () => {
  it.each([
    ['no signature', `${part({ alg: 'ES256' })}.${part({})}.`],
    ['two parts', `${part({ alg: 'ES256' })}.${part({})}`],
    ['alg none, section 3.2', compact({ alg: 'none' }, {})],
    ['alg missing', compact({}, {})],
    ['jku, section 3.10', compact({ alg: 'ES256', jku: 'http://127.0.0.1/keys' }, {})],
    ['x5u, section 3.10', compact({ alg: 'ES256', x5u: 'http://127.0.0.1/cert' }, {})],
    ['x5c', compact({ alg: 'ES256', x5c: ['x'] }, {})],
    ['an embedded key where none belongs', compact({ alg: 'ES256', jwk: { kty: 'EC' } }, {})],
    ['an unknown critical header', compact({ alg: 'ES256', crit: ['b64'], b64: false }, {})],
    ['compression', compact({ alg: 'ES256', zip: 'DEF' }, {})],
    ['a repeated member in the header', compact('{"alg":"ES256","alg":"none"}', {})],
    ['a repeated member in the payload', compact({ alg: 'ES256' }, '{"sub":"a","sub":"b"}')],
    ['a repeated member written with an escape', compact({ alg: 'ES256' }, '{"sub":"a","\\u0073ub":"b"}')],
    ['a payload that is no object', compact({ alg: 'ES256' }, '[1]')],
    ['a payload that is not UTF-8', `${part({ alg: 'ES256' })}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.${part('s')}`],
    ['base64url with padding', `${part({ alg: 'ES256' })}=.${part({})}.${part('s')}`],
    ['base64url with stray bits at its end', `${part({ alg: 'ES256' })}.${part({})}.QR`],
    ['more than 16 KiB', compact({ alg: 'ES256' }, { a: 'x'.repeat(20_000) })],
  ])('%s', (_name, jws) => {
    expect(() => readStrictJws(jws)).toThrow(MalformedJws)
  })

  it('and one that has nothing of this is read', () => {
    expect(readStrictJws(compact({ alg: 'ES256', typ: 'at+jwt' }, { sub: 'a', list: [{ a: 1 }, { a: 2 }] }))).toEqual({
      header: { alg: 'ES256', typ: 'at+jwt' },
      payload: { sub: 'a', list: [{ a: 1 }, { a: 2 }] },
    })
  })

  it('no input makes it fail in any other way', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.tuple(fc.json(), fc.json()).map(([a, b]) => compact(a, b)),
        ),
        (text) => {
          try {
            readStrictJws(text)
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedJws)
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('repeated members', () => {
  it('are found at any depth, and JSON without them has none', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(hasRepeatedMember(JSON.stringify(JSON.parse(text)))).toBe(false)
      }),
    )
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (name, value) => {
        const member = `${JSON.stringify(name)}:${JSON.stringify(value)}`
        expect(hasRepeatedMember(`{"outer":[{${member},"other-${name.length}":0,${member}}]}`)).toBe(true)
      }),
    )
  })
})
