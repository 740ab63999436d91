import { generateKeyPairSync } from 'node:crypto'
import type { IdentityCreate } from '@keyward/contract/identities'
import { Authority, type CertificateWish, derOf, selfSigned, thumbprintOf } from '@keyward/testkit/certificates'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addIssuer, addRule, ask, askWith, certificateHeaders, workloadWith } from './mtls-service.ts'
import { startTokenService, type TokenService } from './token-service.ts'

let service: TokenService
const authority = new Authority('Acme clients')
let issuer: string

beforeAll(async () => {
  service = await startTokenService()
  issuer = await addIssuer(service, 'x509', { type: 'certificates', pem: authority.cert })
})
afterAll(() => service.stop())

type TlsRule = Extract<IdentityCreate, { method: 'tls_client_auth' }>
const tlsRule = (subject: Partial<TlsRule>): IdentityCreate => ({ method: 'tls_client_auth', issuer, ...subject })
const invalidClient = { status: 401, body: { error: 'invalid_client' } }

describe('RFC 8705 2.1: tls_client_auth', () => {
  it.each<[keyof TlsRule, string, Partial<CertificateWish>]>([
    [
      'subject_dn',
      'CN=agent\\, one,OU=prod,O=Acme',
      {
        subject: [
          ['2.5.4.10', 'Acme'],
          ['2.5.4.11', 'prod'],
          ['2.5.4.3', 'agent, one'],
        ],
      },
    ],
    ['san_dns', 'Agent.acme.example', { dnsNames: ['agent.acme.example'] }],
    ['san_uri', 'https://acme.example/agent', { uris: ['https://acme.example/agent'] }],
    ['san_ip', '192.0.2.7', { addresses: ['192.0.2.7'] }],
    ['san_email', 'agent@Acme.example', { emails: ['agent@acme.example'] }],
  ])('2.1.2: %s names the client, and the token is bound to its certificate', async (kind, value, names) => {
    const { workload, identity } = await workloadWith(service, `by-${kind}`, tlsRule({ [kind]: value }))
    const { cert } = authority.issue({ commonName: 'agent', ...names })
    const answer = await askWith(service, workload, cert)
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer', assurance: 'key_bound' } })
    const claims = decodeJwt(String(answer.body.access_token))
    expect(claims).toMatchObject({ sub: workload, client_id: workload, identity, cnf: { 'x5t#S256': thumbprintOf(cert) } })
    const record = await service.db.selectFrom('tokens').selectAll().where('id', '=', String(claims.jti)).executeTakeFirstOrThrow()
    expect(record).toMatchObject({ method: 'tls_client_auth', binding: 'mtls', bound_to: thumbprintOf(cert) })
  })

  it('a path over intermediate authorities that the client sent is found, whatever their order', async () => {
    const { workload } = await workloadWith(service, 'over-two', tlsRule({ san_dns: 'over-two.acme.example' }))
    const upper = authority.intermediate('upper')
    const lower = upper.intermediate('lower')
    const { cert } = lower.issue({ commonName: 'x', dnsNames: ['over-two.acme.example'] })
    expect((await askWith(service, workload, cert, [upper.cert, lower.cert])).status).toBe(200)
    expect(await askWith(service, workload, cert, [lower.cert])).toMatchObject(invalidClient)
  })

  it('a certificate without extended key usages is taken (RFC 5280 4.2.1.12)', async () => {
    const { workload } = await workloadWith(service, 'no-eku', tlsRule({ san_dns: 'no-eku.acme.example' }))
    const { cert } = authority.issue({ commonName: 'x', dnsNames: ['no-eku.acme.example'], use: [], keyUsage: null })
    expect((await askWith(service, workload, cert)).status).toBe(200)
  })

  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const dayMs = 86_400_000
  it.each<[string, Partial<CertificateWish>]>([
    ['expired', { notAfter: new Date(Date.now() - 1_000) }],
    ['not valid yet', { notBefore: new Date(Date.now() + dayMs), notAfter: new Date(Date.now() + 2 * dayMs) }],
    ['of an authority', { isAuthority: true }],
    ['for signing certificates', { keyUsage: 0x84 }],
    ['for encrypting alone', { keyUsage: 0x20 }],
    ['for servers alone', { use: ['server'] }],
    ['with a weak key', { keys: weak }],
    ['with a critical extension that nobody knows', { unknownCritical: true }],
    ['for a look-alike name', { dnsNames: ['refused.acme.example.evil.example'] }],
    ['for a name with a null byte', { dnsNames: ['refused.acme.example\0.evil.example'] }],
    ['for a star', { dnsNames: ['*.acme.example'] }],
    ['with the name as its common name alone', { dnsNames: [], commonName: 'refused.acme.example' }],
    ['with the name as an URI', { dnsNames: [], uris: ['refused.acme.example'] }],
  ])('a certificate %s is refused with invalid_client', async (what, names) => {
    const { workload } = await workloadWith(service, `refused ${what}`, tlsRule({ san_dns: 'refused.acme.example' }))
    const { cert } = authority.issue({ commonName: 'x', dnsNames: ['refused.acme.example'], ...names })
    const answer = await askWith(service, workload, cert)
    expect(answer).toMatchObject(invalidClient)
    expect(answer.body).not.toHaveProperty('access_token')
  })

  it('a certificate of an authority of the same name is refused, and one signed with SHA-1', async () => {
    const { workload } = await workloadWith(service, 'same-name', tlsRule({ san_dns: 'same.acme.example' }))
    const impostor = new Authority('Acme clients')
    const names = { commonName: 'x', dnsNames: ['same.acme.example'] }
    expect(await askWith(service, workload, impostor.issue(names).cert, [impostor.cert])).toMatchObject(invalidClient)
    const old = authority.intermediate('old', { hash: 'sha1' })
    expect(await askWith(service, workload, old.issue(names).cert, [old.cert])).toMatchObject(invalidClient)
    expect((await askWith(service, workload, authority.issue(names).cert)).status).toBe(200)
  })

  it('RFC 5280 6.1: path lengths, name constraints and the ends of authorities hold', async () => {
    const names = { commonName: 'x', dnsNames: ['bounds.acme.example'] }
    const { workload } = await workloadWith(service, 'bounds', tlsRule({ san_dns: 'bounds.acme.example' }))
    const last = authority.intermediate('last', { pathLength: 0 })
    expect((await askWith(service, workload, last.issue(names).cert, [last.cert])).status).toBe(200)
    const below = last.intermediate('below')
    expect(await askWith(service, workload, below.issue(names).cert, [below.cert, last.cert])).toMatchObject(invalidClient)
    const ended = authority.intermediate('ended', { notAfter: new Date(Date.now() - 1_000) })
    expect(await askWith(service, workload, ended.issue(names).cert, [ended.cert])).toMatchObject(invalidClient)
    const acme = authority.intermediate('acme', { dnsPermitted: ['acme.example'] })
    expect((await askWith(service, workload, acme.issue(names).cert, [acme.cert])).status).toBe(200)
    const other = authority.intermediate('other', { dnsPermitted: ['other.example'] })
    expect(await askWith(service, workload, other.issue(names).cert, [other.cert])).toMatchObject(invalidClient)
    const both = { commonName: 'x', dnsNames: ['www.other.example', 'bounds.acme.example'] }
    expect(
      await askWith(service, workload, other.issue(both).cert, [other.cert]),
      'one permitted name does not cover another',
    ).toMatchObject(invalidClient)
    const root = new Authority('constrained root', { dnsPermitted: ['other.example'] })
    const constrained = await addIssuer(service, 'x509', { type: 'certificates', pem: root.cert })
    const under = await workloadWith(service, 'under', { method: 'tls_client_auth', issuer: constrained, san_dns: 'bounds.acme.example' })
    expect(await askWith(service, under.workload, root.issue(names).cert), 'an anchor is held to its own constraints').toMatchObject(
      invalidClient,
    )
  })

  it('authorities that sign each other in a ring, and more of them than a path has, cost nothing and are refused', async () => {
    const { workload } = await workloadWith(service, 'ring', tlsRule({ san_dns: 'ring.acme.example' }))
    const keys = { one: generateKeyPairSync('ec', { namedCurve: 'P-256' }), two: generateKeyPairSync('ec', { namedCurve: 'P-256' }) }
    const [one, two] = [new Authority('one', { keys: keys.one }), new Authority('two', { keys: keys.two })]
    const ring = [one.intermediate('two', { keys: keys.two }).cert, two.intermediate('one', { keys: keys.one }).cert]
    const { cert } = one.issue({ commonName: 'x', dnsNames: ['ring.acme.example'] })
    expect(await askWith(service, workload, cert, ring)).toMatchObject(invalidClient)
    const many = Array.from({ length: 6 }, (_, at) => authority.intermediate(`many ${at}`).cert)
    expect(await askWith(service, workload, cert, many)).toMatchObject(invalidClient)
  })

  it('a certificate of another workload is refused, and nothing tells a workload that is there from one that is not', async () => {
    await workloadWith(service, 'mine', tlsRule({ san_dns: 'mine.acme.example' }))
    const theirs = await workloadWith(service, 'theirs', tlsRule({ san_dns: 'theirs.acme.example' }))
    const { cert } = authority.issue({ commonName: 'x', dnsNames: ['mine.acme.example'] })
    const known = await askWith(service, theirs.workload, cert)
    const unknown = await askWith(service, `wl_${'0'.repeat(26)}`, cert)
    expect(known).toMatchObject(invalidClient)
    expect(unknown.body).toEqual(known.body)
  })

  it('what counted a moment ago does not count once its issuer changes or is revoked, or its identity is', async () => {
    const own = new Authority('short-lived')
    const other = new Authority('short-lived')
    const id = await addIssuer(service, 'x509', { type: 'certificates', pem: own.cert })
    const { workload, identity } = await workloadWith(service, 'changing', {
      method: 'tls_client_auth',
      issuer: id,
      san_dns: 'c.acme.example',
    })
    const { cert } = own.issue({ commonName: 'x', dnsNames: ['c.acme.example'] })
    const change = (values: object) => service.db.updateTable('issuers').set(values).where('id', '=', id).execute()
    expect((await askWith(service, workload, cert)).status).toBe(200)
    await change({ keys_from: JSON.stringify({ type: 'certificates', pem: other.cert }), revision: 2 })
    expect(await askWith(service, workload, cert)).toMatchObject(invalidClient)
    await change({ keys_from: JSON.stringify({ type: 'certificates', pem: own.cert }), revision: 3 })
    expect((await askWith(service, workload, cert)).status).toBe(200)
    await change({ state: 'revoked' })
    expect(await askWith(service, workload, cert)).toMatchObject(invalidClient)
    await change({ state: 'active' })
    await service.db.updateTable('workload_identities').set({ revoked_at: new Date() }).where('id', '=', identity).execute()
    expect(await askWith(service, workload, cert)).toMatchObject(invalidClient)
  })

  it('a certificate that was good ends with its last second, by the clock of the installation', async () => {
    const { workload } = await workloadWith(service, 'ending', tlsRule({ san_dns: 'ending.acme.example' }))
    const { cert } = authority.issue({ commonName: 'x', dnsNames: ['ending.acme.example'], notAfter: new Date(Date.now() + 20_000) })
    expect((await askWith(service, workload, cert)).status).toBe(200)
    service.skew(30_000)
    try {
      expect(await askWith(service, workload, cert)).toMatchObject({
        status: 401,
        body: { error_description: expect.stringContaining('expired') },
      })
    } finally {
      service.skew(0)
    }
  })
})

