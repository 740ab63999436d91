import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import type { CompiledDetector, DetectorSet } from '../compiled-detector.ts'
import { compileFile } from '../pattern/compile.ts'
import { DetectorFileError, detectorFileOf } from './validate.ts'

/** Compiles all detector files (`*.yaml`) of a folder, or one file. Throws with the file, the detector and the reason. */
export function compileFolder(path: string, dialect: 'js' | 're2'): CompiledDetector[] {
  const files = statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => /\.ya?ml$/.test(name))
        .sort()
        .map((name) => join(path, name))
    : [path]
  const detectors = files.flatMap((file) => {
    const parsed = detectorFileOf(parse(readFileSync(file, 'utf8')), basename(file))
    return compileFile(parsed, dialect)
  })
  const seen = new Set<string>()
  for (const { id } of detectors) {
    if (seen.has(id)) throw new DetectorFileError(`${id}: two detectors have this id`)
    seen.add(id)
  }
  if (dialect === 'js') checkParts(detectors, seen)
  return detectors
}

function checkParts(detectors: readonly CompiledDetector[], ids: ReadonlySet<string>): void {
  for (const { id, parts } of detectors) {
    for (const part of parts ?? [])
      if (!ids.has(part.detector)) throw new DetectorFileError(`${id}: its part ${part.detector} does not exist`)
  }
}

export function detectorSetOf(detectors: readonly CompiledDetector[]): DetectorSet {
  return { version: createHash('sha256').update(JSON.stringify(detectors)).digest('hex').slice(0, 16), detectors }
}
