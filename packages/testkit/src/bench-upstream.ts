/**
 * The cheapest upstream that still looks like a vendor: prebuilt answers over a bare socket, so that a bench measures what is in
 * front of it. `node packages/testkit/src/bench-upstream.ts [--port N] [--key SECRET] [--delay-ms N] [--events N]
 * [--event-delay-ms N]`. The delay is before the first byte; with an event delay a stream's events are written one by one, so far apart.
 *
 * A request whose JSON body holds `"stream":true` gets the stream; each path that contains `/messages` is answered in Anthropic's shape,
 * any other in OpenAI's. With `--key` a request without that key gets 401, so that a bench cannot pass by forgetting to inject it.
 * `GET /__count` says how many requests were answered. Prints `{origin, key}` as one JSON line when it listens.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { benchAnswers } from './bench-answers.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    key: { type: 'string' },
    'delay-ms': { type: 'string' },
    events: { type: 'string' },
    'event-delay-ms': { type: 'string' },
  },
})
const delayMs = Number(values['delay-ms'] ?? '0')
const eventDelayMs = Number(values['event-delay-ms'] ?? '0')
const key = values.key === undefined ? null : Buffer.from(values.key)
const answers = benchAnswers(Number(values.events ?? '16'))
const headEnd = Buffer.from('\r\n\r\n')
const streamMark = Buffer.from('"stream":true')
const messagesMark = Buffer.from('/messages')
/** A head or a chunked body above this ends the connection: nothing that a bench sends is so large. */
const pendingBytesMax = 4 * 1024 * 1024
let answered = 0

const server = createServer({ noDelay: true }, (socket) => {
  let pending: Buffer = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    for (;;) {
      const length = requestBytes(pending)
      if (length === null) break
      answer(socket, pending.subarray(0, length))
      pending = pending.subarray(length)
    }
    if (pending.length > pendingBytesMax) socket.destroy()
  })
})

server.listen(Number(values.port ?? '0'), '127.0.0.1', () => {
  process.stdout.write(
    `${JSON.stringify({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key: values.key ?? null })}\n`,
  )
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))

function answer(socket: Socket, request: Buffer): void {
  if (request.subarray(0, 12).toString('latin1') === 'GET /__count') {
    const body = JSON.stringify({ answered })
    socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
    return
  }
  const shape = request.subarray(0, request.indexOf(13)).includes(messagesMark) ? answers.anthropic : answers.openai
  const streamed = request.includes(streamMark)
  const refused = key !== null && !request.includes(key)
  answered += 1
  if (streamed && !refused && eventDelayMs > 0) {
    setTimeout(() => drip(socket, shape.streamParts, 0), delayMs)
    return
  }
  const bytes = refused ? answers.refused : streamed ? shape.stream : shape.json
  if (delayMs === 0) socket.write(bytes)
  else setTimeout(() => socket.writable && socket.write(bytes), delayMs)
}

function drip(socket: Socket, parts: readonly Buffer[], index: number): void {
  const part = parts[index]
  if (part === undefined || !socket.writable) return
  socket.write(part)
  setTimeout(() => drip(socket, parts, index + 1), eventDelayMs)
}

/** How long the first whole request in `bytes` is; null while it is incomplete. */
function requestBytes(bytes: Buffer): number | null {
  const end = bytes.indexOf(headEnd)
  if (end < 0) return null
  const head = bytes.toString('latin1', 0, end).toLowerCase()
  const lengthAt = head.indexOf('\r\ncontent-length:')
  if (lengthAt >= 0) {
    const whole = end + 4 + Number.parseInt(head.slice(lengthAt + 17, lengthAt + 40), 10)
    return bytes.length >= whole ? whole : null
  }
  if (!head.includes('\r\ntransfer-encoding: chunked')) return end + 4
  for (let at = end + 4; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1')
    if (lineEnd < 0) return null
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    at = lineEnd + 2 + size + 2
    if (bytes.length < at) return null
    if (size === 0) return at
  }
}
