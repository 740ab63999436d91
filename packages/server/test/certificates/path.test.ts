import { generateKeyPairSync } from 'node:crypto'
import { Authority, type CertificateWish, derOf, selfSigned } from '@keyward/testkit/certificates'
import { describe, expect, it } from 'vitest'
import { readCertificate, readPem } from '../../src/certificates/certificate.ts'
import { parseDistinguishedName } from '../../src/certificates/distinguished-name.ts'
import { validatePath } from '../../src/certificates/path.ts'
import { fitsSubject, whyNoSubject } from '../../src/certificates/subject.ts'

const root = new Authority('root')
const read = (pem: string) => readCertificate(derOf(pem))
const issued = (more: Partial<CertificateWish> = {}, by = root) => by.issue({ commonName: 'x', dnsNames: ['a.example'], ...more }).cert
const validate = (leaf: string, chain: string[] = [], anchors = [root.cert], atMs = Date.now()) =>
  validatePath({ leaf: read(leaf), chain: chain.map(read), anchors: anchors.map(read), atMs })

describe('a path (RFC 5280 section 6) is refused for its own reason:', () => {
  const short = root.intermediate('short', { pathLength: 0 })
  const below = short.intermediate('below')
  const onlyOther = root.intermediate('only other', { dnsPermitted: ['other.example'] })
  const ended = root.intermediate('ended', { notAfter: new Date(Date.now() - 1_000) })
  const old = root.intermediate('old', { hash: 'sha1' })
  const oldRsa = root.intermediate('old rsa', { hash: 'sha1', keys: generateKeyPairSync('rsa', { modulusLength: 2048 }) })
  const weak = root.intermediate('weak', { keys: generateKeyPairSync('rsa', { modulusLength: 1024 }) })
  const clientCa = root.issue({ commonName: 'client', keyUsage: 0x84 })

  it.each<[string, string, string[], RegExp]>([
    ['an expired certificate', issued({ notAfter: new Date(Date.now() - 1_000) }), [], /expired/],
    ['one that is not valid yet', issued({ notBefore: new Date(Date.now() + 9_000) }), [], /not valid yet/],
    ['an authority as a client', issued({ isAuthority: true, keyUsage: 0x84 }), [], /of an authority/],
    ['keyCertSign', issued({ keyUsage: 0x84 }), [], /sign certificates/],
    ['no digitalSignature', issued({ keyUsage: 0x20 }), [], /digitalSignature/],
    ['for servers alone', issued({ use: ['server'] }), [], /clientAuth/],
    ['a critical extension', issued({ unknownCritical: true }), [], /critical extension/],
    ['an unknown authority', issued({}, new Authority('root')), [], /does not lead/],
    ['a certificate that nobody signed but itself', selfSigned('x').cert, [], /of an authority/],
    ['the length of the path', issued({}, below), [below.cert, short.cert], /longer/],
    ['a name constraint', issued({}, onlyOther), [onlyOther.cert], /may not certify/],
    ['an expired authority', issued({}, ended), [ended.cert], /authority of its path has expired/],
    ['SHA-1 with ECDSA', issued({}, old), [old.cert], /SHA-1/],
    ['SHA-1 with RSA', issued({}, oldRsa), [oldRsa.cert], /SHA-1/],
    ['a weak authority', issued({}, weak), [weak.cert], /does not lead/],
    ['a missing authority', issued({}, below), [below.cert], /does not lead/],
    [
      'a client that signs',
      issued(),
      [clientCa.cert, clientCa.cert, clientCa.cert, clientCa.cert, clientCa.cert, clientCa.cert],
      /more than 5/,
    ],
  ])('%s', async (_what, leaf, chain, why) => {
    await expect(validate(leaf, chain)).rejects.toThrow(why)
  })

  it('holds until the first of its certificates ends', async () => {
    const end = new Date(Math.floor(Date.now() / 1000) * 1000 + 60_000)
    const brief = root.intermediate('brief', { notAfter: end })
    expect(await validate(issued({}, brief), [brief.cert])).toBe(end.getTime())
  })

  it('RSA certificates count, and a second way is tried where the first has ended', async () => {
    const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const first = root.intermediate('crossed', { keys, notAfter: new Date(Date.now() - 1_000) })
    const second = root.intermediate('crossed', { keys })
    await expect(validate(issued({}, second), [first.cert, second.cert])).resolves.toBeGreaterThan(Date.now())
  })
})

