const plain = new Intl.NumberFormat('en')

export function count(number: number): string {
  return plain.format(number)
}

/** `3 tokens`, `1 token`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${plain.format(number)} ${number === 1 ? one : many}`
}

/** Milliseconds for people: `0.42 ms`, `38 ms`, `1.9 s`. */
export function milliseconds(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`
  if (ms < 1_000) return `${Math.round(ms)} ms`
  return `${(ms / 1_000).toFixed(1)} s`
}
