import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'

/**
 * The uid at the other end of a loopback TCP connection, from the kernel's tables (`/proc/net/tcp` and `tcp6`: a program may reach an IPv4
 * address through an IPv6 socket), or undefined where the system has no such table or the connection isn't in it. Linux only; elsewhere the
 * per-run key alone keeps other users out.
 */
export function peerUid(socket: Socket): number | undefined {
  const { remoteAddress, remotePort, localAddress, localPort } = socket
  if (remoteAddress === undefined || remotePort === undefined || localAddress === undefined || localPort === undefined) return undefined
  const [from, to] = [ipv4Of(remoteAddress), ipv4Of(localAddress)]
  if (from === undefined || to === undefined) return undefined
  const own = { v4: `${hexAddress(from)}:${hexPort(remotePort)}`, v6: `${mapped}${hexAddress(from)}:${hexPort(remotePort)}` }
  const other = { v4: `${hexAddress(to)}:${hexPort(localPort)}`, v6: `${mapped}${hexAddress(to)}:${hexPort(localPort)}` }
  return uidIn(read('/proc/net/tcp'), own.v4, other.v4) ?? uidIn(read('/proc/net/tcp6'), own.v6, other.v6)
}

/** Of `::ffff:0:0/96`, as the kernel writes it: four words in host order (little-endian). */
const mapped = '0000000000000000FFFF0000'

/**
 * Finds the row whose own end is `own` and whose other end is `towards` (address and port: two connections may share both ports); its
 * eighth field is the uid (proc(5)).
 */
export function uidIn(table: string, own: string, towards: string): number | undefined {
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/)
    if (fields[1] !== own || fields[2] !== towards) continue
    const uid = Number(fields[7])
    return Number.isInteger(uid) ? uid : undefined
  }
  return undefined
}

/** Whether this system can tell at all. */
export function canTellPeers(): boolean {
  return process.platform === 'linux'
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function ipv4Of(address: string): string | undefined {
  const text = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) ? text : undefined
}

/** The kernel prints an address as one number in host order: 127.0.0.1 is 0100007F (the machines that we support are little-endian). */
function hexAddress(address: string): string {
  return address
    .split('.')
    .reverse()
    .map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0'))
    .join('')
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0')
}