describe('RFC 8705 2.2: self_signed_tls_client_auth', () => {
  it('the certificate itself is the identity: another one with the same name is refused', async () => {
    const own = selfSigned('agent')
    const { workload, identity } = await workloadWith(service, 'self-signed', {
      method: 'self_signed_tls_client_auth',
      certificate: own.cert,
    })
    const answer = await askWith(service, workload, own.cert)
    expect(answer.status).toBe(200)
    expect(decodeJwt(String(answer.body.access_token))).toMatchObject({ identity, cnf: { 'x5t#S256': thumbprintOf(own.cert) } })
    expect(await askWith(service, workload, selfSigned('agent').cert)).toMatchObject(invalidClient)
  })

  it('at its making: a weak key, an end in the past, a private key and a certificate that is taken are refused with a fix', async () => {
    const workload = await service.addWorkload('making')
    const make = (certificate: string) => addRule(service, workload, { method: 'self_signed_tls_client_auth', certificate })
    await expect(make(selfSigned('x', { keys: generateKeyPairSync('rsa', { modulusLength: 1024 }) }).cert)).rejects.toThrow()
    await expect(make(selfSigned('x', { notAfter: new Date(Date.now() - 1_000) }).cert)).rejects.toThrow()
    const shown = selfSigned('x')
    await expect(make(`${shown.cert}${shown.key}`)).rejects.toThrow()
    const { cert } = selfSigned('x')
    await make(cert)
    await expect(make(cert)).rejects.toThrow()
  })
})

