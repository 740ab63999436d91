import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.ts'
import { VaultError } from './errors.ts'
import type { KeyEncryptionKey } from './key-encryption-key.ts'
import { type Environment, loadKey } from './key-uri.ts'

/** The database or a transaction. */
export type Queries = Pick<Kysely<Tables>, 'selectFrom' | 'insertInto' | 'updateTable'>

/**
 * The key-encryption keys of this process. During and after a key rotation there are several; which one is current is said by the database,
 * each time that something is sealed, so that a rotation on one node holds on all.
 */
export class Keyring {
  readonly #db: Queries
  readonly #env: Environment
  readonly #held = new Map<string, KeyEncryptionKey>()

  constructor(db: Queries, env: Environment) {
    this.#db = db
    this.#env = env
  }

  hold(key: KeyEncryptionKey): void {
    this.#held.set(key.id, key)
  }

  /** Loads the key at that address and holds it. */
  load(uri: string, options: { create: boolean } = { create: false }): KeyEncryptionKey {
    const held = [...this.#held.values()].find((key) => key.uri === uri && uri.startsWith('env:'))
    const key = held ?? loadKey(uri, this.#env, options)
    this.hold(key)
    return key
  }

  /**
   * The key with that id: held, or loaded from the address that the database knows.
   * @throws VaultError naming the id and the address where it should be
   */
  async get(id: string, queries: Queries = this.#db): Promise<KeyEncryptionKey> {
    const held = this.#held.get(id)
    if (held !== undefined) return held
    const row = await queries.selectFrom('encryption_keys').select('uri').where('id', '=', id).executeTakeFirst()
    if (row === undefined)
      throw new VaultError('key-missing', `Something is sealed under the key ${id}, of which this installation knows nothing`)
    return this.#expect(id, row.uri)
  }

  /** The key that new secrets are sealed under. In a transaction, a key rotation waits for its end: nothing is left under the old key. */
  async current(queries: Queries = this.#db): Promise<KeyEncryptionKey> {
    const row = await queries
      .selectFrom('encryption_keys')
      .select(['id', 'uri'])
      .where('state', '=', 'current')
      .forKeyShare()
      .executeTakeFirstOrThrow()
    return this.#held.get(row.id) ?? this.#expect(row.id, row.uri)
  }

  #expect(id: string, uri: string): KeyEncryptionKey {
    let key: KeyEncryptionKey
    try {
      key = this.load(uri)
    } catch (error) {
      throw wrongKey(id, uri, error instanceof Error ? error.message : 'it could not be loaded', error)
    }
    if (key.id !== id) throw wrongKey(id, uri, `that address holds ${key.id}`)
    return key
  }
}

/** What to say where the key that is needed is not where it should be. */
export function wrongKey(id: string, uri: string, found: string, cause?: unknown): VaultError {
  return new VaultError(
    'key-wrong',
    `The secrets of this installation are sealed under the key-encryption key ${id} (${uri}), but ${found}. ` +
      'Put that key back from its backup, or set KEYWARD_KEK to where it is. Without it nobody can read the stored secrets.',
    { cause },
  )
}
