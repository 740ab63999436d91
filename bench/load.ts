/**
 * The load generator, a process of its own: so many keep-alive connections, one request at a time on each, over bare sockets so that it
 * takes as little of the machine as it can. `node bench/load.ts --url http://127.0.0.1:N/v1/chat/completions [--token T] [--concurrency 16]
 * [--seconds 5 | --requests N] [--warm-up-seconds 1] [--stream] [--shape openai|anthropic] [--model M] [--forms FILE]`. Prints a LoadResult as one JSON line.
 */
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { AnswerReader } from './answer-reader.ts'
import { type Round, summarise } from './stats.ts'

export interface LoadOptions {
  url: string
  token?: string
  concurrency: number
  /** Measured time; or, with `requests`, as long as these take. */
  seconds?: number
  requests?: number
  warmUpSeconds: number
  stream: boolean
  shape: 'openai' | 'anthropic'
  model?: string
  /** Forms to post instead, one a request in turn: a token endpoint. */
  forms?: readonly string[]
}

export interface LoadResult extends Round {
  requests: number
  /** Not 200, cut off, or without the end that a whole answer has. */
  errors: number
  statuses: Record<string, number>
  /** The beginning of the first answer that was an error. */
  firstError: string | null
  seconds: number
  bytes: number
}

