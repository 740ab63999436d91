import { limits } from '@keyward/contract/limits'
import { isLoopbackHost } from '@keyward/contract/redirect-uri'
import type { EgressAnswer, EgressRequest } from '../../egress/request.ts'
import { ClientRefused, type ConnectingClient } from './connecting-client.ts'
import { readMetadataDocument } from './metadata-document.ts'

interface Deps {
  readonly egress: { request(request: EgressRequest): Promise<EgressAnswer> }
  /** Documents at loopback addresses are fetched: this server is one itself. */
  readonly loopback: boolean
  monotonicMs(): number
}

const fetchMsMax = 5_000
/** Whoever can reach the authorization endpoint can name an address: fetches are few, and few to one host. */
const inFlightMax = 16
const fetchesPerHostPerMinuteMax = 30
/** The way through consent reads the document three times; the least and the most that HTTP caching may say. */
const keptSecondsMin = 60
const keptSecondsMax = 86_400
const keptSecondsDefault = 3_600
const keptMax = 1_000
const hostsMax = 2_000

/**
 * Fetches client ID metadata documents through egress: public addresses alone, no redirect, bounded bytes and time. What was good is kept as HTTP
 * caching (RFC 9111) allows, within bounds; what failed is not.
 */
export class DocumentStore {
  readonly #deps: Deps
  readonly #kept = new Map<string, { readonly client: ConnectingClient; readonly untilMs: number }>()
  readonly #running = new Map<string, Promise<ConnectingClient>>()
  readonly #asked = new Map<string, { readonly sinceMs: number; count: number }>()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** @param address one that `refusedClientAddress` lets through. @throws ClientRefused */
  async find(address: string): Promise<ConnectingClient> {
    const kept = this.#kept.get(address)
    if (kept !== undefined && kept.untilMs > this.#deps.monotonicMs()) return kept.client
    const running = this.#running.get(address)
    if (running !== undefined) return await running
    this.#admit(new URL(address).host)
    const fetching = this.#load(address).finally(() => this.#running.delete(address))
    this.#running.set(address, fetching)
    return await fetching
  }

  #admit(host: string): void {
    const nowMs = this.#deps.monotonicMs()
    const asked = this.#asked.get(host)
    const current = asked !== undefined && asked.sinceMs + 60_000 > nowMs ? asked : { sinceMs: nowMs, count: 0 }
    if (this.#running.size >= inFlightMax || current.count >= fetchesPerHostPerMinuteMax)
      throw new ClientRefused('Too many clients are being looked up: try again in a minute', { passing: true })
    current.count += 1
    if (this.#asked.size >= hostsMax) this.#asked.clear()
    this.#asked.set(host, current)
  }

  async #load(address: string): Promise<ConnectingClient> {
    let answer: EgressAnswer
    try {
      answer = await this.#deps.egress.request({
        url: address,
        headers: { accept: 'application/json' },
        allowPrivate: this.#deps.loopback && isLoopbackHost(new URL(address).hostname),
        bytesMax: limits.clientDocumentBytesMax,
        timeoutMs: fetchMsMax,
      })
    } catch (cause) {
      throw new ClientRefused(`The client's document at ${address} could not be fetched`, { passing: true, cause })
    }
    if (answer.status !== 200) throw new ClientRefused(`The client's document at ${address} was answered with ${answer.status}, not 200`)
    const type = String(answer.headers['content-type'] ?? '')
      .split(';')[0]
      ?.trim()
      .toLowerCase()
    if (!/^application\/(?:[a-z0-9.-]+\+)?json$/.test(type ?? ''))
      throw new ClientRefused(`The client's document at ${address} is not sent as application/json`)
    const client = readMetadataDocument(address, new TextDecoder().decode(answer.body))
    if (this.#kept.size >= keptMax) this.#kept.clear()
    this.#kept.set(address, { client, untilMs: this.#deps.monotonicMs() + keptSeconds(answer.headers['cache-control']) * 1000 })
    return client
  }
}

/** @param cacheControl the header as it came */
export function keptSeconds(cacheControl: string | string[] | undefined): number {
  const text = String(cacheControl ?? '').toLowerCase()
  if (/\bno-(?:store|cache)\b/.test(text)) return keptSecondsMin
  const seconds = /\bmax-age=(\d{1,9})\b/.exec(text)?.[1]
  return Math.min(Math.max(seconds === undefined ? keptSecondsDefault : Number(seconds), keptSecondsMin), keptSecondsMax)
}
