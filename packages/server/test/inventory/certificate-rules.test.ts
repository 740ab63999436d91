import { Authority, selfSigned, thumbprintOf } from '@keyward/testkit/certificates'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startKeyward, type TestKeyward } from '../gateway/keyward.ts'

let keyward: TestKeyward
let workload: string
const issuers: Record<string, string> = {}
const authority = new Authority()

beforeAll(async () => {
  keyward = await startKeyward()
  const { operator } = keyward
  const owner = await operator.make('/owners', { kind: 'team', name: 'Platform', contact: '#platform' })
  workload = await operator.make('/workloads', { name: 'agent', type: 'agent', owner, environment: 'production' })
  const issuer = async (kind: string, name: string, keys: object) => {
    issuers[kind] = await operator.make('/issuers', { name, kind, issuer: name, keys_from: keys })
  }
  await issuer('x509', 'acme-clients', { type: 'certificates', pem: authority.cert })
  await issuer('spiffe', 'acme.example', { type: 'bundle_url', url: 'https://spire.acme.example/bundle' })
})
afterAll(() => keyward?.stop())

const make = (identity: Record<string, unknown>) => keyward.operator.ask('POST', `/workloads/${workload}/identities`, identity)

describe('identities that are certificates, made by people', () => {
  test('show what they pin, and a self-signed certificate its thumbprint and its end', async () => {
    expect(await make({ method: 'tls_client_auth', issuer: issuers.x509, san_dns: 'agent.acme.example' })).toMatchObject({
      method: 'tls_client_auth',
      subject: 'san_dns=agent.acme.example',
      assurance: 'key_bound',
    })
    expect(await make({ method: 'spiffe_x509', issuer: issuers.spiffe, spiffe_id: 'spiffe://acme.example/ns/prod/agent' })).toMatchObject({
      subject: 'spiffe://acme.example/ns/prod/agent',
      warnings: [],
    })
    const { cert } = selfSigned('agent', { notAfter: new Date(Date.now() + 86_400_000) })
    const shown = await make({ method: 'self_signed_tls_client_auth', certificate: cert })
    expect(shown.thumbprint).toBe(thumbprintOf(cert))
    expect(Date.parse(String(shown.expires_at))).toBeGreaterThan(Date.now() + 86_000_000)
  })

  test.each<[string, () => Record<string, unknown>, RegExp]>([
    ['no name', () => ({ method: 'tls_client_auth', issuer: issuers.x509 }), /exactly one/],
    ['two names', () => ({ method: 'tls_client_auth', issuer: issuers.x509, san_dns: 'a.example', san_ip: '192.0.2.1' }), /exactly one/],
    ['a star', () => ({ method: 'tls_client_auth', issuer: issuers.x509, san_dns: '*.acme.example' }), /stars are not matched/],
    ['a name that is none', () => ({ method: 'tls_client_auth', issuer: issuers.x509, subject_dn: 'agent' }), /RFC 4514/],
    ['an issuer of another kind', () => ({ method: 'tls_client_auth', issuer: issuers.spiffe, san_dns: 'a.example' }), /of kind spiffe/],
    ['an SVID of an authority', () => ({ method: 'spiffe_x509', issuer: issuers.x509, spiffe_id: 'spiffe://a.example/b' }), /of kind x509/],
    [
      'another trust domain',
      () => ({ method: 'spiffe_x509', issuer: issuers.spiffe, spiffe_id: 'spiffe://evil.example/b' }),
      /trust domain/,
    ],
    [
      'a whole trust domain',
      () => ({ method: 'spiffe_x509', issuer: issuers.spiffe, spiffe_id: 'spiffe://acme.example/*' }),
      /every workload/,
    ],
    [
      'a private key beside the certificate',
      () => {
        const { cert, key } = selfSigned('x')
        return { method: 'self_signed_tls_client_auth', certificate: cert + key }
      },
      /private key/,
    ],
    [
      'an expired certificate',
      () => ({ method: 'self_signed_tls_client_auth', certificate: selfSigned('x', { notAfter: new Date(Date.now() - 1_000) }).cert }),
      /expired/,
    ],
  ])('%s is refused with the reason', async (_what, identity, why) => {
    await expect(make(identity())).rejects.toThrow(why)
  })

  test('a certificate is one workload’s: a second one cannot have it', async () => {
    const { cert } = selfSigned('shared')
    await make({ method: 'self_signed_tls_client_auth', certificate: cert })
    await expect(make({ method: 'self_signed_tls_client_auth', certificate: cert })).rejects.toThrow('certificate of a workload already')
  })
})
