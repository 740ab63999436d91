export interface SealedSecret {
  readonly ciphertext: Buffer
  readonly nonce: Buffer
  readonly wrappedKey: Buffer
  readonly encryptionKey: string
}

/** What a sealed secret belongs to (vault/bind.ts). */
export interface CredentialBind {
  readonly purpose: 'credential'
  readonly id: string
  readonly version: number
}
