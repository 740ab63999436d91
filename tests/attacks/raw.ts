import { connect, createServer, type Server, type Socket } from 'node:net'

/** An upstream that answers each request with whatever bytes the test wants, well-formed or not. */
export interface RawUpstream {
  readonly origin: string
  /** What to do with a request; `bytes` is what came so far, its head whole. */
  answer: (socket: Socket, bytes: Buffer) => void
  /** Everything that came, a text a connection. */
  readonly received: string[]
  stop(): Promise<void>
}

export async function startRawUpstream(): Promise<RawUpstream> {
  const sockets = new Set<Socket>()
  const received: string[] = []
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    const at = received.push('') - 1
    let bytes = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      received[at] += chunk.toString('latin1')
      bytes = Buffer.concat([bytes, chunk])
      if (!wholeRequest(bytes)) return
      const request = bytes
      bytes = Buffer.alloc(0)
      upstream.answer(socket, request)
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const upstream: RawUpstream = {
    origin: `http://127.0.0.1:${port}`,
    answer: (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
    received,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
  return upstream
}

function wholeRequest(bytes: Buffer): boolean {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return false
  const head = bytes.toString('latin1', 0, end)
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return bytes.includes('\r\n0\r\n\r\n', end) || bytes.includes('\r\n\r\n0\r\n\r\n', end)
  return bytes.length >= end + 4 + length
}

/** Sends bytes to an origin and resolves with all that came back once the other side ends, or after `msMax` of silence. */
export function sendRaw(origin: string, bytes: string | Buffer, msMax = 1_500): Promise<string> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(text)
    }
    let timer = setTimeout(done, msMax)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      clearTimeout(timer)
      timer = setTimeout(done, msMax)
    })
    socket.on('end', done)
    socket.on('error', done)
  })
}

/** Sends bytes and then breaks the connection off with a reset, as a crashing or hostile client does. Resolves when it is gone. */
export function sendAndReset(origin: string, bytes: string): Promise<void> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(bytes, () => setImmediate(() => socket.resetAndDestroy()))
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve())
  })
}
