import { safeLine } from './safe.ts'
import { cut, pad, widthOf } from './width.ts'

export interface TableColumn {
  readonly title: string
  /** `whole` is never cut (ids, times, amounts); `cut` gives way first. */
  readonly fit: 'whole' | 'cut'
  /** Numbers stand to the right. */
  readonly align?: 'right'
}

const gap = 2
/** A column narrower than this says nothing. */
const cutColumnsMin = 8

/**
 * Lines of a table in at most `columns` columns. Wide texts are cut with `…` first, then columns are left out from the right; the first
 * column, which tells which row it is, always stays whole.
 * @returns the heading, the rows, and the titles of what was left out
 */
export function tableLines(
  heads: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  columns: number,
): { heading: string; lines: string[]; leftOut: string[] } {
  const cells = rows.map((row) => heads.map((_, at) => safeLine(row[at] ?? '')))
  const natural = heads.map((head, at) => Math.max(widthOf(head.title), ...cells.map((row) => widthOf(row[at] ?? ''))))
  const least = heads.map((head, at) => {
    const full = natural[at] ?? 0
    return head.fit === 'whole' ? full : Math.min(full, Math.max(cutColumnsMin, widthOf(head.title)))
  })
  let shown = heads.length
  while (shown > 1 && total(least.slice(0, shown)) > columns) shown -= 1
  const widths = spread(natural.slice(0, shown), least.slice(0, shown), columns)
  const line = (texts: readonly string[]) =>
    widths
      .map((width, at) =>
        pad(
          heads[at]?.fit === 'whole' ? (texts[at] ?? '') : cut(texts[at] ?? '', width),
          width,
          heads[at]?.align === 'right' ? 'left' : 'right',
        ),
      )
      .join(' '.repeat(gap))
      .trimEnd()
  return {
    heading: line(heads.map((head) => head.title)),
    lines: cells.map(line),
    leftOut: heads.slice(shown).map((head) => head.title),
  }
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + gap * Math.max(0, widths.length - 1)
}

/** Gives what is left above the least widths to the columns that want more, evenly. */
function spread(natural: readonly number[], least: readonly number[], columns: number): number[] {
  if (total(natural) <= columns) return [...natural]
  const widths = [...least]
  let left = columns - total(widths)
  while (left > 0) {
    const wanting = widths.flatMap((width, at) => (width < (natural[at] ?? 0) ? [at] : []))
    if (wanting.length === 0) break
    for (const at of wanting) {
      if (left === 0) break
      widths[at] = (widths[at] ?? 0) + 1
      left -= 1
    }
  }
  return widths
}
