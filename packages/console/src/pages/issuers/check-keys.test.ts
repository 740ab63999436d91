import { expect, test } from 'vitest'
import { checkJwks, checkPem } from './check-keys.ts'

const key = { kty: 'EC', crv: 'P-256', kid: 'FAKE-1', x: 'FAKE', y: 'FAKE' }

test('a key set, its list alone and a single key are the same keys, and are told by type and kid', () => {
  for (const text of [JSON.stringify({ keys: [key] }), JSON.stringify([key]), JSON.stringify(key)])
    expect(checkJwks(text)).toEqual({ ok: true, says: '1 public key: EC P-256 “FAKE-1”', keys: [key] })
})

test.each([
  ['a private member', JSON.stringify({ keys: [key, { ...key, d: 'FAKE' }] })],
  ['an RSA prime', JSON.stringify({ kty: 'RSA', n: 'FAKE', e: 'AQAB', p: 'FAKE' })],
  ['a symmetric key', JSON.stringify({ kty: 'oct', k: 'FAKE' })],
  ['PEM of a private key', '-----BEGIN EC PRIVATE KEY-----\nFAKE\n-----END EC PRIVATE KEY-----'],
])('%s is said to be private, and to be replaced', (_, text) => {
  expect(checkJwks(text)).toMatchObject({ ok: false, says: expect.stringContaining('private key') })
})

test.each([
  ['nothing but words', 'https://issuer.example.com/jwks', 'not JSON'],
  ['an empty set', '{"keys": []}', 'no keys'],
  ['an object of another kind', '{"issuer": "https://issuer.example.com"}', 'no keys'],
  ['what is no key', '{"keys": ["x"]}', 'no kty'],
  ['a public key in PEM', '-----BEGIN PUBLIC KEY-----', 'PEM'],
  ['too many', JSON.stringify(Array(51).fill(key)), '50 at most'],
])('%s is refused with what is wrong', (_, text, says) => {
  expect(checkJwks(text)).toMatchObject({ ok: false, says: expect.stringContaining(says) })
})

test('a SPIFFE bundle is told from a plain key set by what its keys are for', () => {
  expect(checkJwks(JSON.stringify({ keys: [{ ...key, use: 'jwt-svid' }] }), 'bundle').ok).toBe(true)
  expect(checkJwks(JSON.stringify({ keys: [{ ...key, use: 'sig' }] }), 'bundle')).toMatchObject({
    says: expect.stringContaining('plain JWKS'),
  })
})

const pem = (bytes: Buffer, label = 'CERTIFICATE') =>
  `-----BEGIN ${label}-----\n${bytes.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`
/** A SEQUENCE of so many bytes: the envelope that every certificate has. */
const der = (length: number) => Buffer.concat([Buffer.from([0x30, 0x82, length >> 8, length & 0xff]), Buffer.alloc(length, 7)])

test('certificates are counted; one that is cut short, or a private key among them, is said to be so', () => {
  expect(checkPem(pem(der(400)) + pem(der(900)))).toMatchObject({ ok: true, says: '2 certificates' })
  expect(checkPem(pem(der(400)) + pem(der(900).subarray(0, 700)))).toMatchObject({
    ok: false,
    says: expect.stringContaining('Certificate 2'),
  })
  expect(checkPem(pem(der(400)) + pem(der(100), 'PRIVATE KEY'))).toMatchObject({ ok: false, says: expect.stringContaining('private key') })
  expect(checkPem(pem(der(400)).replace(/-----END[^\n]*\n/, ''))).toMatchObject({ ok: false })
  expect(checkPem(`Subject: x\n${pem(der(400))}`)).toMatchObject({ ok: false, says: expect.stringContaining('before') })
})
