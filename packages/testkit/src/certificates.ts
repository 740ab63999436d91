import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { bits, explicit, implicit, integer, octets, oid, sequence, set, time, utf8, yes } from './der.ts'

/** A certificate with its private key, both PEM. */
export interface Certified {
  cert: string
  key: string
}

export interface CertificateWish {
  commonName: string
  /** The whole subject, the most general first, in place of the common name alone: `[['2.5.4.10', 'Acme'], ['2.5.4.3', 'agent']]`. */
  subject?: [type: string, value: string][]
  dnsNames?: string[]
  /** IPv4 only. */
  addresses?: string[]
  /** A SPIFFE id, for one. */
  uris?: string[]
  emails?: string[]
  /** Default: server and client. Empty: the extension is left out. */
  use?: ('server' | 'client')[]
  /** Bits of keyUsage, the first byte (RFC 5280 section 4.2.1.3). Default: digitalSignature. Null: the extension is left out. */
  keyUsage?: number | null
  /** Default: an hour ago. */
  notBefore?: Date
  /** Default: in a day. */
  notAfter?: Date
  /** Default: EC P-256. */
  keys?: { publicKey: KeyObject; privateKey: KeyObject }
  /** Default false: with `basicConstraints` of an authority, as a careless one would sign it. */
  isAuthority?: boolean
  /** An extension that nobody knows, marked critical. */
  unknownCritical?: boolean
}

export interface AuthorityWish {
  /** How many authorities may follow below it. Default: any. */
  pathLength?: number
  /** Host names that it may certify (name constraints). Default: any. */
  dnsPermitted?: string[]
  notAfter?: Date
  /** What it signs with. SHA-1 and RSA for those that must be refused. */
  keys?: { publicKey: KeyObject; privateKey: KeyObject }
  hash?: 'sha256' | 'sha1'
}

/** A certificate authority of a test's own. Nothing trusts it unless told to (`ca`, NODE_EXTRA_CA_CERTS). */
export class Authority {
  /** Its certificate, PEM: the root's, or the one that another authority signed. */
  readonly cert: string
  readonly #keys: { publicKey: KeyObject; privateKey: KeyObject }
  readonly #name: string
  readonly #hash: 'sha256' | 'sha1'

