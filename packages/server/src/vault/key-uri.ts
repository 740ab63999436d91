import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { VaultError } from './errors.ts'
import { HeldKey, type KeyEncryptionKey } from './key-encryption-key.ts'
import { createKeyFile, parseKey, readKeyFile } from './key-file.ts'

/** Where a key-encryption key is. */
export type KeyAddress = { readonly scheme: 'file'; readonly path: string } | { readonly scheme: 'env'; readonly name: string }

export type Environment = Record<string, string | undefined>

/**
 * Reads `file:PATH` (also `file:///PATH`; a relative path counts from the working folder) or `env:NAME`.
 * @throws VaultError `key-address`
 */
export function parseKeyUri(uri: string): KeyAddress {
  if (uri.startsWith('file:')) {
    const path = uri.startsWith('file://') ? fileUrlPath(uri) : uri.slice('file:'.length)
    if (path.length > 0 && !path.includes('\0')) return { scheme: 'file', path: isAbsolute(path) ? path : resolve(path) }
  }
  const name = /^env:([A-Za-z_][A-Za-z0-9_]*)$/.exec(uri)?.[1]
  if (name !== undefined) return { scheme: 'env', name }
  // What stands there may be the key itself, by mistake: only a known scheme is repeated.
  const scheme = /^(file|env|awskms|gcpkms|vault):/.exec(uri)?.[0]
  throw new VaultError(
    'key-address',
    `${scheme === undefined ? 'This' : `\`${scheme}…\``} is no address of a key-encryption key: use file:/absolute/path or env:NAME`,
  )
}

/** The address in the one form in which it is stored. */
export function formatKeyUri(address: KeyAddress): string {
  return address.scheme === 'file' ? `file:${address.path}` : `env:${address.name}`
}

/** The key's file of the installation in `dataFolder`: outside it, so that no copy of the data folder is a copy of the secrets. */
export function defaultKeyUri(configurationFolder: string, dataFolder: string): string {
  const place = createHash('sha256').update(realpathSync(dataFolder)).digest('hex').slice(0, 16)
  return formatKeyUri({ scheme: 'file', path: join(configurationFolder, `${place}.key`) })
}

/**
 * Loads the key at `uri`. With `create`, a `file:` that does not exist is made.
 * A variable of `env:` is removed from `env` once read: what this process starts must not inherit it.
 * @throws VaultError
 */
export function loadKey(uri: string, env: Environment, options: { create: boolean } = { create: false }): KeyEncryptionKey {
  const address = parseKeyUri(uri)
  const material = address.scheme === 'file' ? fromFile(address.path, options.create) : fromVariable(address.name, env)
  try {
    return new HeldKey(material, formatKeyUri(address), { readableByHolder: address.scheme === 'file' })
  } finally {
    material.fill(0)
  }
}

function fromFile(path: string, create: boolean): Buffer {
  try {
    return readKeyFile(path)
  } catch (error) {
    if (!create || !(error instanceof VaultError) || error.code !== 'key-missing') throw error
  }
  createKeyFile(path)
  return readKeyFile(path)
}

function fromVariable(name: string, env: Environment): Buffer {
  const text = env[name]
  if (text === undefined || text.trim() === '')
    throw new VaultError('key-missing', `The variable ${name} of the environment, which should hold the key-encryption key, is not set`)
  const material = parseKey(text, `The variable ${name}`)
  delete env[name]
  return material
}

function fileUrlPath(uri: string): string {
  try {
    return fileURLToPath(uri)
  } catch {
    return ''
  }
}