/** Runs one load. Rejects where no connection can be made at all. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const requests = options.forms?.map((form) => formBytes(options, form)) ?? [requestBytes(options)]
  const mark = Buffer.from(
    options.forms ? 'access_token' : options.stream ? (options.shape === 'openai' ? '[DONE]' : 'message_stop') : '"usage"',
  )
  const run = new Run(options, mark)
  const url = new URL(options.url)
  const clients = await Promise.all(
    Array.from({ length: options.concurrency }, () => Client.open(Number(url.port || '80'), url.hostname, requests, run)),
  )
  if (options.warmUpSeconds > 0) {
    for (const client of clients) client.go()
    await new Promise((resolve) => setTimeout(resolve, options.warmUpSeconds * 1000))
    run.begin()
  } else {
    run.begin()
    for (const client of clients) client.go()
  }
  await run.over
  for (const client of clients) client.close()
  return run.result()
}

class Run {
  readonly over: Promise<void>
  readonly mark: Buffer
  readonly #requestsMax: number
  readonly #seconds: number | undefined
  readonly #latencies: number[] = []
  readonly #firstBytes: number[] = []
  readonly #statuses: Record<string, number> = {}
  #finish: () => void = () => {}
  #measuring = false
  #done = false
  #startedMs = 0
  #endedMs = 0
  #errors = 0
  #sent = 0
  #bytes = 0
  #firstError: string | null = null

  constructor(options: LoadOptions, mark: Buffer) {
    this.mark = mark
    this.#requestsMax = options.requests ?? Number.POSITIVE_INFINITY
    this.#seconds = options.requests === undefined ? (options.seconds ?? 5) : undefined
    this.over = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  /** The requests in turn, over all connections. */
  next(requests: readonly Buffer[]): Buffer {
    this.#sent += 1
    return requests[this.#sent % requests.length] ?? Buffer.alloc(0)
  }

  begin(): void {
    this.#measuring = true
    this.#startedMs = performance.now()
    if (this.#seconds !== undefined) setTimeout(() => this.#end(), this.#seconds * 1000)
  }

  get done(): boolean {
    return this.#done
  }

  record(status: number, latencyMs: number, firstByteMs: number, bytes: number, error: string | null): void {
    if (!this.#measuring || this.#done) return
    this.#latencies.push(latencyMs)
    this.#firstBytes.push(firstByteMs)
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1
    this.#bytes += bytes
    if (error !== null) {
      this.#errors += 1
      this.#firstError ??= error
    }
    if (this.#latencies.length >= this.#requestsMax) this.#end()
  }

  result(): LoadResult {
    const seconds = (this.#endedMs - this.#startedMs) / 1000
    return {
      requests: this.#latencies.length,
      requestsPerSecond: this.#latencies.length / seconds,
      errors: this.#errors,
      statuses: this.#statuses,
      firstError: this.#firstError,
      seconds,
      bytes: this.#bytes,
      latencyMs: summarise(this.#latencies),
      firstByteMs: summarise(this.#firstBytes),
    }
  }

  #end(): void {
    if (this.#done) return
    this.#done = true
    this.#endedMs = performance.now()
    this.#finish()
  }
}

/** One connection. It opens anew when the other side ends it. */
class Client {
  readonly #port: number
  readonly #host: string
  readonly #requests: readonly Buffer[]
  readonly #run: Run
  #socket: Socket
  #reader: AnswerReader
  #sentMs = 0
  #firstByteMs = 0
  #waiting = false

  static async open(port: number, host: string, requests: readonly Buffer[], run: Run): Promise<Client> {
    return new Client(port, host, requests, run, await dial(port, host))
  }

  private constructor(port: number, host: string, requests: readonly Buffer[], run: Run, socket: Socket) {
    this.#port = port
    this.#host = host
    this.#requests = requests
    this.#run = run
    this.#socket = socket
    this.#reader = new AnswerReader(run.mark)
    this.#listen()
  }

  go(): void {
    if (this.#run.done) return
    this.#reader.reset()
    this.#firstByteMs = 0
    this.#waiting = true
    this.#sentMs = performance.now()
    this.#socket.write(this.#run.next(this.#requests))
  }

  close(): void {
    this.#waiting = false
    this.#socket.destroy()
  }

  #listen(): void {
    const socket = this.#socket
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#lost())
  }

  #read(chunk: Buffer): void {
    if (!this.#waiting) return
    const ended = this.#reader.push(chunk)
    if (this.#firstByteMs === 0 && this.#reader.bodyBytes > 0) this.#firstByteMs = performance.now()
    if (!ended) return
    const nowMs = performance.now()
    const { status, bodyBytes, markSeen } = this.#reader
    const error = status === 200 && markSeen ? null : `${status} ${this.#reader.beginning}`
    this.#waiting = false
    this.#run.record(status, nowMs - this.#sentMs, (this.#firstByteMs || nowMs) - this.#sentMs, bodyBytes, error)
    this.go()
  }

  #lost(): void {
    if (this.#run.done) return
    if (this.#waiting) {
      const nowMs = performance.now()
      this.#waiting = false
      this.#run.record(0, nowMs - this.#sentMs, nowMs - this.#sentMs, this.#reader.bodyBytes, 'the connection ended before the answer did')
    }
    dial(this.#port, this.#host).then(
      (socket) => {
        this.#socket = socket
        this.#listen()
        this.go()
      },
      () => setTimeout(() => this.#lost(), reconnectMs),
    )
  }
}

/** Before another try where nobody listens: a server that is being restarted. */
const reconnectMs = 50

function dial(port: number, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host, noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

function requestBytes(options: LoadOptions): Buffer {
  const url = new URL(options.url)
  const openai = options.shape === 'openai'
  const body = JSON.stringify({
    model: options.model ?? (openai ? 'gpt-4o-mini' : 'claude-haiku-4-5'),
    [openai ? 'max_completion_tokens' : 'max_tokens']: 64,
    messages: [{ role: 'user', content: 'Summarise in one sentence why lending short-lived authority is safer than lending a key.' }],
    ...(options.stream ? { stream: true } : {}),
  })
  const token = options.token ?? 'none'
  const auth = openai ? `authorization: Bearer ${token}` : `x-api-key: ${token}\r\nanthropic-version: 2023-06-01`
  const head = [
    `POST ${url.pathname}${url.search} HTTP/1.1`,
    `host: ${url.host}`,
    'content-type: application/json',
    `accept: ${options.stream ? 'text/event-stream' : 'application/json'}`,
    'user-agent: keyward-bench',
    auth,
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function formBytes(options: LoadOptions, form: string): Buffer {
  const url = new URL(options.url)
  const head = [
    `POST ${url.pathname} HTTP/1.1`,
    `host: ${url.host}`,
    'content-type: application/x-www-form-urlencoded',
    'user-agent: keyward-bench',
    ...(options.token === undefined ? [] : [`authorization: ${options.token}`]),
    `content-length: ${Buffer.byteLength(form)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${form}`)
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      token: { type: 'string' },
      concurrency: { type: 'string', default: '16' },
      seconds: { type: 'string' },
      requests: { type: 'string' },
      'warm-up-seconds': { type: 'string', default: '1' },
      stream: { type: 'boolean', default: false },
      shape: { type: 'string', default: 'openai' },
      model: { type: 'string' },
      forms: { type: 'string' },
    },
  })
  if (values.url === undefined || (values.shape !== 'openai' && values.shape !== 'anthropic')) {
    process.stderr.write(
      'usage: load.ts --url URL [--token T] [--concurrency N] [--seconds N | --requests N] [--warm-up-seconds N] [--stream] [--shape openai|anthropic] [--model M] [--forms FILE]\n',
    )
    process.exit(2)
  }
  const result = await runLoad({
    url: values.url,
    concurrency: Number(values.concurrency),
    warmUpSeconds: Number(values['warm-up-seconds']),
    stream: values.stream,
    shape: values.shape,
    ...(values.token === undefined ? {} : { token: values.token }),
    ...(values.seconds === undefined ? {} : { seconds: Number(values.seconds) }),
    ...(values.requests === undefined ? {} : { requests: Number(values.requests) }),
    ...(values.model === undefined ? {} : { model: values.model }),
    ...(values.forms === undefined ? {} : { forms: readFileSync(values.forms, 'utf8').split('\n').filter(Boolean) }),
  })
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
