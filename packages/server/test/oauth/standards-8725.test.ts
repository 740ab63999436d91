import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  accessTokenType,
  b64,
  exchangeGrant,
  expectError,
  newKey,
  nowSeconds,
  type Standards,
  signedText,
  startStandards,
} from './standards-service.ts'

/*
 * RFC 8725, the whole list, for the three kinds of JWT that the token service reads from its own estate: client assertions, proofs and our own
 * access tokens. Tokens of foreign issuers are in tests/attacks/federation.test.ts.
 */

let at: Standards
beforeAll(async () => {
  at = await startStandards()
})
afterAll(() => at?.stop())

interface Kind {
  readonly name: string
  /** A header and claims that would count. */
  parts(): { header: Record<string, unknown>; claims: Record<string, unknown> }
  /** The right signature over these texts. */
  seal(header: string, claims: string): string
  /** Sends it; true where it counted. Where it does not, the answer is the spec's error. */
  counts(jwt: string): Promise<boolean>
}

const kinds: readonly Kind[] = [
  {
    name: 'a client assertion',
    parts: () => ({
      header: { alg: 'ES256' },
      claims: { iss: at.workload, sub: at.workload, aud: at.service.issuer, exp: nowSeconds() + 60, jti: crypto.randomUUID() },
    }),
    seal: (header, claims) => signedText(header, claims, at.pair.privateKey),
    counts: async (jwt) => {
      const answer = await at.token(at.withAssertion(jwt))
      if (answer.status !== 200) expectError(answer, 401, 'invalid_client')
      return answer.status === 200
    },
  },
  {
    name: 'a proof',
    parts: () => ({
      header: { alg: 'ES256', typ: 'dpop+jwt', jwk: at.pair.publicKey.export({ format: 'jwk' }) },
      claims: {
        jti: crypto.randomUUID(),
        htm: 'POST',
        htu: at.url('/oauth2/token'),
        iat: nowSeconds(),
        nonce: at.service.verifier.proofs.nonce(),
      },
    }),
    seal: (header, claims) => signedText(header, claims, at.pair.privateKey),
    counts: async (jwt) => {
      const answer = await at.token({ grant_type: 'client_credentials' }, { ...at.basic(), dpop: jwt })
      // A head that large goes no further than the HTTP server.
      if (answer.status === 431) return false
      if (answer.status !== 200) expectError(answer, 400, 'invalid_dpop_proof')
      return answer.status === 200
    },
  },
  {
    name: 'an access token',
    parts: () => ({ header: { alg: 'ES256', typ: 'at+jwt', kid: at.service.keys.signer('ES256').kid }, claims: { ...tokenClaims } }),
    seal: (header, claims) => signedText(header, claims, at.service.keys.signer('ES256').key),
    counts: async (jwt) => {
      const told = await at.introspect(jwt)
      const handedOn = await at.token({ grant_type: exchangeGrant, subject_token: jwt, subject_token_type: accessTokenType }, at.basic())
      expect(handedOn.status === 200).toBe(told.body.active)
      if (told.body.active !== true) {
        expect([told.status, told.text]).toEqual([200, '{"active":false}'])
        expectError(handedOn, 400, 'invalid_request')
      }
      return told.body.active === true
    },
  },
]

let tokenClaims: Record<string, unknown>
beforeAll(async () => {
  tokenClaims = JSON.parse(Buffer.from((await at.mint()).split('.')[1] ?? '', 'base64url').toString())
})

const json = JSON.stringify
const loose = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

