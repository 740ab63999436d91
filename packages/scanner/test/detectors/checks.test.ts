import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { makeSecret } from '../../corpus/shapes.ts'
import { awsAccountOf, bedrockExpiry } from '../../src/checks/aws.ts'
import { base32, base32Number } from '../../src/checks/base32.ts'
import { checks } from '../../src/checks/checks.ts'
import { crc32Base36, crc32Base62 } from '../../src/checks/crc32.ts'
import { factsOf } from '../../src/checks/facts.ts'
import { tokenClaims } from '../../src/checks/jwt.ts'
import { basicPassword } from '../../src/checks/structured.ts'

const verdict = (check: string, secret: string) => {
  const run = checks[check]
  if (run === undefined) throw new Error(`no check ${check}`)
  return run(secret)
}

/** Fixtures that scanners publish, cut in two so that no scanner takes this file for a leak: all before the sum, and the sum. */
const published: readonly (readonly [check: string, head: string, sum: string])[] = [
  ['github-classic', 'ghp_sbUsUmRNn8X74dFU0DJ9Fm1mvdCgtH', '474T38'],
  ['github-classic', 'ghp_gOopU03DASjFw8k3jiy4uJWh1t46Sd', '0P4bh3'],
  ['github-classic', 'gho_vr0nUtGPA6FMaUb56n4uJwJAoWuVfV', '4OdycX'],
  ['github-classic', 'ghr_xgrrGzSbbGRL34Wp39JU9nxtN27Pr1v1He8FjE7x7wbExGGs7nfJszJDAmZuoKasxZ0KxJ', '1HSzgc'],
  ['github-fine-grained', 'github_pat_11AAYCBDQ0tjwxY3uiVv5v_lo8vfONwp06Vaq9ORB7pSxWM1UT5wSEuqxoxNv15mbAJT', 'NMO62SdeYHLyzV'],
  ['gitlab-routable', 'glpat-vSY1cyL948aAB440qB6L4zlu9OzsUmEV.01.0w', '0sfevch'],
  ['grafana-service-account', 'glsa_yscW25imSKJIuav8zF37RZmnbiDvB05G', '_fcaaf58a'],
]

describe('checksums', () => {
  test.each(published)('%s proves the published fixture %s…', (check, head, sum) => {
    expect(verdict(check, head + sum)).toBe('proved')
  })

  test.each(published)('%s refutes it with one character changed (%s…)', (check, head, sum) => {
    for (const at of [head.length - 9, head.length - 1]) {
      const changed = `${head.slice(0, at)}${head[at] === 'q' ? 'r' : 'q'}${head.slice(at + 1)}${sum}`
      expect(verdict(check, changed)).toBe('refuted')
    }
  })

  test('an installation token without a checksum is unknown, for some were issued without', () => {
    expect(verdict('github-classic', makeSecret('ghs_{a:36}', 'no sum'))).toBe('unknown')
    expect(verdict('github-classic', makeSecret('ghs_{a:36}', 'sum', { seal: 'github-classic' }))).toBe('proved')
  })

  test('the CRC-32 check value of the catalogue of CRCs, in base 62 and base 36', () => {
    expect(crc32Base36('123456789')).toBe((0xcbf43926).toString(36).padStart(7, '0'))
    const digits = [...crc32Base62('123456789')].map((digit) =>
      '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.indexOf(digit),
    )
    expect(digits.reduce((value, digit) => value * 62 + digit, 0)).toBe(0xcbf43926)
  })

  test('Keyward’s own tokens: every sealed one is proved, every one with a character changed refuted', () => {
    const letters = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz']
    const prefix = fc.constantFrom('kwu_', 'kwc_', 'kwl_', 'kws_', 'kwr_', 'kwa_', 'kwd_')
    const bodyOf = fc.array(fc.constantFrom(...letters), { minLength: 43, maxLength: 43 }).map((chars) => chars.join(''))
    fc.assert(
      fc.property(prefix, bodyOf, fc.nat(42), fc.constantFrom(...letters), (start, body, at, letter) => {
        const token = start + body + crc32Base62(start + body)
        expect(verdict('keyward', token)).toBe('proved')
        fc.pre(body[at] !== letter)
        expect(verdict('keyward', `${token.slice(0, at + 4)}${letter}${token.slice(at + 5)}`)).toBe('refuted')
      }),
    )
  })

  test('base 32 of RFC 4648 section 10', () => {
    expect(base32(Buffer.from('foobar'))).toBe('MZXW6YTBOI')
    expect(base32(Buffer.from('fooba'))).toBe('MZXW6YTB')
    expect(base32Number('MZXW6YTB')).toBe(BigInt(`0x${Buffer.from('fooba').toString('hex')}`))
    expect(base32Number('A1')).toBeUndefined()
  })
})

