import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { VaultError } from './errors.ts'
import { keyBytes } from './key-encryption-key.ts'

/** A key file holds one line; what is larger is another file. */
const fileBytesMax = 1_024

/**
 * Reads the 32 bytes of a key-encryption key's file (base64 or hexadecimal text).
 * @throws VaultError `key-missing`, `key-unsafe` (others can read it, or could replace it), `key-malformed`
 */
export function readKeyFile(path: string): Buffer {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new VaultError('key-missing', `There is no key-encryption key at ${path}`)
    throw new VaultError(
      'key-missing',
      `The key-encryption key at ${path} can't be read (${code}): make it readable for the user that runs Keyward`,
    )
  }
  try {
    checkSafe(fd, path)
    const bytes = Buffer.alloc(fileBytesMax + 1)
    const length = readSync(fd, bytes)
    const text = bytes.toString('latin1', 0, length)
    bytes.fill(0)
    return parseKey(length > fileBytesMax ? '' : text, path)
  } finally {
    closeSync(fd)
  }
}

/**
 * Makes a new random key at `path` (mode 0600, in a folder of mode 0700), durable before this returns: what is sealed under a key that a
 * power cut loses is lost. Does nothing where there is a file already, also when several processes come at once.
 */
export function createKeyFile(path: string): void {
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  const fd = openSync(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    writeSync(fd, `${randomBytes(keyBytes).toString('base64')}\n`)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  try {
    // A link appears whole or not at all, and never over another file.
    linkSync(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
  const folderFd = openSync(folder, constants.O_RDONLY)
  try {
    fsyncSync(folderFd)
  } finally {
    closeSync(folderFd)
  }
}

/**
 * 32 bytes from base64 (also base64url, with or without padding) or 64 hexadecimal digits; white space around is ignored.
 * @throws VaultError `key-malformed`; `where` names the place, the text is never repeated
 */
export function parseKey(text: string, where: string): Buffer {
  const trimmed = text.trim()
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return Buffer.from(trimmed, 'hex')
  if (/^[A-Za-z0-9+/]{43}=?$/.test(trimmed)) return Buffer.from(trimmed, 'base64')
  if (/^[A-Za-z0-9_-]{43}=?$/.test(trimmed)) return Buffer.from(trimmed, 'base64url')
  throw new VaultError(
    'key-malformed',
    `${where} holds no key: it must be ${keyBytes} random bytes as base64 or hexadecimal (\`openssl rand -base64 ${keyBytes}\`)`,
  )
}

function checkSafe(fd: number, path: string): void {
  const { mode, uid } = fstatSync(fd)
  if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw new VaultError('key-unsafe', `${path} is not a regular file`)
  if (process.getuid === undefined) return
  const permissions = mode & 0o777
  if ((permissions & 0o077) !== 0) {
    throw new VaultError(
      'key-unsafe',
      `Others on this machine may read or change ${path} (mode 0${permissions.toString(8)}): run \`chmod 600 ${path}\``,
    )
  }
  const me = process.getuid()
  if (me !== 0 && uid !== me && uid !== 0) {
    throw new VaultError('key-unsafe', `${path} belongs to another user (uid ${uid}), who could replace it: run \`chown ${me} ${path}\``)
  }
}
