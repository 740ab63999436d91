import { generateKeyPairSync, hash, type KeyObject } from 'node:crypto'
import { type JWK, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { checkProof, ProofRefused, thumbprintOf } from '../../src/oauth/dpop.ts'
import { ProofMemory } from '../../src/oauth/proof-memory.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = publicKey.export({ format: 'jwk' }) as JWK
const nowMs = 1_800_000_000_000
const origins = ['http://localhost:7411', 'http://127.0.0.1:7411']

function setting() {
  let monotonic = 0
  const memory = new ProofMemory(() => monotonic)
  return { memory, pass: (ms: number) => (monotonic += ms) }
}

async function proof(
  change: { claims?: Record<string, unknown>; header?: Record<string, unknown>; key?: KeyObject; alg?: string } = {},
): Promise<string> {
  const claims = {
    jti: crypto.randomUUID(),
    htm: 'POST',
    htu: 'http://localhost:7411/g/openai/v1/chat/completions',
    iat: nowMs / 1000,
    ...change.claims,
  }
  return await new SignJWT(JSON.parse(JSON.stringify(claims)))
    .setProtectedHeader({ alg: change.alg ?? 'ES256', typ: 'dpop+jwt', jwk, ...change.header })
    .sign(change.key ?? privateKey)
}

const context = (memory: ProofMemory, text: string | undefined, more: object = {}) => ({
  proof: text,
  method: 'POST',
  path: '/g/openai/v1/chat/completions',
  origins,
  nowMs,
  memory,
  nonce: false,
  ...more,
})

describe('a DPoP proof (RFC 9449 section 4.3)', () => {
  it('that is right gives the thumbprint of its key (RFC 7638)', async () => {
    expect(checkProof(context(setting().memory, await proof()))).toBe(thumbprintOf(jwk as Record<string, unknown>))
  })

  it('the thumbprint is that of the example in RFC 7638 section 3.1', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
    expect(thumbprintOf({ kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' })).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const rsaShort = generateKeyPairSync('rsa', { modulusLength: 1024 })
  it.each<[string, Parameters<typeof proof>[0]]>([
    ['point 4: another typ', { header: { typ: 'jwt' } }],
    ['point 6: a signature of another key', { key: other.privateKey }],
    ['point 7: a private key in the header', { header: { jwk: privateKey.export({ format: 'jwk' }) as JWK } }],
    ['point 5: a symmetric key', { header: { jwk: { kty: 'oct', k: 'AAAA' } } }],
    [
      'point 5: a weak key',
      { key: rsaShort.privateKey, alg: 'RS256', header: { jwk: rsaShort.publicKey.export({ format: 'jwk' }) as JWK } },
    ],
    ['point 8: another method', { claims: { htm: 'GET' } }],
    ['point 9: another path', { claims: { htu: 'http://localhost:7411/g/anthropic/v1/messages' } }],
    ['point 9: another origin', { claims: { htu: 'http://evil.example/g/openai/v1/chat/completions' } }],
    ['point 11: too old', { claims: { iat: nowMs / 1000 - 61 } }],
    ['point 11: from the future', { claims: { iat: nowMs / 1000 + 61 } }],
    ['point 3: no jti', { claims: { jti: undefined } }],
    ['point 3: no iat', { claims: { iat: undefined } }],
  ])('is refused for %s', async (_name, change) => {
    // jose refuses to sign with a 1024 bit key, which is the point: such a proof cannot be made with it.
    const text = await proof(change).catch(() => undefined)
    expect(() => checkProof(context(setting().memory, text))).toThrow(ProofRefused)
  })

  it('ignores query and fragment of the address, and its case and default port', async () => {
    const text = await proof({ claims: { htu: 'HTTP://LOCALHOST:7411/g/openai/v1/chat/completions?x=1#y' } })
    expect(() => checkProof(context(setting().memory, text, { path: '/g/openai/v1/chat/completions?stream=true' }))).not.toThrow()
  })

  it('counts once: a replay is refused, two headers are refused', async () => {
    const { memory } = setting()
    const text = await proof()
    checkProof(context(memory, text))
    expect(() => checkProof(context(memory, text))).toThrow('used before')
    const two = `${await proof()}, ${await proof()}`
    expect(() => checkProof(context(memory, two))).toThrow('exactly one')
  })

  it('belongs to its access token and key (point 12)', async () => {
    const { memory } = setting()
    const boundTo = thumbprintOf(jwk as Record<string, unknown>)
    const ath = hash('sha256', 'the-token', 'base64url')
    expect(() => checkProof(context(memory, undefined, { token: { ath, boundTo } }))).toThrow('missing')
    const without = await proof()
    expect(() => checkProof(context(memory, without, { token: { ath, boundTo } }))).toThrow('ath')
    const fits = await proof({ claims: { ath } })
    expect(() => checkProof(context(memory, fits, { token: { ath, boundTo: 'another' } }))).toThrow('another key')
    const another = await proof({ claims: { ath } })
    expect(checkProof(context(memory, another, { token: { ath, boundTo } }))).toBe(boundTo)
  })

  it('needs the nonce of this node and boot (section 9); the one before still counts, older ones do not', async () => {
    const { memory, pass } = setting()
    const elsewhere = setting().memory
    const refused = async (nonce: string | undefined) => {
      const text = await proof({ claims: { nonce } })
      try {
        checkProof(context(memory, text, { nonce: true }))
      } catch (error) {
        return (error as ProofRefused).needsNonce
      }
      return 'accepted'
    }
    expect(await refused(undefined)).toBe(true)
    expect(await refused(elsewhere.nonce())).toBe(true)
    const nonce = memory.nonce()
    expect(await refused(nonce)).toBe('accepted')
    pass(61_000)
    expect(await refused(nonce)).toBe('accepted')
    pass(61_000)
    expect(await refused(nonce)).toBe(true)
  })

  it('is remembered as long as its nonce counts, also over the turn of a slot', async () => {
    const { memory, pass } = setting()
    const text = await proof({ claims: { nonce: memory.nonce() } })
    checkProof(context(memory, text, { nonce: true }))
    pass(61_000)
    expect(() => checkProof(context(memory, text, { nonce: true }))).toThrow('used before')
  })
})
