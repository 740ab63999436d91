import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import type { Database } from '../db/database.ts'
import type { Log } from '../observe/log.ts'
import { type Bind, fingerprintKeyBind } from './bind.ts'
import { DataKeys } from './data-keys.ts'
import { openWith, type Sealed, seal, unwrapDataKey } from './envelope.ts'
import { type Installation, openInstallation } from './installation.ts'
import { type KeyRotationProgress, rotateKeyEncryptionKey } from './key-rotation.ts'
import { defaultKeyUri, type Environment } from './key-uri.ts'
import { Keyring, type Queries } from './keyring.ts'
import type { Secret } from './secret.ts'

export interface VaultOptions {
  readonly db: Database
  /** KEYWARD_KEK, where the operator set it. */
  readonly kekUri: string | undefined
  readonly dataFolder: string
  /** Where keys are by default (config.ts: configurationFolder). */
  readonly configurationFolder: string
  readonly organisation: string
  readonly log: Log
  /** Where `env:` keys come from; they are removed from it. */
  readonly env?: Environment
}

/**
 * Opens the vault of the installation in this database; at the first start makes the installation and its key-encryption key.
 * @throws VaultError where the key is missing, unsafe or another one; the message says which is needed and what to do
 */
export async function openVault(options: VaultOptions): Promise<Vault> {
  const keyring = new Keyring(options.db, options.env ?? process.env)
  const installation = await openInstallation(options.db, keyring, {
    organisation: options.organisation,
    kekUri: options.kekUri,
    defaultKekUri: defaultKeyUri(options.configurationFolder, options.dataFolder),
    log: options.log,
  })
  const bind = fingerprintKeyBind(installation.id)
  const { fingerprintKey } = installation
  const material = openWith(
    await unwrapDataKey(fingerprintKey, bind, await keyring.get(fingerprintKey.encryptionKey)),
    fingerprintKey,
    bind,
  )
  try {
    return new Vault(options.db, keyring, installation, material.useBytes(createSecretKey))
  } finally {
    material.destroy()
  }
}

/** Secrets at rest and their fingerprints. Data keys may stay unwrapped in memory; secrets never do. */
export class Vault {
  readonly installation: Pick<Installation, 'id' | 'organisation'>
  readonly #db: Database
  readonly #keyring: Keyring
  readonly #fingerprintKey: KeyObject
  readonly #dataKeys = new DataKeys()

  constructor(db: Database, keyring: Keyring, installation: Installation, fingerprintKey: KeyObject) {
    this.installation = { id: installation.id, organisation: installation.organisation }
    this.#db = db
    this.#keyring = keyring
    this.#fingerprintKey = fingerprintKey
  }

  /**
   * Seals a secret under the current key-encryption key. Give the transaction that will store it: a key rotation then waits for its end, and
   * leaves nothing behind under the old key.
   */
  async seal(secret: Secret, bind: Bind, queries: Queries = this.#db): Promise<Sealed> {
    return seal(secret, bind, await this.#keyring.current(queries))
  }

  /** @throws VaultError `damaged` where it is not what was sealed for this bind; `key-wrong` where its key is not to be had */
  async open(sealed: Sealed, bind: Bind): Promise<Secret> {
    const ready = this.openCached(sealed, bind)
    if (ready !== undefined) return ready
    const mark = this.#dataKeys.mark
    const dataKey = await unwrapDataKey(sealed, bind, await this.#keyring.get(sealed.encryptionKey))
    const secret = openWith(dataKey, sealed, bind)
    this.#dataKeys.keep(bind, dataKey, mark)
    return secret
  }

  /** The same at once, where the data key is at hand; undefined where it is not (then `open`). */
  openCached(sealed: Sealed, bind: Bind): Secret | undefined {
    const dataKey = this.#dataKeys.get(bind)
    if (dataKey === undefined) return undefined
    try {
      return openWith(dataKey, sealed, bind)
    } catch {
      // Sealed anew under another data key, or damaged: `open` unwraps and tells which.
      this.#dataKeys.drop(bind)
      return undefined
    }
  }

  /** Drops the data keys of a credential (or signing key): it was revoked, changed or deleted. */
  forget(id: string): void {
    this.#dataKeys.forget(id)
  }

  /** Drops every data key: this node may have missed a revocation. */
  forgetAll(): void {
    this.#dataKeys.forgetAll()
  }

  /** HMAC-SHA256(installation key, SHA-256(secret)), 32 bytes: equal for equal secrets, useless without the installation's key. */
  fingerprint(secret: Secret): Buffer {
    return this.fingerprintOfDigest(secret.useBytes((bytes) => createHash('sha256').update(bytes).digest()))
  }

  /** The same from the SHA-256 of a secret, which is all that a scanner elsewhere sends. */
  fingerprintOfDigest(sha256: Uint8Array): Buffer {
    if (sha256.length !== 32) throw new RangeError('a SHA-256 digest has 32 bytes')
    return createHmac('sha256', this.#fingerprintKey).update(sha256).digest()
  }

  /** Replaces the key-encryption key (key-rotation.ts); go through it to the end. Reports what has been done after each batch. */
  rotateKeyEncryptionKey(newUri: string): AsyncGenerator<KeyRotationProgress> {
    return rotateKeyEncryptionKey(this.#db, this.#keyring, newUri)
  }

  /** A key that only a holder of that key-encryption key's file can make, too. Undefined for keys that are in no file. */
  async deriveForHolder(keyId: string, info: string, salt: Uint8Array): Promise<Buffer | undefined> {
    return (await this.#keyring.get(keyId)).deriveForHolder(info, salt)
  }

  /** Id and address of the current key-encryption key. */
  async currentKey(): Promise<{ readonly id: string; readonly uri: string }> {
    const { id, uri } = await this.#keyring.current()
    return { id, uri }
  }
}