describe.each(kinds.map((kind) => ({ kind, name: kind.name })))('RFC 8725: $name', ({ kind }) => {
  const sealed = (header: Record<string, unknown> = {}, claims: Record<string, unknown> = {}) => {
    const parts = kind.parts()
    return kind.seal(json({ ...parts.header, ...header }), json({ ...parts.claims, ...claims }))
  }
  const withSignature = (header: Record<string, unknown>, make: (input: string) => string) => {
    const parts = kind.parts()
    const input = `${b64({ ...parts.header, ...header })}.${b64(parts.claims)}`
    return `${input}.${make(input)}`
  }
  const refused = async (jwts: readonly string[]) => {
    for (const jwt of jwts) expect([jwt.slice(0, 300), await kind.counts(jwt)]).toEqual([jwt.slice(0, 300), false])
    // What is refused is refused for that reason alone: the same without it counts.
    expect(await kind.counts(sealed())).toBe(true)
  }

  test('3.1: the algorithm is ours to choose: a MAC with the public key, another algorithm of the key, and names that mean nothing are refused', async () => {
    const mac = (key: string | Buffer, digest: string) => (input: string) => createHmac(digest, key).update(input).digest('base64url')
    const pem = at.pair.publicKey.export({ format: 'pem', type: 'spki' }).toString()
    const der = at.pair.publicKey.export({ format: 'der', type: 'spki' })
    const asRsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
    await refused([
      withSignature({ alg: 'HS256' }, mac(pem, 'sha256')),
      withSignature({ alg: 'HS256' }, mac(der, 'sha256')),
      withSignature({ alg: 'HS512' }, mac(pem, 'sha512')),
      withSignature({ alg: 'HS256' }, mac('', 'sha256')),
      withSignature({ alg: 'RS256' }, (input) => sign('sha256', Buffer.from(input), asRsa.privateKey).toString('base64url')),
      withSignature({}, (input) => sign('sha256', Buffer.from(input), asRsa.privateKey).toString('base64url')),
      withSignature({}, (input) => sign('sha256', Buffer.from(input), newKey().privateKey).toString('base64url')),
      sealed({ alg: 'ES384' }),
      sealed({ alg: 'ES256K' }),
      sealed({ alg: 'es256' }),
      sealed({ alg: ['ES256'] }),
      sealed({ alg: undefined }),
    ])
  })

  test('3.2: none, in any spelling, with a signature or without, is refused', async () => {
    const [head, body] = sealed({ alg: 'none' }).split('.')
    await refused([`${head}.${body}.`, `${head}.${body}`, sealed({ alg: 'none' }), sealed({ alg: 'NONE' }), sealed({ alg: '' })])
  })

  test('3.3 and 3.4: a signature of the wrong size, of zeros, in DER, of another token or over changed claims is refused', async () => {
    const parts = kind.parts()
    const input = `${b64(parts.header)}.${b64(parts.claims)}`
    const good = kind.seal(json(parts.header), json(parts.claims)).split('.')[2] ?? ''
    await refused([
      `${input}.${Buffer.alloc(64).toString('base64url')}`,
      `${input}.${Buffer.alloc(1).toString('base64url')}`,
      `${input}.${Buffer.concat([Buffer.from(good, 'base64url'), Buffer.alloc(1)]).toString('base64url')}`,
      withSignature({}, (text) => sign('sha256', Buffer.from(text), at.pair.privateKey).toString('base64url')),
      `${b64(parts.header)}.${b64({ ...parts.claims, more: 1 })}.${good}`,
      `${b64({ ...parts.header, more: 1 })}.${b64(parts.claims)}.${good}`,
    ])
  })

  test('3.6 and 3.10: what would let the sender choose key or rules is refused, and nothing is fetched', async () => {
    await refused([
      sealed({ jku: 'http://127.0.0.1:1/keys' }),
      sealed({ x5u: 'http://127.0.0.1:1/cert' }),
      sealed({ x5c: ['MIIB'] }),
      sealed({ crit: ['exp'], exp: 1 }),
      sealed({ crit: [] }),
      sealed({ b64: false, crit: ['b64'] }),
      sealed({ b64: true }),
      sealed({ zip: 'DEF' }),
    ])
  })

  test('3.7 and local: what parsers read differently is refused: members twice, other base64, no UTF-8, other forms, 16 KiB', async () => {
    const parts = kind.parts()
    const good = sealed()
    const [head = '', body = '', signature = ''] = good.split('.')
    const last = loose[loose.indexOf(signature.at(-1) ?? 'A') ^ 1]
    const firstClaim = Object.keys(parts.claims)[0] ?? ''
    await refused([
      kind.seal(json(parts.header).replace('{', '{"alg":"none",'), json(parts.claims)),
      kind.seal(json(parts.header), json(parts.claims).replace('{', `{"${firstClaim}":"x",`)),
      kind.seal(
        json(parts.header),
        json(parts.claims).replace('{', `{"\\u00${firstClaim.charCodeAt(0).toString(16)}${firstClaim.slice(1)}":"x",`),
      ),
      kind.seal(json(parts.header), json(parts.claims).replace('{', '{"deep":[{"a":1,"a":2}],')),
      kind.seal(json(parts.header), `[${json(parts.claims)}]`),
      kind.seal(json(parts.header), `\ufeff${json(parts.claims)}`),
      `${head}.${Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')}.${signature}`,
      `${head}=.${body}.${signature}`,
      `${good}=`,
      `${head}.${body}.${signature.slice(0, -1)}${last}`,
      `${head}.${body}.+${signature.slice(1)}`,
      `${good}.AAAA.AAAA`,
      json({ payload: body, protected: head, signature }),
      json({ payload: body, signatures: [{ protected: head, signature }] }),
    ])
    expect(await kind.counts(sealed({}, { padding: 'x'.repeat(13_000) }))).toBe(false)
  })

  test('3.11 and 3.12: no other kind of JWT is taken for it, though its signature is good', async () => {
    const own = kind.parts().header.typ
    const types = [
      'at+jwt',
      'dpop+jwt',
      'secevent+jwt',
      'logout+jwt',
      'token-introspection+jwt',
      'statuslist+jwt',
      'kb+jwt',
      'wit+jwt',
      7,
      {},
    ]
    await refused(types.filter((typ) => typ !== own).map((typ) => sealed({ typ })))
    for (const other of kinds.filter((one) => one !== kind)) {
      const parts = other.parts()
      expect([other.name, await kind.counts(other.seal(json(parts.header), json(parts.claims)))]).toEqual([other.name, false])
    }
  })
})

