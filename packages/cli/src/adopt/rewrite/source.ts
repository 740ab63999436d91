import { type Edit, lineAt, type Reference, type Rewrite, type Spot } from './edit.ts'

interface Language {
  readonly quotes: string
  reference(variable: string): string
  /** What the file needs besides; undefined where a person must see to it. */
  needs?(text: string): Edit[] | undefined
}

const javascript: Language = { quotes: `"'\``, reference: (variable) => `process.env.${variable}` }
const python: Language = { quotes: `"'`, reference: (variable) => `os.environ["${variable}"]`, needs: importOs }
const ruby: Language = { quotes: `"'`, reference: (variable) => `ENV.fetch("${variable}")` }

export function languageOf(path: string): Language | undefined {
  if (/\.[cm]?[jt]s$|\.[jt]sx$/.test(path)) return javascript
  if (/\.pyi?$/.test(path)) return python
  return /\.rb$|(?:^|\/)(?:Gemfile|Rakefile)$/.test(path) ? ruby : undefined
}

/** Before and after a literal that is a value on its own: what stands there can take any other expression as well. */
const before = /(?:[=([{,:+&|?]|\breturn|=>)\s*$/
const after = /^\s*(?:[,;)\]}.+]|\/\/|#|\/\*|\?\?|\|\||&&|\bor\b|$)/

/** A string literal that is the secret and nothing else becomes an expression that reads the variable. */
export function rewriteSource(spot: Spot, reference: Reference, language: Language): Rewrite {
  const { text, start, end, path } = spot
  const quote = text[start - 1] ?? ''
  if (quote === '' || !language.quotes.includes(quote) || text[end] !== quote) return { byHand: 'the secret is a part of a longer text' }
  const line = lineAt(text, start)
  const ahead = text.slice(line.start, start - 1)
  const behind = text.slice(end + 1, line.end)
  if (!before.test(lastCode(text, line.start, ahead)) || !after.test(behind))
    return { byHand: 'it is not clear what the text around it needs' }
  if (behind.trim() === '' && /^\s*["'`]/.test(text.slice(line.end))) return { byHand: 'the next line goes on with the same text' }
  if (/\.[jt]sx$/.test(path) && ahead.endsWith('=')) return { byHand: 'it is an attribute of an element' }
  const needed = language.needs?.(text) ?? (language.needs === undefined ? [] : undefined)
  if (needed === undefined) return { byHand: 'the file has no import after which `import os` could stand' }
  return { edits: [...needed, { start: start - 1, end: end + 1, text: language.reference(reference.variable) }] }
}

/** The text before the literal; where its line begins with it, the line above. */
function lastCode(text: string, lineStart: number, ahead: string): string {
  if (ahead.trim() !== '' || lineStart === 0) return ahead
  const above = lineAt(text, lineStart - 1)
  return text.slice(above.start, above.end)
}

/** `import os` before the first import, with the file's own line ending; nothing where it is there. */
function importOs(text: string): Edit[] | undefined {
  if (/^import (?:[\w.]+(?: as \w+)?, *)*os(?: *,|[ \t]*(?:#|\r?$))/m.test(text)) return []
  for (const found of text.matchAll(/^(?:import|from) /gm)) {
    if (text.startsWith('from __future__', found.index)) continue
    const inDocstring = (text.slice(0, found.index).match(/"""|'''/g)?.length ?? 0) % 2 === 1
    if (inDocstring) continue
    return [{ start: found.index, end: found.index, text: `import os${text.includes('\r\n') ? '\r\n' : '\n'}` }]
  }
  return undefined
}
