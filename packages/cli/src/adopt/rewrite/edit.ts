/** What stands in the place of a secret. */
export interface Reference {
  /** The variable in which the program finds what it needs, set by `keyward run`. */
  readonly variable: string
  /** The credential, for people. */
  readonly credential: string
  /** How the program is started from now on. */
  readonly start: string
}

/** A secret in a file's text, which is latin1: a character a byte. */
export interface Spot {
  /** For its name alone: what kind of file it is. */
  readonly path: string
  readonly text: string
  readonly start: number
  readonly end: number
}

export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The changes that take a secret out, or why a person must do it. */
export type Rewrite = { readonly edits: readonly Edit[]; readonly remark?: string } | { readonly byHand: string }

/** Applies edits that do not overlap; the same edit twice (an import that two secrets need) counts once. */
export function applied(text: string, edits: readonly Edit[]): string {
  let made = ''
  let at = 0
  for (const edit of inOrder(edits)) {
    made += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return made + text.slice(at)
}

export function inOrder(edits: readonly Edit[]): Edit[] {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end)
  return sorted.filter((edit, at) => {
    const before = sorted[at - 1]
    return before === undefined || before.start !== edit.start || before.end !== edit.end || before.text !== edit.text
  })
}

/** The line that an offset is in, without its ending. */
export function lineAt(text: string, at: number): { readonly start: number; readonly end: number } {
  const start = text.lastIndexOf('\n', at - 1) + 1
  const newline = text.indexOf('\n', at)
  const end = newline === -1 ? text.length : newline
  return { start, end: text[end - 1] === '\r' && end > start ? end - 1 : end }
}
