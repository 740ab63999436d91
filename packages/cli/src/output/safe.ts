/** Control characters, invisible formatting, marks that reorder text, line separators, lone surrogates: none may reach a terminal. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** One line of text that a terminal shows as it is. What a name or a log entry hides in itself becomes visible as `\u{…}`. */
export function safeLine(text: string): string {
  return text.replace(unsafe, (one) => (one === '\n' || one === '\t' ? ' ' : `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`))
}
