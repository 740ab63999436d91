/** Scripts whose characters take two columns (Unicode East Asian Width: wide and full-width), and emoji. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const narrow = /^[\x20-\x7e]*$/
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Columns that a text takes in a terminal. */
export function widthOf(text: string): number {
  if (narrow.test(text)) return text.length
  let columns = 0
  for (const { segment } of segmenter.segment(text)) columns += wide.test(segment) || /\p{Emoji_Presentation}/u.test(segment) ? 2 : 1
  return columns
}

/** The text in at most `columns` columns; what was cut off shows as `…`. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  if (columns < 1) return ''
  let kept = ''
  let used = 0
  for (const { segment } of segmenter.segment(text)) {
    const width = widthOf(segment)
    if (used + width > columns - 1) break
    kept += segment
    used += width
  }
  return `${kept}…`
}

export function pad(text: string, columns: number, side: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, columns - widthOf(text)))
  return side === 'left' ? space + text : text + space
}
