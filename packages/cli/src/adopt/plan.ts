import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import type { Found, Place } from './found.ts'
import { offsetOf, readFileBytes } from './found.ts'
import { applied, type Edit, inOrder, lineAt, type Reference } from './rewrite/edit.ts'
import { rewrite } from './rewrite/rewrite.ts'

/** What a file is, and what it is to be. */
export interface FilePlan {
  readonly file: string
  readonly shown: string
  readonly before: Buffer
  readonly after: Buffer
  readonly edits: readonly Edit[]
  readonly remarks: readonly string[]
}

/** A place where a person has to take the secret out. */
export interface ByHand {
  readonly place: Place
  readonly why: string
}

export interface Plan {
  readonly files: readonly FilePlan[]
  readonly byHand: readonly ByHand[]
}

/** For a secret whose resource no program could reach: no place is touched. */
export type ReferenceOf = (found: Found) => Reference | { readonly byHand: string }

/** Files larger than this are not rewritten: no source file or settings are. */
const fileBytesMax = 16_777_216

/** Works out how each secret comes out of each file. Reads, and changes nothing. */
export function planOf(found: readonly Found[], referenceOf: ReferenceOf): Plan {
  const byFile = new Map<string, { readonly one: Found; readonly place: Place }[]>()
  for (const one of found) for (const place of one.places) byFile.set(place.file, [...(byFile.get(place.file) ?? []), { one, place }])
  const files: FilePlan[] = []
  const byHand: ByHand[] = []
  for (const [file, spots] of byFile) {
    const before = whyNot(file) === undefined ? readFileBytes(file) : undefined
    if (before === undefined) {
      byHand.push(...spots.map(({ place }) => ({ place, why: whyNot(file) ?? 'it is not a file of its own' })))
      continue
    }
    const text = before.toString('latin1')
    const edits: Edit[] = []
    const remarks = new Set<string>()
    for (const { one, place } of spots) {
      const made = rewriteOf(place, one, before, text, referenceOf)
      if ('byHand' in made) byHand.push({ place, why: made.byHand })
      else if (made.edits.some((edit) => edits.some((other) => overlap(edit, other))))
        byHand.push({ place, why: 'another secret stands in the same place' })
      else {
        edits.push(...made.edits)
        if (made.remark !== undefined) remarks.add(made.remark)
      }
    }
    if (edits.length === 0) continue
    if (statSync(file).nlink > 1) remarks.add('the file has another name (a hard link), under which it still holds the secret')
    const after = Buffer.from(applied(text, edits), 'latin1')
    files.push({ file, shown: spots[0]?.place.shown ?? file, before, after, edits: inOrder(edits), remarks: [...remarks] })
  }
  return { files, byHand }
}

function rewriteOf(place: Place, { secret, ...found }: Found, bytes: Buffer, text: string, referenceOf: ReferenceOf) {
  const reference = referenceOf({ secret, ...found })
  if ('byHand' in reference) return reference
  const start = offsetOf(place, secret, bytes)
  if (start === undefined)
    return {
      byHand:
        place.via.length > 0
          ? `it is encoded there (${place.via.join(', ')})`
          : 'the file was changed meanwhile: run the same command again',
    }
  return rewrite({ path: place.file, text, start, end: start + secret.length }, reference)
}

/** Two secrets of one line that would each replace it whole; the same import for both is no quarrel. */
function overlap(a: Edit, b: Edit): boolean {
  if (a.start === b.start && a.end === b.end && a.text === b.text && a.start === a.end) return false
  return a.start < b.end && b.start < a.end
}

/** A file that may not be written is its owner's word, whoever runs this. */
function whyNot(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found?.isFile()) return 'it is not a file of its own'
  if ((found.mode & 0o222) === 0) return `the file is read-only: chmod u+w ${file}`
  return found.size > fileBytesMax ? `the file is larger than ${fileBytesMax / 1_048_576} MiB` : undefined
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** What changes, line by line, with every known secret masked. */
export function diffOf({ shown, before, edits }: FilePlan, masks: readonly (readonly [string, string])[]): string[] {
  const text = before.toString('latin1')
  const lines = [`--- ${shown}`]
  const touched = new Map<number, { end: number; edits: Edit[] }>()
  for (const edit of edits) {
    const { start, end } = lineAt(text, edit.start)
    const group = touched.get(start) ?? { end, edits: [] }
    group.edits.push(edit)
    touched.set(start, group)
  }
  const show = (part: string) =>
    Buffer.from(
      masks.reduce((made, [secret, masked]) => made.replaceAll(secret, () => Buffer.from(masked).toString('latin1')), part),
      'latin1',
    ).toString('utf8')
  for (const [start, group] of [...touched].sort(([a], [b]) => a - b)) {
    const inserted = group.edits.filter((edit) => edit.start === edit.end)
    const replaced = group.edits.filter((edit) => edit.start !== edit.end)
    for (const edit of inserted) lines.push(`+ ${edit.text.trimEnd()}`)
    if (replaced.length === 0) continue
    const shifted = replaced.map((edit) => ({ ...edit, start: edit.start - start, end: edit.end - start }))
    const line = text.slice(start, group.end)
    lines.push(`- ${show(line)}`, `+ ${show(applied(line, shifted))}`)
  }
  return lines
}
