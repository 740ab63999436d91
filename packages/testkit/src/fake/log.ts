import { EventEmitter } from 'node:events'
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'

/** One request that the fake saw. `arrived` is written before anything else happens; the rest when the exchange ended. */
export interface LoggedRequest {
  /** Unique over restarts of the fake: `<instance>-<n>`. */
  id: string
  fake: string
  method: string
  /** As received, with the query. */
  path: string
  headers: IncomingHttpHeaders
  /** Milliseconds since the epoch by the fake's clock. */
  arrivedMs: number
  /** The live key's id, or null for an unknown credential and for none. */
  keyId: string | null
  project: string | null
  /** False: the request carried no credential at all. */
  credentialSeen: boolean
  /** Null until the whole body was read; null for ever when the client left before. */
  bodyBytes: number | null
  bodySha256: string | null
  model: string | null
  /** The status that was sent; null when nothing was. */
  status: number | null
  /** Body bytes handed to the socket, after content encoding. */
  bytesSent: number
  /** `open` until the exchange ended; `cut`: the fake broke off on purpose; `aborted`: the client left first. */
  outcome: 'open' | 'answered' | 'cut' | 'aborted'
  endedMs: number | null
  /** What the vendor would bill for the call, in its own words; null where nothing was generated. */
  usage: Record<string, number> | null
}

type Ended = Partial<Omit<LoggedRequest, 'id'>>

/** Everything that reached a fake, in memory and, with a path, in an append-only file of JSON lines that outlives a SIGKILL of either side. */
export class RequestLog {
  readonly entries: LoggedRequest[] = []
  readonly #events = new EventEmitter().setMaxListeners(0)
  readonly #file: number | null
  readonly #redact: (text: string) => string

  /** `redact` replaces live keys in what is written to the file. */
  constructor(file: string | undefined, redact: (text: string) => string) {
    this.#file = file === undefined ? null : openSync(file, 'a', 0o600)
    this.#redact = redact
  }

  arrived(entry: LoggedRequest): void {
    this.entries.push(entry)
    this.#append({ event: 'arrived', ...entry })
    this.#events.emit('change')
  }

  /** Adds what became known later to an entry. `final` marks the end of the exchange. */
  update(entry: LoggedRequest, change: Ended, final = false): void {
    Object.assign(entry, change)
    if (final) this.#append({ event: 'ended', id: entry.id, ...without(entry, 'headers', 'id') })
    this.#events.emit('change')
  }

  clear(): void {
    this.entries.length = 0
  }

  /** Resolves once `holds` is true of the entries; rejects after `timeoutMs` with what was seen. */
  until(holds: (entries: readonly LoggedRequest[]) => boolean, timeoutMs = 10_000): Promise<readonly LoggedRequest[]> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!holds(this.entries)) return
        stop()
        resolve(this.entries)
      }
      const timer = setTimeout(() => {
        stop()
        const seen = this.entries.map((entry) => `${entry.method} ${entry.path} ${entry.status ?? '-'} ${entry.outcome}`)
        reject(new Error(`not seen within ${timeoutMs} ms; the fake's log holds:\n${seen.join('\n') || '(nothing)'}`))
      }, timeoutMs)
      const stop = (): void => {
        clearTimeout(timer)
        this.#events.off('change', look)
      }
      this.#events.on('change', look)
      look()
    })
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file)
  }

  #append(line: object): void {
    if (this.#file !== null) writeSync(this.#file, `${this.#redact(JSON.stringify(line))}\n`)
  }
}

/** Reads a log file that a fake wrote, in this process or another. A half-written last line is left out. */
export function readRequestLog(file: string): LoggedRequest[] {
  const entries = new Map<string, LoggedRequest>()
  for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
    const { event: _event, ...fields } = JSON.parse(line) as LoggedRequest & { event: string }
    entries.set(fields.id, { ...entries.get(fields.id), ...fields })
  }
  return [...entries.values()]
}

function without<T extends object, K extends keyof T>(record: T, ...names: K[]): Omit<T, K> {
  const copy = { ...record }
  for (const name of names) delete copy[name]
  return copy
}
