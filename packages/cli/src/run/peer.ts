import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'

/**
 * The uid at the other end of a loopback TCP connection, from the kernel's table (`/proc/net/tcp`), or undefined where the system has no such
 * table or the connection isn't in it. Linux only; elsewhere the per-run key alone keeps other users out.
 */
export function peerUid(socket: Socket): number | undefined {
  const { remotePort, localPort, remoteFamily } = socket
  if (remotePort === undefined || localPort === undefined) return undefined
  let table: string
  try {
    table = readFileSync(remoteFamily === 'IPv6' ? '/proc/net/tcp6' : '/proc/net/tcp', 'latin1')
  } catch {
    return undefined
  }
  return uidIn(table, remotePort, localPort)
}

/** Finds the row whose own end is `port` and whose other end is `towards`; its eighth field is the uid (proc(5)). */
export function uidIn(table: string, port: number, towards: number): number | undefined {
  const own = `:${hex(port)}`
  const other = `:${hex(towards)}`
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/)
    if (fields[1]?.endsWith(own) && fields[2]?.endsWith(other)) {
      const uid = Number(fields[7])
      return Number.isInteger(uid) ? uid : undefined
    }
  }
  return undefined
}

/** Whether this system can tell at all. */
export function canTellPeers(): boolean {
  return process.platform === 'linux'
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0')
}