describe('SPIFFE X509-SVID', () => {
  const domain = 'prod.acme.example'
  const trust = new Authority('SPIRE')
  let rule: IdentityCreate
  beforeAll(async () => {
    const keys = [
      { kty: 'EC', use: 'jwt-svid', kid: 'not for certificates' },
      { kty: 'EC', use: 'x509-svid', x5c: [derOf(trust.cert).toString('base64')] },
    ]
    const spiffe = await addIssuer(service, 'spiffe', { type: 'bundle', keys }, { issuer: domain, attests: true })
    rule = { method: 'spiffe_x509', issuer: spiffe, spiffe_id: `spiffe://${domain}/ns/agents/triage` }
  })
  const svid = (uris: string[], more: Partial<CertificateWish> = {}) => trust.issue({ commonName: '', subject: [], uris, ...more }).cert

  it('proves its workload; an issuer that attests makes the bound token attested', async () => {
    const { workload } = await workloadWith(service, 'svid', rule)
    const answer = await askWith(service, workload, svid([`spiffe://${domain}/ns/agents/triage`]))
    expect(answer).toMatchObject({ status: 200, body: { assurance: 'attested' } })
  })

  it.each<[string, string[], Partial<CertificateWish>?]>([
    ['two URI names', [`spiffe://${domain}/ns/agents/triage`, `spiffe://${domain}/ns/agents/other`]],
    ['the same id twice', [`spiffe://${domain}/ns/agents/triage`, `spiffe://${domain}/ns/agents/triage`]],
    ['no URI name', []],
    ['the id of the trust domain', [`spiffe://${domain}`]],
    ['a root path', [`spiffe://${domain}/`]],
    ['a path with dots', [`spiffe://${domain}/ns/../ns/agents/triage`]],
    ['a slash at the end', [`spiffe://${domain}/ns/agents/triage/`]],
    ['another trust domain', ['spiffe://prod.acme.example.evil.example/ns/agents/triage']],
    ['another case', [`SPIFFE://${domain}/ns/agents/triage`]],
    ['an escape', [`spiffe://${domain}/ns/agents/tri%61ge`]],
    ['a port', [`spiffe://${domain}:443/ns/agents/triage`]],
    ['an authority as its leaf', [`spiffe://${domain}/ns/agents/triage`], { isAuthority: true }],
    ['keyCertSign', [`spiffe://${domain}/ns/agents/triage`], { keyUsage: 0x84 }],
    ['cRLSign', [`spiffe://${domain}/ns/agents/triage`], { keyUsage: 0x82 }],
    ['no keyUsage', [`spiffe://${domain}/ns/agents/triage`], { keyUsage: null }],
  ])('one with %s is refused', async (what, uris, more) => {
    const { workload } = await workloadWith(service, `svid ${what}`, rule)
    expect(await askWith(service, workload, svid(uris, more))).toMatchObject(invalidClient)
  })

  it('one of another trust domain, though its issuer is trusted for its own, is refused', async () => {
    const { workload } = await workloadWith(service, 'svid elsewhere', rule)
    const cert = authority.issue({ commonName: 'x', uris: [`spiffe://${domain}/ns/agents/triage`] }).cert
    expect(await askWith(service, workload, cert, [authority.cert])).toMatchObject(invalidClient)
  })
})