describe('structure', () => {
  test('the token of RFC 7515 appendix A.1 is decoded, and one that is no JSON refuted', () => {
    const token = [
      'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9',
      'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ',
      'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
    ].join('.')
    expect(tokenClaims(token)).toEqual({ algorithm: 'HS256', issuer: 'joe', expiresAt: 1300819380 })
    expect(verdict('jwt', token)).toBe('proved')
    expect(verdict('jwt', `eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0.${'a'.repeat(43)}`)).toBe('refuted')
    expect(factsOf('jwt-token', token)).toEqual({ issuer: 'joe', expiresAt: 1300819380 })
  })

  test('audience and scopes are read as one text or as a list', () => {
    const write = (claims: object) =>
      `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`
    expect(factsOf('jwt-token', write({ aud: 'a', scope: 'read write' }))).toEqual({ audience: ['a'], scopes: ['read', 'write'] })
    expect(factsOf('github-app-installation-token-stateless', `ghs_12_${write({ aud: ['a', 'b'], scp: ['x'] })}`)).toEqual({
      audience: ['a', 'b'],
      scopes: ['x'],
    })
    expect(factsOf('jwt-token', 'no token')).toEqual({})
  })

  const pairs = [
    ['RSA in PKCS#8', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs8' })],
    ['RSA in PKCS#1', () => generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'pem', type: 'pkcs1' })],
    ['P-256 in SEC 1', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'sec1' })],
    ['Ed25519 in PKCS#8', () => generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' })],
  ] as const
  test.each(pairs)('a real key, %s, is proved, also escaped and joined; cut off or made up it is refuted', (_, make) => {
    const text = make().toString().trim()
    expect(verdict('pem', text)).toBe('proved')
    expect(verdict('pem', text.replace(/\n/g, '\\n'))).toBe('proved')
    expect(verdict('pem', text.replace(/\n/g, '\r\n    '))).toBe('proved')
    expect(verdict('pem', text.replace(/\n(?=-)/, 'AAAA\n'))).toBe('refuted')
    const [head, ...lines] = text.split('\n')
    expect(verdict('pem', [head, lines[0]?.slice(0, 24), lines.at(-1)].join('\n'))).toBe('refuted')
  })

  test('OpenSSH’s container is known by its magic', () => {
    const armour = (body: Buffer) => `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----`
    expect(verdict('openssh', armour(Buffer.from('openssh-key-v1\0\0\0\0\x04none', 'latin1')))).toBe('proved')
    expect(verdict('openssh', armour(Buffer.from('some other bytes of that length')))).toBe('refuted')
  })

  test('the account in an AWS access key id, as published; older ids name none', () => {
    expect(awsAccountOf(['ASIAQNZGKIQY', '56JQ7WML'].join(''))).toBe('029608264753')
    expect(awsAccountOf(['AKIAIOSFODNN7', 'EXAMPLE'].join(''))).toBeUndefined()
    expect(factsOf('aws-access-key-id', ['ASIAQNZGKIQY', '56JQ7WML'].join(''))).toEqual({ account: '029608264753' })
  })

  test('Bedrock keys: what they hold, and when the short-lived one ends', () => {
    expect(verdict('bedrock-long-lived', makeSecret('{bedrock}', '1'))).toBe('proved')
    expect(verdict('bedrock-long-lived', `ABSK${Buffer.from('something else that is long enough').toString('base64')}`)).toBe('refuted')
    const short = makeSecret('{bedrock-url}', '1')
    expect(verdict('bedrock-short-lived', short)).toBe('proved')
    expect(bedrockExpiry(short)).toBe(Date.UTC(2026, 10, 23, 20, 0, 0) / 1000)
    expect(factsOf('aws-bedrock-short-lived-key', short)).toEqual({ expiresAt: Date.UTC(2026, 10, 23, 20, 0, 0) / 1000 })
  })

  test('Basic credentials (RFC 7617 section 2), Discord, Sentry, Groq', () => {
    expect(basicPassword(['QWxhZGRpbjpv', 'cGVuIHNlc2FtZQ=='].join(''))).toBe('open sesame')
    expect(verdict('basic-auth', Buffer.from('no colon in this text').toString('base64'))).toBe('refuted')
    expect(verdict('basic-auth', Buffer.from([0x61, 0x3a, 0xff, 0xfe, 0xfd, 0xfc]).toString('base64'))).toBe('refuted')
    expect(verdict('discord-bot', makeSecret('{snowflake}.{u:6}.{u:38}', '1'))).toBe('proved')
    expect(verdict('discord-bot', makeSecret('M{a:23}.{u:6}.{u:38}', '1'))).toBe('refuted')
    expect(verdict('sentry-organization', makeSecret('sntrys_{sentry-claims}_{b:43}', '1'))).toBe('proved')
    expect(verdict('sentry-organization', makeSecret('sntrys_eyJ{a:90}_{b:43}', '1'))).toBe('refuted')
    expect(verdict('groq', makeSecret('gsk_{a:20}WGdyb3FY{a:24}', '1'))).toBe('proved')
    expect(verdict('groq', makeSecret('gsk_{a:52}', '1'))).toBe('unknown')
  })
})

test('the halves of an OpenAI key are equal: of a known length proved, of another left open, unequal refuted', () => {
  for (const length of [74, 58, 20])
    expect(verdict('openai-halves', makeSecret(`sk-proj-{a:${length}}T3BlbkFJ{a:${length}}`, '1'))).toBe('proved')
  expect(verdict('openai-halves', makeSecret('sk-proj-{a:90}T3BlbkFJ{a:90}', '1'))).toBe('unknown')
  expect(verdict('openai-halves', makeSecret('sk-admin-{a:58}T3BlbkFJ{a:57}', '1'))).toBe('refuted')
})

test('no check throws or hangs on anything', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 400, size: 'max' }), (text) => {
      for (const run of Object.values(checks)) expect(['proved', 'refuted', 'unknown']).toContain(run(text))
    }),
  )
})
