/**
 * The baseline: a bare Node pipe from node:http to an undici pool that streams bytes both ways and does nothing else but put the upstream's
 * key where the caller's was. `node bench/pipe.ts --target http://127.0.0.1:N [--port N] [--key SECRET] [--connections N]`. Prints `{origin}`
 * as one JSON line when it listens.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { type Dispatcher, Pool } from 'undici'

const { values } = parseArgs({
  options: { target: { type: 'string' }, port: { type: 'string' }, key: { type: 'string' }, connections: { type: 'string' } },
})
if (values.target === undefined) {
  process.stderr.write('usage: pipe.ts --target http://127.0.0.1:N [--port N] [--key SECRET] [--connections N]\n')
  process.exit(2)
}
const authorization = values.key === undefined ? undefined : `Bearer ${values.key}`
const pool = new Pool(values.target, { connections: Number(values.connections ?? '128'), pipelining: 1 })
/** These belong to one connection and are not passed on (RFC 9110 section 7.6.1). */
const perConnection = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'proxy-connection',
  'host',
  'expect',
])

const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 0 }, (request, response) => {
  const options: Dispatcher.DispatchOptions = {
    method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
    path: request.url ?? '/',
    headers: onward(request.headers),
    body: hasBody(request) ? request : null,
  }
  pool.dispatch(options, new Piped(response))
})

class Piped implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    this.#response = response
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) controller.abort(new Error('the client left'))
    })
    this.#response.on('drain', () => controller.resume())
  }

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    if (statusCode < 200) return
    for (const name of perConnection) delete headers[name]
    this.#response.writeHead(statusCode, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#response.write(chunk)) controller.pause()
  }

  onResponseEnd(): void {
    this.#response.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController, _error: Error): void {
    if (this.#response.headersSent) this.#response.destroy()
    else this.#response.writeHead(502).end()
  }
}

function onward(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const passed: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) if (value !== undefined && !perConnection.has(name)) passed[name] = value
  if (authorization !== undefined) passed.authorization = authorization
  return passed
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || (request.headers['content-length'] ?? '0') !== '0'
}

server.listen(Number(values.port ?? '0'), '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })}\n`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))
