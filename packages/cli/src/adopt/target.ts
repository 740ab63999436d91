import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DetectionWithSightings } from '@keyward/contract/detections'
import { idPrefixes } from '@keyward/contract/ids'
import { repositoryOf } from '@keyward/scanner/sources/patch'
import type { Api } from '../connection/api.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import { routeOf } from '../resource/routes.ts'
import { type Found, type Search, searchIn } from './found.ts'

/** What the command line names, and what was found there. */
export interface Targeted extends Search {
  /** Where to look again. */
  readonly paths: readonly string[]
}

interface Wanted {
  readonly all: boolean
  /** Where to look for a fingerprint. */
  readonly within: string
}

/**
 * Finds what one word names: a path, `path:line`, the beginning of a fingerprint, or the id of a reported detection.
 * @throws Failure where that is nothing, or several and `all` was not asked for
 */
export async function target(word: string, { all, within }: Wanted, api: () => Api): Promise<Targeted> {
  if (existsSync(word)) return ofPath(word, all)
  const lined = /^(.+?):(\d{1,9})(?::\d{1,9})?$/.exec(word)
  if (lined?.[1] !== undefined && existsSync(lined[1])) return ofLine(lined[1], Number(lined[2]))
  if (word.startsWith(`${idPrefixes.detection}_`)) return ofDetection(word, api())
  const fingerprint = /^(?:(?:hmac-)?sha256:|place:)?([0-9a-f]{6,64})$/.exec(word)?.[1]
  if (fingerprint !== undefined) return ofFingerprint(fingerprint, within)
  throw wrongUsage(`${word} is not there`, 'Name a path, path:line, the beginning of a fingerprint (6 digits at least), or det_….')
}

async function ofPath(path: string, all: boolean): Promise<Targeted> {
  const search = await searchIn([path])
  if (search.found.length > 1 && !all && !process.stdin.isTTY) throw several(search.found)
  return { ...search, paths: [path] }
}

async function ofLine(path: string, line: number): Promise<Targeted> {
  const search = await searchIn([path])
  const found = search.found.filter((one) => one.places.some((place) => place.line === line))
  if (found.length === 0 && search.found.length > 0) {
    const lines = search.found.flatMap((one) => one.places.map((place) => place.line))
    throw new Failure(exitCodes.refused, `No secret in line ${line} of ${path}`, { fix: `There are some in line ${lines.join(', ')}.` })
  }
  return { ...search, found, paths: [path] }
}

async function ofFingerprint(digits: string, within: string): Promise<Targeted> {
  const search = await searchIn([within])
  const found = search.found.filter(({ detection }) => detection.fingerprint.replace(/^.*:/, '').startsWith(digits))
  if (found.length === 0)
    throw new Failure(exitCodes.refused, `No secret under ${within} has a fingerprint that begins with ${digits}`, {
      fix: 'Name the folder it is in with --in. `keyward scan --json` tells fingerprints.',
    })
  if (found.length > 1) throw wrongUsage(`${found.length} fingerprints begin with ${digits}`, 'Give more of it.')
  return { ...search, found, paths: [within] }
}

/** A reported detection names places, by the paths of whoever scanned; its digest never leaves the server, so the server tells which it is. */
async function ofDetection(id: string, api: Api): Promise<Targeted> {
  const { answer } = await api.call(await routeOf('detections', 'show'), { params: { id } })
  const reported = answer as DetectionWithSightings
  const top = repositoryOf('.') ?? '.'
  const paths = new Set<string>()
  for (const { source, path } of reported.sightings) {
    if (source !== 'file') continue
    const here = [path, join(top, path)].find((one) => existsSync(one))
    if (here !== undefined) paths.add(here)
  }
  if (paths.size === 0)
    throw new Failure(exitCodes.refused, `None of the places of ${id} is in this folder`, {
      fix: `Run this where it was found: ${reported.first_place ?? 'see'} (keyward detection show ${id}).`,
    })
  const search = await searchIn([...paths])
  const alike = search.found.filter(({ detection }) => detection.masked === reported.masked)
  return { ...search, found: alike.length === 1 ? alike : await named(id, alike, api), paths: [...paths] }
}

async function named(id: string, alike: readonly Found[], api: Api): Promise<Found[]> {
  const { knownToInventory } = await import('./inventory.ts')
  const known = await knownToInventory(api, alike)
  return alike.filter((one) => known.get(one)?.id === id)
}

export function several(found: readonly Found[]): Failure {
  const places = found.map(({ detection, places: [first] }) => `${first?.shown}:${first?.line} ${detection.name} ${detection.masked}`)
  return wrongUsage(`${found.length} secrets there: ${places.join('; ')}`, 'Take all of them with --all, or name one as path:line.')
}
