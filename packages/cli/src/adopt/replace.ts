import { closeSync, fchmodSync, fchownSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { exitCodes, Failure } from '../failure.ts'
import { readFileBytes } from './found.ts'
import { sha256 } from './plan.ts'

/** Where the new text of a file stands until it takes the file's name. Known from the adoption, so that a repeat can take it away. */
export function draftOf(file: string, adoption: string): string {
  return join(dirname(file), `.${basename(file)}.keyward-${adoption}`)
}

/**
 * Puts new bytes in the place of a file, with its mode and its owner: whole or not at all.
 * @param expected digest of what must still be there
 * @throws Failure where it changed meanwhile, or belongs to somebody whose it could not stay
 */
export function replaceFile(file: string, bytes: Uint8Array, expected: string, adoption: string): void {
  const found = statSync(file)
  const draft = draftOf(file, adoption)
  rmSync(draft, { force: true })
  const fd = openSync(draft, 'wx', 0o600)
  try {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
      keepOwner(fd, found, file)
      fchmodSync(fd, found.mode & 0o7777)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    const now = readFileBytes(file)
    if (now === undefined || sha256(now) !== expected) throw changed(file)
    renameSync(draft, file)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
  syncFolder(dirname(file))
}

export function changed(file: string): Failure {
  return new Failure(exitCodes.refused, `${file} was changed by somebody else meanwhile: it was left as it is`, {
    fix: 'Run the same command again: what is done is not done twice.',
  })
}

function keepOwner(fd: number, { uid, gid }: { uid: number; gid: number }, file: string): void {
  if (process.getuid === undefined || (process.getuid() === uid && process.getgid?.() === gid)) return
  try {
    fchownSync(fd, uid, gid)
  } catch (error) {
    throw new Failure(exitCodes.refused, `${file} belongs to another user or group, and would not any more: it was left as it is`, {
      fix: 'Run this as that user.',
      cause: error,
    })
  }
}

/** Makes a rename last through a power cut, where the system can. */
export function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EINVAL', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
