import { lstatSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Detection } from '@keyward/scanner/detection/detection'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'

/** A secret that was found, with the places in files where it can be replaced. Stays in this process. */
export interface Found {
  readonly detection: Detection
  readonly secret: string
  readonly places: readonly Place[]
}

export interface Place {
  /** Absolute, links resolved. */
  readonly file: string
  /** As it was asked for. */
  readonly shown: string
  readonly line: number
  /** First byte of a line is 1. */
  readonly column: number
  /** How the secret is encoded there, outermost first; empty where it stands as it is. */
  readonly via: readonly string[]
}

export interface Search {
  readonly found: readonly Found[]
  /** Everything that looks like a secret there, for masking what is shown: also what is not adopted. */
  readonly masks: readonly (readonly [secret: string, masked: string])[]
}

/** Scans files and folders of the work tree (no history). A link that is named is followed; what is linked to inside a folder is not. @throws Failure (usage) where one is not there */
export async function searchIn(paths: readonly string[]): Promise<Search> {
  for (const path of paths) {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) throw wrongUsage(`${path} is not there`)
  }
  const { scanToReport } = await import('@keyward/scanner/scan')
  const secrets = new Map<Detection, string>()
  const report = await scanToReport({
    targets: paths.map((path) => ({ kind: 'path', path: lstatSync(path).isSymbolicLink() ? realpathSync(path) : path })),
    all: true,
    onSecret: (detection, secret) => secrets.set(detection, secret),
  })
  const unread = report.notices.find((one) => one.reason === 'unreadable' && paths.includes(one.path))
  if (unread) throw new Failure(exitCodes.refused, `${unread.path} ${unread.text}`)
  const found = [...secrets].flatMap(([detection, secret]) =>
    detection.verdict === 'secret' && detection.allowed === undefined ? [{ detection, secret, places: placesOf(detection) }] : [],
  )
  const masks = [...secrets].map(([detection, secret]) => [secret, detection.masked] as const).sort(([a], [b]) => b.length - a.length)
  return { found, masks }
}

function placesOf(detection: Detection): Place[] {
  return detection.sightings.map(({ path, line, column, via }) => {
    const whole = resolve(path)
    const isFile = statSync(whole, { throwIfNoEntry: false })?.isFile() === true
    return { file: isFile ? realpathSync(whole) : whole, shown: path, line, column, via }
  })
}

/** Byte offset of a place in its file's bytes; undefined where the secret does not stand there as it is. */
export function offsetOf(place: Place, secret: string, bytes: Buffer): number | undefined {
  if (place.via.length > 0) return undefined
  let start = 0
  for (let line = 1; line < place.line; line++) {
    const end = bytes.indexOf(10, start)
    if (end === -1) return undefined
    start = end + 1
  }
  const at = start + place.column - 1
  return bytes.subarray(at, at + secret.length).equals(Buffer.from(secret, 'latin1')) ? at : undefined
}

/** The secret as it goes to the vault: files hold UTF-8, matches one character a byte. */
export function textOf(secret: string): string {
  return Buffer.from(secret, 'latin1').toString('utf8')
}

/** @returns undefined where it is no file (any more) */
export function readFileBytes(path: string): Buffer | undefined {
  try {
    return statSync(path).isFile() ? readFileSync(path) : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