describe('a certificate', () => {
  it('with bytes behind it, no DER, or names with characters that have no place there is not read', () => {
    const der = derOf(issued())
    expect(() => readCertificate(Buffer.concat([der, Buffer.from([0])]))).toThrow('nothing else')
    expect(() => readCertificate(Buffer.from('no certificate'))).toThrow('can be read')
    expect(() => readCertificate(Buffer.alloc(20_000))).toThrow('bytes')
    for (const name of ['a.example\0.evil.example', 'a b.example', 'ä.example'])
      expect(() => read(issued({ dnsNames: [name] }))).toThrow('characters')
    expect(() => readPem(`${issued()}${selfSigned('x').key}`, 1)).toThrow('private key')
    expect(() => readPem(issued() + issued(), 1)).toThrow('more than 1')
  })
})

describe('a subject (RFC 8705 2.1.2, RFC 4514)', () => {
  it.each<[string, [string, string][], boolean]>([
    [
      'CN=agent,O=Acme',
      [
        ['2.5.4.10', 'Acme'],
        ['2.5.4.3', 'agent'],
      ],
      true,
    ],
    [
      'cn = agent , o = Acme',
      [
        ['2.5.4.10', 'Acme'],
        ['2.5.4.3', 'agent'],
      ],
      true,
    ],
    [
      '2.5.4.3=agent,2.5.4.10=Acme',
      [
        ['2.5.4.10', 'Acme'],
        ['2.5.4.3', 'agent'],
      ],
      true,
    ],
    [
      'CN=a\\,b\\2B\\C3\\A4,O=Acme',
      [
        ['2.5.4.10', 'Acme'],
        ['2.5.4.3', 'a,b+ä'],
      ],
      true,
    ],
    [
      'O=Acme,CN=agent',
      [
        ['2.5.4.10', 'Acme'],
        ['2.5.4.3', 'agent'],
      ],
      false,
    ],
    [
      'CN=agent',
      [
        ['2.5.4.10', 'Acme'],
        ['2.5.4.3', 'agent'],
      ],
      false,
    ],
    [
      'CN=agent,O=Acme',
      [
        ['2.5.4.10', 'Acme'],
        ['2.5.4.11', 'x'],
        ['2.5.4.3', 'agent'],
      ],
      false,
    ],
    ['CN=agent,O=Acme', [['2.5.4.3', 'agent,O=Acme']], false],
    [
      'CN=Agent,O=Acme',
      [
        ['2.5.4.10', 'Acme'],
        ['2.5.4.3', 'agent'],
      ],
      false,
    ],
    [
      'CN=agent,O=Acme',
      [
        ['2.5.4.10', 'Acme'],
        ['2.5.4.3', 'agent\0'],
      ],
      false,
    ],
    [
      'CN=*,O=Acme',
      [
        ['2.5.4.10', 'Acme'],
        ['2.5.4.3', 'agent'],
      ],
      false,
    ],
  ])('%s against %j: %s', (value, subject, fits) => {
    expect(fitsSubject(read(issued({ subject })), { kind: 'subject_dn', value })).toBe(fits)
  })

  it('what is no name, or a pattern, cannot be pinned', () => {
    for (const text of ['agent', 'XX=a', 'CN=', 'CN=#0401', 'CN="a"', 'CN=a\\', 'CN=a,', 'CN=a+CN=a', 'CN=a\\zz'])
      expect(parseDistinguishedName(text), text).toBeUndefined()
    for (const value of ['*.acme.example', 'acme..example', '-a.example', 'a example', ''])
      expect(whyNoSubject({ kind: 'san_dns', value }), value).toBeDefined()
    expect(whyNoSubject({ kind: 'san_ip', value: '192.0.2.0/24' })).toBeDefined()
    expect(whyNoSubject({ kind: 'san_email', value: '*@acme.example' })).toBeDefined()
    expect(whyNoSubject({ kind: 'san_uri', value: 'no uri' })).toBeDefined()
  })

  it('an address in another writing is the same address, and text that reads like one is not', () => {
    const address = read(issued({ dnsNames: [], addresses: ['192.0.2.7'] }))
    expect(fitsSubject(address, { kind: 'san_ip', value: '192.0.2.7' })).toBe(true)
    expect(fitsSubject(address, { kind: 'san_ip', value: '192.0.2.8' })).toBe(false)
    expect(fitsSubject(read(issued({ dnsNames: ['192.0.2.7'] })), { kind: 'san_ip', value: '192.0.2.7' })).toBe(false)
  })
})