describe('a request with a certificate', () => {
  it('RFC 6749 2.3: needs a client_id, and a certificate beside an assertion type that is not known is no way in', async () => {
    const { cert } = authority.issue({ commonName: 'x', dnsNames: ['x.acme.example'] })
    expect(await ask(service, '/oauth2/token', { grant_type: 'client_credentials' }, certificateHeaders(cert))).toMatchObject(invalidClient)
    const { workload } = await workloadWith(service, 'two-ways', tlsRule({ san_dns: 'x.acme.example' }))
    for (const more of [{ client_assertion: 'x' }, { client_assertion_type: 'urn:x' }] as Record<string, string>[])
      expect(await askWith(service, workload, cert, [], more)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    const unknown = { client_assertion: 'x', client_assertion_type: 'urn:x' }
    expect(await askWith(service, workload, cert, [], unknown)).toMatchObject(invalidClient)
  })

  it('RFC 9440: from an address that is no trusted proxy the header is nothing, and neither is one that came twice or is not canonical', async () => {
    const { workload } = await workloadWith(service, 'spoofed', tlsRule({ san_dns: 'spoofed.acme.example' }))
    const { cert } = authority.issue({ commonName: 'x', dnsNames: ['spoofed.acme.example'] })
    const form = { grant_type: 'client_credentials', client_id: workload }
    const good = certificateHeaders(cert)['client-cert'] ?? ''
    for (const value of [`${good}, ${good}`, good.slice(1, -1), good.replace(/:$/, ''), `${good};q=1`, '::', ':AAAA:'])
      expect(await ask(service, '/oauth2/token', form, { 'client-cert': value }), value.slice(0, 20)).toMatchObject(invalidClient)
    service.proxy.trusted = false
    try {
      expect(await ask(service, '/oauth2/token', form, { 'client-cert': good })).toMatchObject(invalidClient)
    } finally {
      service.proxy.trusted = true
    }
    expect((await ask(service, '/oauth2/token', form, { 'client-cert': good })).status).toBe(200)
  })
})
