export type VaultErrorCode = 'key-address' | 'key-missing' | 'key-unsafe' | 'key-malformed' | 'key-wrong' | 'damaged'

/** Something about keys that the operator has to know. The message names ids, addresses and the fix, never material. */
export class VaultError extends Error {
  readonly code: VaultErrorCode

  constructor(code: VaultErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'VaultError'
    this.code = code
  }
}
