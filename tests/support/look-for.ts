import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Somewhere that Keyward writes or says things. */
export type Place = readonly [name: string, bytes: Buffer]

/** The forms in which somebody might find it. */
const forms = (secret: string): Record<string, Buffer> => ({
  plain: Buffer.from(secret),
  base64: Buffer.from(Buffer.from(secret).toString('base64').slice(0, -4)),
  hex: Buffer.from(Buffer.from(secret).toString('hex')),
  utf16: Buffer.from(secret, 'utf16le'),
})

/** Where in a place a secret stands, and in which form. */
export function found(place: string, bytes: Buffer, secret: string): string[] {
  return Object.entries(forms(secret)).flatMap(([form, needle]) => (bytes.includes(needle) ? [`${place} (${form})`] : []))
}

/** Every file below a folder; what goes away meanwhile is left out. */
export function* filesBelow(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat?.isDirectory()) yield* filesBelow(path)
    else if (stat?.isFile()) yield path
  }
}
