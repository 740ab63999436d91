import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { limits } from '@keyward/contract/limits'
import { buildConnector } from 'undici'
import { isLoopbackAddress, reachOf, sameAddress } from './address.ts'
import { EgressRefused } from './errors.ts'

export interface GuardOptions {
  readonly allowPrivate: boolean
  /** Ports that this process listens on: dialling one of our own addresses there would be a loop through Keyward. */
  readonly ownPorts: () => readonly number[]
  /** PEM certificates that are trusted beside the system's. */
  readonly ca?: string | readonly string[] | undefined
}

type LookupDone = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void

/**
 * The connector of every outgoing socket. The address is judged after it was resolved and in the same step that dials it, so that a name
 * that resolves differently a moment later (DNS rebinding) gains nothing. TLS certificates are always verified.
 */
export function guardedConnector(guard: GuardOptions): buildConnector.connector {
  const dial = (port: number) =>
    buildConnector({
      timeout: limits.upstreamConnectMsMax,
      allowH2: false,
      rejectUnauthorized: true,
      lookup: guardedLookup(guard, port),
      ...(guard.ca === undefined ? {} : { ca: typeof guard.ca === 'string' ? guard.ca : [...guard.ca] }),
    })
  const dials = new Map<number, buildConnector.connector>()
  return (options, callback) => {
    const port = Number(options.port) || (options.protocol === 'https:' ? 443 : 80)
    const host = options.hostname.replace(/^\[|\]$/g, '')
    const refused = isIP(host) === 0 ? undefined : refusal(host, port, guard)
    if (refused !== undefined) {
      process.nextTick(callback, refused, null)
      return
    }
    let connect = dials.get(port)
    if (connect === undefined) {
      connect = dial(port)
      dials.set(port, connect)
    }
    connect(options, callback)
  }
}

/** A `lookup` for node:net and node:tls that leaves out every address which the guard refuses, and fails where none is left. */
export function guardedLookup(guard: GuardOptions, port: number) {
  return (hostname: string, options: LookupOptions, done: LookupDone): void => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, [])
      let refused: EgressRefused | undefined
      const open = addresses.filter((entry) => {
        const why = refusal(entry.address, port, guard)
        refused ??= why
        return why === undefined
      })
      const [first] = open
      if (first === undefined) return done(refused ?? new EgressRefused('forbidden_address', `${hostname} has no address`), [])
      if (options.all) done(null, open)
      else done(null, first.address, first.family)
    })
  }
}

/** Why this address may not be dialled, or undefined where it may. */
export function refusal(address: string, port: number, guard: Pick<GuardOptions, 'allowPrivate' | 'ownPorts'>): EgressRefused | undefined {
  const reach = reachOf(address)
  if (reach === 'forbidden')
    return new EgressRefused(
      'forbidden_address',
      'the upstream resolves to an address that is never dialled (link-local, metadata, reserved)',
    )
  if (reach === 'private' && !guard.allowPrivate)
    return new EgressRefused(
      'private_address',
      'the upstream resolves to a private or loopback address, and the resource does not allow that',
    )
  if (guard.ownPorts().includes(port) && isOwnAddress(address))
    return new EgressRefused('own_address', 'the upstream is Keyward itself: a call would loop')
  return undefined
}

function isOwnAddress(address: string): boolean {
  if (isLoopbackAddress(address)) return true
  for (const entries of Object.values(networkInterfaces()))
    for (const entry of entries ?? []) if (sameAddress(entry.address, address)) return true
  return false
}
