import { setTimeout } from 'node:timers/promises'
import type { Detection } from '../detection/detection.ts'
import type { VerifyCall } from '../detector.ts'

export type Life = 'alive' | 'dead' | 'unknown'

/** A provider that does not answer in this time has not said anything. */
const answerMsMax = 10_000
/** The answer's body is not needed; no more than this is read of it. */
const minuteMs = 60_000

/** Sends a verification call. Tests put a loopback server in its place. */
export type Send = (request: Request) => Promise<{ readonly status: number }>

const send: Send = async (request) => {
  const response = await fetch(request)
  await response.body?.cancel()
  return { status: response.status }
}

/**
 * Asks providers whether secrets live, with the harmless call that the detector declares: one call a secret, no redirects (a secret must not
 * travel on), no retries, at most `requestsPerMinuteMax` a host. Only clear answers count: a firewall's 403 is neither alive nor dead.
 */
export function verifier(
  calls: ReadonlyMap<string, VerifyCall>,
  options: { readonly send?: Send; readonly wait?: (ms: number) => Promise<unknown>; readonly now?: () => number } = {},
): (detection: Detection, secret: string, parts: Readonly<Record<string, string>>) => Promise<Life> {
  const wait = options.wait ?? ((ms: number) => setTimeout(ms))
  const now = options.now ?? Date.now
  const nextFree = new Map<string, number>()
  return async (detection, secret, parts) => {
    const call = calls.get(detection.detector)
    if (!call) return 'unknown'
    const request = requestOf(call, secret, parts)
    if (!request) return 'unknown'
    const { host } = new URL(request.url)
    const start = Math.max(now(), nextFree.get(host) ?? 0)
    nextFree.set(host, start + minuteMs / Math.max(1, call.requestsPerMinuteMax))
    if (start > now()) await wait(start - now())
    try {
      const { status } = await (options.send ?? send)(request)
      return call.alive.includes(status) ? 'alive' : call.dead.includes(status) ? 'dead' : 'unknown'
    } catch {
      return 'unknown'
    }
  }
}

/** The call with the secret in it, or undefined where a part is missing or the secret would change where the call goes. */
function requestOf(call: VerifyCall, secret: string, parts: Readonly<Record<string, string>>): Request | undefined {
  let complete = true
  const filled = (text: string, encode: (value: string) => string) =>
    text.replace(/\{(secret|part:([\w-]+)|base64:([^}]*))\}/g, (_, what: string, part?: string) => {
      if (what === 'secret') return encode(secret)
      const value = part === undefined ? undefined : parts[part]
      if (value === undefined) complete = false
      return encode(value ?? '')
    })
  const url = filled(call.url, encodeURIComponent)
  const headers = Object.fromEntries(Object.entries(call.headers).map(([name, value]) => [name, headerOf(value, filled)]))
  const body = call.body === undefined ? undefined : filled(call.body, (value) => JSON.stringify(value).slice(1, -1))
  if (!complete || new URL(url).origin !== new URL(call.url.replaceAll(/\{[^}]*\}/g, 'x')).origin) return undefined
  if (Object.values(headers).some((value) => /[\r\n\0]/.test(value))) return undefined
  return new Request(url, {
    method: call.method,
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(answerMsMax),
    ...(body === undefined ? {} : { body }),
  })
}

/** `Basic {secret}:{part:ID}` is sent in base64, as HTTP wants it. */
function headerOf(value: string, filled: (text: string, encode: (value: string) => string) => string): string {
  const plain = filled(value, (one) => one)
  const basic = /^Basic (.*)$/s.exec(value)?.[1]
  return basic?.includes('{')
    ? `Basic ${Buffer.from(
        filled(basic, (one) => one),
        'latin1',
      ).toString('base64')}`
    : plain
}
