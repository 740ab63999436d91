import { unlinkSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net'

/** Where to listen or connect: a TCP port of the loopback interface, or a unix socket's path. */
export type Address = { port: number; host?: string } | { path: string }

/** What happens to bytes on their way in one direction. Changes hold for connections that are open too. */
export interface Faults {
  /** Each chunk arrives this much later; order is kept. */
  latencyMs?: number
  bytesPerSecond?: number
  /** The connection dies once this many bytes of it have passed. */
  cutAfterBytes?: number
  /** The death is a reset, not an end of file (TCP only; a unix socket just closes). */
  reset?: boolean
  /** Bytes are taken and delivered to nobody: a network that lost its other side. */
  blackHole?: boolean
}

/** `up`: from the client to the target. `down`: back. */
export type Direction = 'up' | 'down'

export interface FaultProxy {
  /** Of a TCP listener; 0 for a unix socket. */
  readonly port: number
  /** Replaces the faults of a direction; `{}` heals it. */
  set(direction: Direction, faults: Faults): void
  /** Nothing passes and nothing is lost until `resume`: the senders feel back-pressure. */
  pause(): void
  resume(): void
  /** New connections are refused; open ones go on. */
  refuse(): Promise<void>
  /** Listens again, at the same address. */
  accept(): Promise<void>
  /** Ends one direction of every open connection with a FIN; the other stays open. */
  halfClose(direction: Direction): void
  /** Kills all open connections. `reset`: with RST. */
  cutAll(reset?: boolean): void
  readonly stats: { accepted: number; open: number; bytesUp: number; bytesDown: number }
  close(): Promise<void>
}

interface Link {
  client: Socket
  target: Socket
  pumps: Record<Direction, Pump>
}

/** Puts faults between a client and a server on one machine. */
export async function startFaultProxy(options: { target: Address; listen?: Address }): Promise<FaultProxy> {
  const faults: Record<Direction, Faults> = { up: {}, down: {} }
  const links = new Set<Link>()
  const stats = { accepted: 0, open: 0, bytesUp: 0, bytesDown: 0 }
  let paused = false
  let port = options.listen && 'port' in options.listen ? options.listen.port : 0

  const server = createServer({ allowHalfOpen: true }, (client) => {
    const target = connect({ ...toConnect(options.target), allowHalfOpen: true })
    const kill = (reset: boolean): void => {
      for (const socket of [client, target]) {
        if (reset && socket.remotePort !== undefined) socket.resetAndDestroy()
        else socket.destroy()
      }
    }
    const link: Link = {
      client,
      target,
      pumps: {
        up: new Pump(
          client,
          target,
          () => faults.up,
          kill,
          (bytes) => (stats.bytesUp += bytes),
        ),
        down: new Pump(
          target,
          client,
          () => faults.down,
          kill,
          (bytes) => (stats.bytesDown += bytes),
        ),
      },
    }
    links.add(link)
    stats.accepted += 1
    stats.open += 1
    if (paused) for (const pump of Object.values(link.pumps)) pump.pause()
    let ended = 0
    for (const socket of [client, target]) {
      socket.on('error', () => kill(true))
      socket.on('close', (failed) => {
        if (failed) kill(true)
        ended += 1
        if (ended === 2) stats.open -= 1
        if (ended === 2) links.delete(link)
      })
    }
  })

  await listen()
  return {
    get port() {
      return port
    },
    stats,
    set: (direction, next) => {
      faults[direction] = next
    },
    pause: () => {
      paused = true
      for (const link of links) for (const pump of Object.values(link.pumps)) pump.pause()
    },
    resume: () => {
      paused = false
      for (const link of links) for (const pump of Object.values(link.pumps)) pump.resume()
    },
    refuse: () => stopListening(server),
    accept: listen,
    halfClose: (direction) => {
      for (const link of links) (direction === 'up' ? link.target : link.client).end()
    },
    cutAll,
    close: async () => {
      const stopped = stopListening(server)
      cutAll(false)
      await stopped
    },
  }

  function cutAll(reset = false): void {
    for (const { client, target } of links) {
      for (const socket of [client, target]) {
        if (reset && socket.remotePort !== undefined) socket.resetAndDestroy()
        else socket.destroy()
      }
    }
  }

  async function listen(): Promise<void> {
    if (server.listening) return
    const at = options.listen
    if (at && 'path' in at) removeSocket(at.path)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(
        at && 'path' in at ? { path: at.path } : { port, host: (at && 'host' in at ? at.host : undefined) ?? '127.0.0.1' },
        () => {
          server.off('error', reject)
          resolve()
        },
      )
    })
    const address = server.address()
    if (typeof address === 'object' && address !== null) port = (address as AddressInfo).port
  }
}

