import { isIPv4, isIPv6 } from 'node:net'

/**
 * What lies behind an address. `private` covers loopback, RFC 1918, CGNAT and unique local addresses: reachable with `allow_private`.
 * `forbidden` is never reachable: link-local (the metadata services of clouds hand out credentials there), unspecified, multicast, reserved
 * and transition ranges (IANA special-purpose registries, RFC 6890).
 */
export type Reach = 'public' | 'private' | 'forbidden'

type Range4 = readonly [network: number, bits: number, reach: Exclude<Reach, 'public'>]

const ranges4: readonly Range4[] = [
  [ip4(0, 0, 0, 0), 8, 'forbidden'],
  [ip4(10, 0, 0, 0), 8, 'private'],
  [ip4(100, 100, 100, 200), 32, 'forbidden'],
  [ip4(100, 64, 0, 0), 10, 'private'],
  [ip4(127, 0, 0, 0), 8, 'private'],
  [ip4(168, 63, 129, 16), 32, 'forbidden'],
  [ip4(169, 254, 0, 0), 16, 'forbidden'],
  [ip4(172, 16, 0, 0), 12, 'private'],
  [ip4(192, 0, 0, 0), 24, 'forbidden'],
  [ip4(192, 0, 2, 0), 24, 'forbidden'],
  [ip4(192, 88, 99, 0), 24, 'forbidden'],
  [ip4(192, 168, 0, 0), 16, 'private'],
  [ip4(198, 18, 0, 0), 15, 'private'],
  [ip4(198, 51, 100, 0), 24, 'forbidden'],
  [ip4(203, 0, 113, 0), 24, 'forbidden'],
  [ip4(224, 0, 0, 0), 3, 'forbidden'],
]

/** Judges a literal IPv4 or IPv6 address. What is no address is `forbidden`. */
export function reachOf(address: string): Reach {
  if (isIPv4(address)) return reachOf4(number4(address))
  const zone = address.indexOf('%')
  const bare = zone === -1 ? address : address.slice(0, zone)
  return isIPv6(bare) ? reachOf6(groups6(bare)) : 'forbidden'
}

/** True where both texts name the same address, whatever their notation (`::ffff:127.0.0.1` is `127.0.0.1`). */
export function sameAddress(one: string, other: string): boolean {
  return canonical(one) === canonical(other)
}

/** True for 127.0.0.0/8 and ::1, also where they come as mapped addresses. */
export function isLoopbackAddress(address: string): boolean {
  const text = canonical(address)
  return text === '0,0,0,0,0,0,0,1' || text.startsWith('127.')
}

function reachOf4(address: number): Reach {
  for (const [network, bits, reach] of ranges4) if (address >>> (32 - bits) === network >>> (32 - bits)) return reach
  return 'public'
}

function reachOf6(groups: readonly number[]): Reach {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups
  const low = ((g << 16) | h) >>> 0
  const zeroUpTo4 = a === 0 && b === 0 && c === 0 && d === 0
  if (zeroUpTo4 && e === 0 && f === 0xffff) return reachOf4(low)
  if (zeroUpTo4 && e === 0xffff && f === 0) return reachOf4(low)
  if (zeroUpTo4 && e === 0 && f === 0) return low === 1 ? 'private' : 'forbidden'
  if (a === 0x64 && b === 0xff9b) return c === 0 && d === 0 && e === 0 && f === 0 ? reachOf4(low) : 'private'
  if (a === 0x2002) return reachOf4(((b << 16) | c) >>> 0)
  if (a === 0xfd00 && b === 0xec2) return 'forbidden'
  if ((a & 0xfe00) === 0xfc00) return 'private'
  if ((a & 0xe000) !== 0x2000) return 'forbidden'
  if (a === 0x2001 && (b < 0x200 || b === 0xdb8)) return 'forbidden'
  if (a === 0x3fff && b < 0x1000) return 'forbidden'
  return 'public'
}

function canonical(address: string): string {
  if (isIPv4(address)) return address
  if (!isIPv6(address)) return address.toLowerCase()
  const groups = groups6(address)
  const [, , , , , f = 0, g = 0, h = 0] = groups
  if (f === 0xffff && groups.slice(0, 5).every((group) => group === 0)) return `${g >> 8}.${g & 255}.${h >> 8}.${h & 255}`
  return groups.join(',')
}

function ip4(a: number, b: number, c: number, d: number): number {
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
}

function number4(address: string): number {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return ip4(a, b, c, d)
}

/** The eight 16-bit groups of a valid IPv6 address. */
function groups6(address: string): number[] {
  const dot = address.lastIndexOf('.')
  let text = address
  if (dot !== -1) {
    const colon = address.lastIndexOf(':')
    const low = number4(address.slice(colon + 1))
    text = `${address.slice(0, colon + 1)}${(low >>> 16).toString(16)}:${(low & 0xffff).toString(16)}`
  }
  const [head = '', tail] = text.split('::')
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const front = parse(head)
  if (tail === undefined) return front
  const back = parse(tail)
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back]
}
