/** What a spreadsheet takes as the beginning of a formula (OWASP: CSV injection). */
const formula = /^[=+\-@\t\r|]/
const number = /^[+-]?\d+(?:\.\d+)?$/

/**
 * One CSV line (RFC 4180, ends with CRLF). A cell that a spreadsheet would run as a formula gets a leading apostrophe: names and reasons in
 * the log were written by whoever made the call.
 */
export function csvLine(cells: readonly (string | number | boolean | null | undefined)[]): string {
  return `${cells.map((cell) => quoted(cell === null || cell === undefined ? '' : String(cell))).join(',')}\r\n`
}

function quoted(text: string): string {
  const safe = formula.test(text) && !number.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe
}
