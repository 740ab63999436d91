import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** What an authenticator may be told to do wrong. */
export interface Faults {
  readonly origin?: string
  readonly rpId?: string
  readonly userVerified?: boolean
  readonly counter?: number
  readonly challenge?: string
  readonly userHandle?: string | null
  readonly signature?: Buffer
}

/** A passkey in software (WebAuthn Level 3): ES256, attestation `none`, one credential. */
export class Authenticator {
  readonly id = randomBytes(16)
  readonly #privateKey: KeyObject
  readonly #coseKey: Buffer
  #counter = 0
  #userHandle = ''

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
    this.#privateKey = privateKey
    // RFC 9053, section 7.1: kty EC2, alg ES256, crv P-256, x, y
    this.#coseKey = Buffer.concat([
      Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]),
      Buffer.from(x, 'base64url'),
      Buffer.from([0x22, 0x58, 0x20]),
      Buffer.from(y, 'base64url'),
    ])
  }

  /** `navigator.credentials.create`, as JSON. */
  create(
    options: { challenge: string; rp: { id: string }; user: { id: string } },
    origin: string,
    faults: Faults = {},
  ): Record<string, unknown> {
    this.#userHandle = options.user.id
    const length = Buffer.alloc(2)
    length.writeUInt16BE(this.id.length)
    const authData = Buffer.concat([this.#head(options.rp.id, 0x40, faults), Buffer.alloc(16), length, this.id, this.#coseKey])
    const authDataLength = Buffer.alloc(2)
    authDataLength.writeUInt16BE(authData.length)
    const attestationObject = Buffer.concat([
      Buffer.from([0xa3]),
      text('fmt'),
      text('none'),
      text('attStmt'),
      Buffer.from([0xa0]),
      text('authData'),
      Buffer.from([0x59]),
      authDataLength,
      authData,
    ])
    const clientDataJSON = this.#clientData('webauthn.create', options.challenge, origin, faults).toString('base64url')
    return this.#answer({
      clientDataJSON,
      attestationObject: attestationObject.toString('base64url'),
      transports: ['internal', 'Bad Transport'],
    })
  }

  /** `navigator.credentials.get`, as JSON. */
  get(options: { challenge: string; rpId: string }, origin: string, faults: Faults = {}): Record<string, unknown> {
    this.#counter = faults.counter ?? this.#counter + 1
    const authenticatorData = this.#head(options.rpId, 0, faults)
    const clientData = this.#clientData('webauthn.get', options.challenge, origin, faults)
    const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientData).digest()])
    const userHandle = faults.userHandle === undefined ? this.#userHandle : faults.userHandle
    return this.#answer({
      clientDataJSON: clientData.toString('base64url'),
      authenticatorData: authenticatorData.toString('base64url'),
      signature: (faults.signature ?? sign('sha256', signed, this.#privateKey)).toString('base64url'),
      ...(userHandle === null ? {} : { userHandle }),
    })
  }

  /** Hash of the relying party, flags (user present, perhaps verified), counter. */
  #head(rpId: string, flags: number, faults: Faults): Buffer {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(this.#counter)
    const verified = faults.userVerified === false ? 0 : 0x04
    const hash = createHash('sha256')
      .update(faults.rpId ?? rpId)
      .digest()
    return Buffer.concat([hash, Buffer.from([flags | 0x01 | verified]), counter])
  }

  #clientData(type: string, challenge: string, origin: string, faults: Faults): Buffer {
    return Buffer.from(
      JSON.stringify({ type, challenge: faults.challenge ?? challenge, origin: faults.origin ?? origin, crossOrigin: false }),
    )
  }

  #answer(response: Record<string, unknown>): Record<string, unknown> {
    const id = this.id.toString('base64url')
    return { id, rawId: id, type: 'public-key', response, clientExtensionResults: {}, authenticatorAttachment: 'platform' }
  }
}

/** A CBOR text of less than 24 characters. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)])
}
