import { rmSync } from 'node:fs'
import { exitCodes, Failure } from '../failure.ts'
import type { Adoption, Adoptions, KeptFile } from './adoption.ts'
import { readFileBytes } from './found.ts'
import { sha256 } from './plan.ts'
import { draftOf, replaceFile } from './replace.ts'

export interface Undone {
  readonly restored: readonly string[]
  /** Copies of what was there, where `--force` overwrote changes. */
  readonly copies: readonly string[]
}

/**
 * Puts every file back as it was, byte for byte. Looks at all files before it touches one.
 * @throws Failure naming files that were changed since; with `force` a copy of those is kept beside the old bytes
 */
export function undo(adoptions: Adoptions, adoption: Adoption, force: boolean): Undone {
  if (adoption.state === 'begun' || adoption.state === 'stored') {
    adoptions.save({ ...adoption, state: 'undone' })
    return { restored: [], copies: [] }
  }
  const now = adoption.files.map((kept) => ({ kept, bytes: readFileBytes(kept.file) }))
  const gone = now.filter(({ bytes }) => bytes === undefined).map(({ kept }) => kept)
  if (gone.length > 0)
    throw new Failure(exitCodes.refused, `Gone: ${gone.map(({ file }) => file).join(', ')}. Nothing was put back`, {
      fix: `The old bytes are kept: ${gone.map(({ copy }) => `${adoptions.folder}/${adoption.id}/${copy}`).join(', ')}`,
    })
  const changed = now.filter(({ kept, bytes }) => bytes !== undefined && ![kept.before, kept.after].includes(sha256(bytes)))
  if (changed.length > 0 && !force)
    throw new Failure(
      exitCodes.refused,
      `Changed since the adoption: ${changed.map(({ kept }) => kept.file).join(', ')}. Nothing was put back`,
      {
        fix: `keyward adopt --undo ${adoption.id} --force puts the old file back and keeps a copy of what is there now.`,
      },
    )
  const restored: string[] = []
  const copies: string[] = []
  for (const { kept, bytes } of now) {
    rmSync(draftOf(kept.file, adoption.id), { force: true })
    if (bytes === undefined || sha256(bytes) === kept.before) continue
    if (sha256(bytes) !== kept.after) {
      const copy = `${kept.copy}.changed`
      adoptions.keep(adoption.id, copy, bytes)
      copies.push(`${adoptions.folder}/${adoption.id}/${copy}`)
    }
    restore(adoptions, adoption, kept, bytes)
    restored.push(kept.file)
  }
  adoptions.save({ ...adoption, state: 'undone' })
  return { restored, copies }
}

function restore(adoptions: Adoptions, { id }: Adoption, kept: KeptFile, now: Buffer): void {
  const old = adoptions.kept(id, kept.copy)
  if (sha256(old) !== kept.before)
    throw new Failure(exitCodes.refused, `The copy of ${kept.file} in ${adoptions.folder}/${id} is not what was kept: it is not used`)
  replaceFile(kept.file, old, sha256(now), id)
}
