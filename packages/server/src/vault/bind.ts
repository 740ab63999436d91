/**
 * What a sealed secret belongs to. It is authenticated with the ciphertext and with the wrapped data key, so that neither can be moved
 * to another credential, another version or another purpose, not even by whoever writes to the database.
 */
export interface Bind {
  readonly purpose: 'credential' | 'signing-key' | 'fingerprint-key' | 'identity-provider'
  readonly id: string
  readonly version: number
}

/** Of version `number` of a credential. */
export function credentialBind(credentialId: string, number: number): Bind {
  return { purpose: 'credential', id: credentialId, version: number }
}

/** Of the private half of a key that signs access tokens. */
export function signingKeyBind(kid: string): Bind {
  return { purpose: 'signing-key', id: kid, version: 1 }
}

/** Of the client secret that Keyward has at an identity provider for people. */
export function identityProviderBind(id: string): Bind {
  return { purpose: 'identity-provider', id, version: 1 }
}

/** Of the installation's fingerprint key. */
export function fingerprintKeyBind(installationId: string): Bind {
  return { purpose: 'fingerprint-key', id: installationId, version: 1 }
}

/** The associated data of one layer of the envelope: JSON of a list, so that no two binds give the same bytes. */
export function associatedData(layer: 'secret' | 'data-key', bind: Bind, keyId = ''): Buffer {
  return Buffer.from(JSON.stringify(['keyward', layer, 1, bind.purpose, bind.id, bind.version, keyId]))
}

export function bindName(bind: Bind): string {
  return `${bind.purpose} ${bind.id}, version ${bind.version}`
}
