import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { exitCodes, Failure } from '../failure.ts'

/**
 * Reads a file that holds a secret; undefined where there is none.
 * @throws Failure where others on this machine can read it
 */
export function readPrivateFile(path: string): string | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    if (process.platform !== 'win32' && (fstatSync(fd).mode & 0o077) !== 0)
      throw new Failure(exitCodes.refused, `Others on this machine can read ${path}, which holds a secret`, {
        fix: `chmod 600 ${path} (and make a new secret, if they may have read it)`,
      })
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

/** Writes a file of mode 0600 in a folder of mode 0700: whole or not at all, whatever was there before. */
export function writePrivateFile(path: string, text: string): void {
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx' })
    chmodSync(draft, 0o600)
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}
