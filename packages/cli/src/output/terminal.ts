import colors from 'picocolors'

/** Columns of the terminal; without one (a pipe, a file) nothing is cut, so that programs see everything. COLUMNS overrides both. */
export function terminalColumns(): number {
  const set = Number(process.env.COLUMNS)
  if (Number.isInteger(set) && set > 0) return set
  return process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY
}

const off = colors.createColors(false)
/** Colours of a stream: none where NO_COLOR is set or no terminal listens (FORCE_COLOR overrides the latter). */
export function colorsFor(stream: NodeJS.WriteStream): typeof off {
  if (process.env.NO_COLOR !== undefined && process.env.NO_COLOR !== '') return off
  const forced = process.env.FORCE_COLOR !== undefined && process.env.FORCE_COLOR !== '' && process.env.FORCE_COLOR !== '0'
  return forced || (stream.isTTY && process.env.TERM !== 'dumb') ? colors.createColors(true) : off
}
