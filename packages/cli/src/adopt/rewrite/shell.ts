import { lineAt, type Reference, type Rewrite, type Spot } from './edit.ts'

/** In a shell script a variable stands wherever its value may, outside single quotes. */
export function rewriteShell({ text, start, end }: Spot, { variable }: Reference): Rewrite {
  const line = lineAt(text, start)
  const inside = quoteAt(text.slice(line.start, start))
  if (inside === "'") return { byHand: 'single quotes keep the shell from reading a variable' }
  if (quoteAt(text.slice(line.start, line.end)) !== '') return { byHand: 'a text goes over several lines there' }
  return { edits: [{ start, end, text: `\${${variable}}` }] }
}

/** Which quote is open at the end of a piece of a line; empty where none is. */
function quoteAt(piece: string): string {
  let open = ''
  for (let at = 0; at < piece.length; at++) {
    const char = piece[at]
    if (char === '\\' && open !== "'") at += 1
    else if (open === '' && char === '#' && (at === 0 || /\s/.test(piece[at - 1] ?? ''))) return ''
    else if (open === '' && (char === '"' || char === "'")) open = char
    else if (char === open) open = ''
  }
  return open
}