/** Carries bytes one way under the faults of the moment. */
class Pump {
  readonly #from: Socket
  readonly #to: Socket
  readonly #faults: () => Faults
  readonly #kill: (reset: boolean) => void
  readonly #count: (bytes: number) => void
  #queue: { chunk: Buffer | null; dueMs: number }[] = []
  #queuedBytes = 0
  #passedBytes = 0
  #paused = false
  #busyUntilMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor(from: Socket, to: Socket, faults: () => Faults, kill: (reset: boolean) => void, count: (bytes: number) => void) {
    this.#from = from
    this.#to = to
    this.#faults = faults
    this.#kill = kill
    this.#count = count
    from.on('data', (chunk: Buffer) => this.#enqueue(chunk))
    from.on('end', () => this.#enqueue(null))
    from.on('close', () => clearTimeout(this.#timer))
    to.on('drain', () => this.#flush())
  }

  pause(): void {
    this.#paused = true
    this.#from.pause()
  }

  resume(): void {
    this.#paused = false
    this.#from.resume()
    this.#flush()
  }

  #enqueue(chunk: Buffer | null): void {
    if (this.#faults().blackHole) return
    this.#queue.push({ chunk, dueMs: performance.now() + (this.#faults().latencyMs ?? 0) })
    this.#queuedBytes += chunk?.length ?? 0
    if (this.#queuedBytes > queuedBytesMax) this.#from.pause()
    this.#flush()
  }

  #flush(): void {
    clearTimeout(this.#timer)
    while (!this.#paused && !this.#to.destroyed) {
      const head = this.#queue[0]
      if (head === undefined) return
      const waitMs = Math.max(head.dueMs, this.#busyUntilMs) - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#flush(), waitMs)
        return
      }
      if (this.#to.writableNeedDrain) return
      this.#queue.shift()
      if (head.chunk === null) this.#to.end()
      else this.#pass(head.chunk)
    }
  }

  #pass(chunk: Buffer): void {
    const { bytesPerSecond, cutAfterBytes, blackHole, reset } = this.#faults()
    this.#queuedBytes -= chunk.length
    if (blackHole) return
    const left = cutAfterBytes === undefined ? chunk.length : Math.max(0, cutAfterBytes - this.#passedBytes)
    // A slow line lets through a piece at a time, not a chunk as a whole after a long silence.
    const step = Math.min(left, bytesPerSecond === undefined ? left : Math.max(1, Math.ceil((bytesPerSecond * slowStepMs) / 1000)))
    const part = chunk.subarray(0, Math.min(chunk.length, step))
    if (part.length > 0) this.#to.write(part)
    this.#passedBytes += part.length
    this.#count(part.length)
    if (cutAfterBytes !== undefined && this.#passedBytes >= cutAfterBytes) {
      this.#kill(reset ?? false)
      return
    }
    if (bytesPerSecond !== undefined) this.#busyUntilMs = performance.now() + (part.length / bytesPerSecond) * 1000
    if (part.length < chunk.length) {
      this.#queue.unshift({ chunk: chunk.subarray(part.length), dueMs: 0 })
      this.#queuedBytes += chunk.length - part.length
    } else if (!this.#paused && this.#from.isPaused() && this.#queuedBytes <= queuedBytesMax) this.#from.resume()
  }
}

/** What a direction holds back before its sender feels back-pressure. */
const queuedBytesMax = 1024 * 1024
const slowStepMs = 10

function toConnect(address: Address): NetConnectOpts {
  return 'path' in address ? { path: address.path } : { port: address.port, host: address.host ?? '127.0.0.1' }
}

function stopListening(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve()
  // Resolves when the listener is gone; connections that are open do not hold it up.
  return new Promise((resolve) => {
    server.close()
    setImmediate(resolve)
  })
}

function removeSocket(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
