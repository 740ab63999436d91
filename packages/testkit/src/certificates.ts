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
  dnsNames?: string[]
  /** IPv4 only. */
  addresses?: string[]
  /** A SPIFFE id, for one. */
  uris?: string[]
  /** Default: server and client. */
  use?: ('server' | 'client')[]
  /** Default: an hour ago. */
  notBefore?: Date
  /** Default: in a day. */
  notAfter?: Date
}

/** A certificate authority of a test's own. Nothing trusts it unless told to (`ca`, NODE_EXTRA_CA_CERTS). */
export class Authority {
  /** The root certificate, PEM. */
  readonly cert: string
  readonly #key: KeyObject
  readonly #name: string
  readonly #keyId: Buffer

  constructor(name = 'Keyward test authority') {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#key = privateKey
    this.#name = name
    this.#keyId = keyIdOf(publicKey)
    const extensions = [
      extension('2.5.29.19', true, sequence(yes)),
      extension('2.5.29.15', true, bits(Buffer.from([0b0000_0110]), 1)),
      extension('2.5.29.14', false, octets(this.#keyId)),
    ]
    this.cert = this.#signed(name, publicKey, new Date(Date.now() - dayMs), new Date(Date.now() + 3650 * dayMs), extensions)
  }

  /** A key pair and a certificate for it (P-256), signed by this authority. */
  issue(wish: CertificateWish): Certified {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const names = [
      ...(wish.dnsNames ?? []).map((name) => implicit(2, Buffer.from(name, 'latin1'))),
      ...(wish.uris ?? []).map((uri) => implicit(6, Buffer.from(uri, 'latin1'))),
      ...(wish.addresses ?? []).map((address) => implicit(7, addressBytes(address))),
    ]
    const uses = (wish.use ?? ['server', 'client']).map((use) => oid(use === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2'))
    const extensions = [
      extension('2.5.29.19', true, sequence()),
      extension('2.5.29.15', true, bits(Buffer.from([0b1000_0000]), 7)),
      extension('2.5.29.37', false, sequence(...uses)),
      extension('2.5.29.14', false, octets(keyIdOf(publicKey))),
      extension('2.5.29.35', false, sequence(implicit(0, this.#keyId))),
      ...(names.length > 0 ? [extension('2.5.29.17', false, sequence(...names))] : []),
    ]
    const cert = this.#signed(
      wish.commonName,
      publicKey,
      wish.notBefore ?? new Date(Date.now() - 3_600_000),
      wish.notAfter ?? new Date(Date.now() + dayMs),
      extensions,
    )
    return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
  }

  #signed(subject: string, publicKey: KeyObject, notBefore: Date, notAfter: Date, extensions: Buffer[]): string {
    const serial = randomBytes(16)
    serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
    const body = sequence(
      explicit(0, integer(Buffer.from([2]))),
      integer(serial),
      ecdsaWithSha256,
      nameOf(this.#name),
      sequence(time(notBefore), time(notAfter)),
      nameOf(subject),
      publicKey.export({ type: 'spki', format: 'der' }),
      explicit(3, sequence(...extensions)),
    )
    const der = sequence(body, ecdsaWithSha256, bits(sign('sha256', body, this.#key)))
    return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`
  }
}

const dayMs = 24 * 3_600_000
const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'))

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8(commonName))))
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [yes] : []), octets(value))
}

/** SHA-1 of the public point: method 1 of RFC 5280 section 4.2.1.2, a name and no protection. */
function keyIdOf(publicKey: KeyObject): Buffer {
  return createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }).subarray(-65))
    .digest()
}

function addressBytes(address: string): Buffer {
  if (!isIPv4(address)) throw new TypeError(`${address} is no IPv4 address`)
  return Buffer.from(address.split('.').map(Number))
}
