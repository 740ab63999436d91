import type { IncomingHttpHeaders } from 'node:http'
import type { GatewaySettings } from './seams.ts'

/** Why a request is turned away before it is looked at. The status says it; nothing of ours is told. */
export interface Turned {
  readonly status: 400 | 403 | 405 | 421 | 508
  readonly title: string
}

const destinations = new Set(['', 'empty'])
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/**
 * Lets programs in and browsers not: `/g/` shares its origin with the console and must give a page nothing to hold on to. Host and Origin
 * are on lists (DNS rebinding); loads of documents, frames, scripts, workers and navigations are refused by their fetch metadata, and so
 * are CORS preflights. Undefined: come in.
 */
export function turnedAway(method: string, headers: IncomingHttpHeaders, settings: GatewaySettings): Turned | undefined {
  const host = headers.host
  if (host === undefined || !settings.hosts().has(host.toLowerCase()))
    return { status: 421, title: 'This host name is not one of this server. Add it to KEYWARD_ISSUER, or use the address that it names.' }
  const origin = headers.origin
  if (origin !== undefined && !settings.origins.has(origin)) return { status: 403, title: 'Browsers may not call the gateway.' }
  const destination = headers['sec-fetch-dest']
  if (destination !== undefined && !(typeof destination === 'string' && destinations.has(destination)))
    return { status: 403, title: 'The gateway is for programs: it cannot be opened as a page, a frame, a script or a worker.' }
  const mode = headers['sec-fetch-mode']
  if (mode === 'navigate' || mode === 'websocket' || headers['service-worker'] !== undefined)
    return { status: 403, title: 'The gateway is for programs: it cannot be navigated to.' }
  if (headers['access-control-request-method'] !== undefined) return { status: 403, title: 'Browsers may not call the gateway.' }
  if (!methods.has(method)) return { status: 405, title: 'This method does not pass the gateway.' }
  if (headers['content-length'] !== undefined && headers['transfer-encoding'] !== undefined)
    return { status: 400, title: 'A body has either a Content-Length or a Transfer-Encoding.' }
  if (headers.via?.includes(settings.viaName))
    return { status: 508, title: 'This call has been through this Keyward already: the resource points back at it.' }
  return undefined
}

/** On every answer under `/g/`: whatever an upstream sends, a browser can't run, frame, sniff or embed it. */
export const isolationHeaders: readonly (readonly [string, string])[] = [
  ['content-security-policy', "sandbox; default-src 'none'; frame-ancestors 'none'"],
  ['x-content-type-options', 'nosniff'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['referrer-policy', 'no-referrer'],
]
