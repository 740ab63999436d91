/** A time as the API answers it: RFC 3339 in UTC. */
export function shown(time: Date): string {
  return time.toISOString()
}

export function shownOrNull(time: Date | null): string | null {
  return time === null ? null : time.toISOString()
}
