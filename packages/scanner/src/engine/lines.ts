const newline = 10

/** Line and column of rising offsets in a text, counted once. Both begin with 1; a column counts bytes. */
export class LineCounter {
  readonly #bytes: Uint8Array
  #line: number
  #lineStart = 0
  #counted = 0

  constructor(bytes: Uint8Array, firstLine: number) {
    this.#bytes = bytes
    this.#line = firstLine
  }

  at(offset: number): { readonly line: number; readonly column: number } {
    for (
      let next = this.#bytes.indexOf(newline, this.#counted);
      next >= 0 && next < offset;
      next = this.#bytes.indexOf(newline, next + 1)
    ) {
      this.#line++
      this.#lineStart = next + 1
      this.#counted = next + 1
    }
    return { line: this.#line, column: offset - this.#lineStart + 1 }
  }
}

/** Newlines in `bytes[from, to)`. */
export function countLines(bytes: Uint8Array, from: number, to: number): number {
  let count = 0
  for (let at = bytes.indexOf(newline, from); at >= 0 && at < to; at = bytes.indexOf(newline, at + 1)) count++
  return count
}
