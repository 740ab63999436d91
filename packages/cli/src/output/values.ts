/** How values of the API are shown to people. Times are UTC, so that two people who compare them see the same. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string') return isTime(value) ? showTime(value) : value
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(shown).join(', ')
  if (typeof value === 'object') {
    const pairs = Object.entries(value).filter(([, one]) => one !== null && one !== undefined)
    return pairs.length === 0 ? '–' : pairs.map(([name, one]) => `${name}=${shown(one)}`).join(' ')
  }
  return String(value)
}

export function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text)
}

/** `2026-03-01 14:05:09Z` */
export function showTime(text: string): string {
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? text : `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`
}
