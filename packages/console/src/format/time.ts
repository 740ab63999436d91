const steps: readonly (readonly [limitSeconds: number, unitSeconds: number, unit: Intl.RelativeTimeFormatUnit])[] = [
  [60, 1, 'second'],
  [3_600, 60, 'minute'],
  [86_400, 3_600, 'hour'],
  [30 * 86_400, 86_400, 'day'],
  [365 * 86_400, 30 * 86_400, 'month'],
  [Number.POSITIVE_INFINITY, 365 * 86_400, 'year'],
]
const relativeFormat = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })
const exactFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' })
const clockFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

/** `2 min. ago`, `in 3 hours`, `now`. */
export function relative(at: string, nowMs = Date.now()): string {
  const seconds = (Date.parse(at) - nowMs) / 1_000
  const size = Math.abs(seconds)
  if (size < 5) return 'now'
  const [, unitSeconds, unit] = steps.find(([limit]) => size < limit) ?? ([0, 1, 'second'] as const)
  return relativeFormat.format(Math.round(seconds / unitSeconds), unit)
}

export function exact(at: string): string {
  return exactFormat.format(new Date(at))
}

/** `14:03:22`, with the day before it where that is not today. */
export function clock(at: string): string {
  const date = new Date(at)
  const time = clockFormat.format(date)
  return date.toDateString() === new Date().toDateString() ? time : `${dayFormat.format(date)} ${time}`
}

export function day(at: string): string {
  return dayFormat.format(new Date(at))
}

/** `10 min`, `1 h 30 min`, `45 s`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  const hours = Math.floor(seconds / 3_600)
  const minutes = Math.floor((seconds % 3_600) / 60)
  const rest = seconds % 60
  return [hours > 0 ? `${hours} h` : '', minutes > 0 ? `${minutes} min` : '', rest > 0 && hours === 0 ? `${rest} s` : '']
    .filter((part) => part !== '')
    .join(' ')
}

/** What an `<input type="datetime-local">` holds, as RFC 3339, and back. */
export function fromLocal(text: string): string {
  return new Date(text).toISOString()
}
export function toLocal(at: string): string {
  const date = new Date(at)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