  constructor(name = 'Keyward test authority', wish: AuthorityWish & { signedBy?: Authority } = {}) {
    this.#keys = wish.keys ?? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#name = name
    this.#hash = wish.hash ?? 'sha256'
    const length = wish.pathLength === undefined ? [] : [integer(Buffer.from([wish.pathLength]))]
    const extensions = [
      extension('2.5.29.19', true, sequence(yes, ...length)),
      extension('2.5.29.15', true, bits(Buffer.from([0b0000_0110]), 1)),
      extension('2.5.29.14', false, octets(keyIdOf(this.#keys.publicKey))),
      ...(wish.dnsPermitted === undefined ? [] : [extension('2.5.29.30', true, permitted(wish.dnsPermitted))]),
    ]
    this.cert = (wish.signedBy ?? this).#signed(
      nameOf([['2.5.4.3', name]]),
      this.#keys.publicKey,
      new Date(Date.now() - 2 * dayMs),
      wish.notAfter ?? new Date(Date.now() + 3650 * dayMs),
      extensions,
    )
  }

  /** An authority below this one. */
  intermediate(name: string, wish: AuthorityWish = {}): Authority {
    return new Authority(name, { ...wish, signedBy: this })
  }

  /** A key pair and a certificate for it, signed by this authority. */
  issue(wish: CertificateWish): Certified {
    const { privateKey, publicKey } = wish.keys ?? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const names = [
      ...(wish.emails ?? []).map((email) => implicit(1, Buffer.from(email, 'latin1'))),
      ...(wish.dnsNames ?? []).map((name) => implicit(2, Buffer.from(name, 'latin1'))),
      ...(wish.uris ?? []).map((uri) => implicit(6, Buffer.from(uri, 'latin1'))),
      ...(wish.addresses ?? []).map((address) => implicit(7, addressBytes(address))),
    ]
    const uses = (wish.use ?? ['server', 'client']).map((use) => oid(use === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2'))
    const keyUsage = wish.keyUsage === undefined ? 0b1000_0000 : wish.keyUsage
    const extensions = [
      extension('2.5.29.19', true, wish.isAuthority ? sequence(yes) : sequence()),
      ...(keyUsage === null ? [] : [extension('2.5.29.15', true, bits(Buffer.from([keyUsage])))]),
      ...(uses.length > 0 ? [extension('2.5.29.37', false, sequence(...uses))] : []),
      extension('2.5.29.14', false, octets(keyIdOf(publicKey))),
      extension('2.5.29.35', false, sequence(implicit(0, keyIdOf(this.#keys.publicKey)))),
      ...(names.length > 0 ? [extension('2.5.29.17', false, sequence(...names))] : []),
      ...(wish.unknownCritical ? [extension('1.3.6.1.4.1.99999.1', true, utf8('?'))] : []),
    ]
    const cert = this.#signed(
      nameOf(wish.subject ?? [['2.5.4.3', wish.commonName]]),
      publicKey,
      wish.notBefore ?? new Date(Date.now() - 3_600_000),
      wish.notAfter ?? new Date(Date.now() + dayMs),
      extensions,
    )
    return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
  }

  #signed(subject: Buffer, publicKey: KeyObject, notBefore: Date, notAfter: Date, extensions: Buffer[]): string {
    const serial = randomBytes(16)
    serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
    const algorithm = sequence(oid(signatureIds[this.#keys.privateKey.asymmetricKeyType === 'rsa' ? 'rsa' : 'ec'][this.#hash]))
    const body = sequence(
      explicit(0, integer(Buffer.from([2]))),
      integer(serial),
      algorithm,
      nameOf([['2.5.4.3', this.#name]]),
      sequence(time(notBefore), time(notAfter)),
      subject,
      publicKey.export({ type: 'spki', format: 'der' }),
      explicit(3, sequence(...extensions)),
    )
    const der = sequence(body, algorithm, bits(sign(this.#hash, body, this.#keys.privateKey)))
    return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`
  }
}

/** A certificate that its own key signed, with the `basicConstraints` of an authority, as the usual tools make them. */
export function selfSigned(commonName: string, wish: Pick<AuthorityWish, 'keys' | 'notAfter' | 'hash'> = {}): Certified {
  const keys = wish.keys ?? generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { cert } = new Authority(commonName, { ...wish, keys })
  return { cert, key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

/** The DER of a PEM certificate. */
export function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64')
}

/** SHA-256 of the DER, base64url: `x5t#S256`. */
export function thumbprintOf(pem: string): string {
  return createHash('sha256').update(derOf(pem)).digest('base64url')
}

const dayMs = 24 * 3_600_000
const signatureIds = {
  ec: { sha256: '1.2.840.10045.4.3.2', sha1: '1.2.840.10045.4.1' },
  rsa: { sha256: '1.2.840.113549.1.1.11', sha1: '1.2.840.113549.1.1.5' },
}

function nameOf(subject: [type: string, value: string][]): Buffer {
  return sequence(...subject.map(([type, value]) => set(sequence(oid(type), utf8(value)))))
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [yes] : []), octets(value))
}

function permitted(names: string[]): Buffer {
  const subtrees = names.map((name) => sequence(implicit(2, Buffer.from(name, 'latin1'))))
  return sequence(explicit(0, ...subtrees))
}

/** SHA-1 of the public key: method 1 of RFC 5280 section 4.2.1.2, a name and no protection. */
function keyIdOf(publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha1')
    .update(publicKey.asymmetricKeyType === 'ec' ? spki.subarray(-65) : spki)
    .digest()
}

function addressBytes(address: string): Buffer {
  if (!isIPv4(address)) throw new TypeError(`${address} is no IPv4 address`)
  return Buffer.from(address.split('.').map(Number))
}