test('RFC 8725 3.1 and 3.10: a kid chooses among our own keys: made-up ones, and that of the other algorithm, lead nowhere', async () => {
  const { kid: es256, key } = at.service.keys.signer('ES256')
  const { kid: rs256 } = at.service.keys.signer('RS256')
  const token = (header: Record<string, unknown>) => signedText(json({ alg: 'ES256', typ: 'at+jwt', ...header }), json(tokenClaims), key)
  for (const kid of [rs256, '../../../../dev/null', "x' or '1'='1", 'http://127.0.0.1:1/', '__proto__', '', { a: 1 }, 7, undefined])
    expect([kid, (await at.introspect(token({ kid }))).text]).toEqual([kid, '{"active":false}'])
  expect((await at.introspect(token({ kid: rs256, alg: 'RS256' }))).text).toBe('{"active":false}')
  expect((await at.introspect(token({ kid: es256 }))).body.active).toBe(true)
})

test('RFC 8725 3.5: weak keys are no keys: a proof by RSA of 1024 bits, with a small exponent, with a private part or a symmetric key', async () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const small = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 })
  const proof = (jwk: unknown, alg: string, make: (input: string) => Buffer) => {
    const claims = { jti: crypto.randomUUID(), htm: 'POST', htu: at.url('/oauth2/token'), iat: nowSeconds() }
    const input = `${b64({ alg, typ: 'dpop+jwt', jwk })}.${b64({ ...claims, nonce: at.service.verifier.proofs.nonce() })}`
    return `${input}.${make(input).toString('base64url')}`
  }
  const by = (key: typeof weak) => (input: string) => sign('sha256', Buffer.from(input), key.privateKey)
  const p256 = (input: string) => sign('sha256', Buffer.from(input), { key: at.pair.privateKey, dsaEncoding: 'ieee-p1363' })
  const ec = at.pair.publicKey.export({ format: 'jwk' })
  for (const dpop of [
    proof(weak.publicKey.export({ format: 'jwk' }), 'RS256', by(weak)),
    proof(small.publicKey.export({ format: 'jwk' }), 'RS256', by(small)),
    proof(at.pair.privateKey.export({ format: 'jwk' }), 'ES256', p256),
    proof({ kty: 'oct', k: b64('secret') }, 'HS256', (input) => createHmac('sha256', 'secret').update(input).digest()),
    proof({ ...ec, x: b64('not a point on the curve, 32 byte') }, 'ES256', p256),
    proof({ ...ec, crv: 'secp256k1' }, 'ES256', p256),
    proof('a key', 'ES256', p256),
  ])
    expectError(await at.token({ grant_type: 'client_credentials' }, { ...at.basic(), dpop }), 400, 'invalid_dpop_proof')
})
