import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Address, type FaultProxy, startFaultProxy } from '@keyward/testkit/fault-proxy'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** Both transports behave alike, but for the reset, which unix sockets do not know. */
describe.each(['tcp', 'unix'] as const)('over %s', (transport) => {
  let folder: string
  let server: Server
  let target: Address
  let proxy: FaultProxy
  let dial: NetConnectOpts
  const open = new Set<Socket>()

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kw-proxy-'))
    // Echoes, and says goodbye when its client has finished.
    server = createServer({ allowHalfOpen: true }, (socket) => {
      open.add(socket)
      socket.on('data', (chunk) => socket.write(chunk))
      socket.on('end', () => socket.end('bye'))
      socket.on('error', () => {})
    })
    const listen = transport === 'unix' ? { path: join(folder, 'target') } : { port: 0, host: '127.0.0.1' }
    await new Promise<void>((resolve) => server.listen(listen, resolve))
    target = transport === 'unix' ? { path: join(folder, 'target') } : { port: (server.address() as AddressInfo).port }
    proxy = await startFaultProxy({ target, ...(transport === 'unix' ? { listen: { path: join(folder, 'proxy') } } : {}) })
    dial = transport === 'unix' ? { path: join(folder, 'proxy') } : { port: proxy.port, host: '127.0.0.1' }
  })
  afterEach(async () => {
    await proxy.close()
    for (const socket of open) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
    rmSync(folder, { recursive: true })
  })

  async function client(): Promise<{ socket: Socket; got: () => string; error: () => string | null }> {
    const socket = connect({ ...dial, allowHalfOpen: true })
    let got = ''
    let error: string | null = null
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1')
    })
    socket.on('error', (failure: NodeJS.ErrnoException) => {
      error = failure.code ?? failure.message
    })
    await once(socket, 'connect')
    return { socket, got: () => got, error: () => error }
  }

  test('a healthy proxy changes no byte and passes on the end of each direction', async () => {
    const { socket, got } = await client()
    socket.end('hello')
    await once(socket, 'end')
    expect(got()).toBe('hellobye')
    socket.destroy()
    await expect.poll(() => proxy.stats.open).toBe(0)
    expect(proxy.stats).toMatchObject({ accepted: 1, bytesUp: 5, bytesDown: 8 })
  })

  test('latency delays bytes and keeps their order', async () => {
    proxy.set('up', { latencyMs: 30 })
    const { socket, got } = await client()
    const started = performance.now()
    for (const word of ['one ', 'two ', 'three']) socket.write(word)
    await expect.poll(got).toBe('one two three')
    expect(performance.now() - started).toBeGreaterThanOrEqual(29)
    socket.destroy()
  })

  test('a narrow line lets bytes through piece by piece', async () => {
    proxy.set('down', { bytesPerSecond: 20_000 })
    const { socket, got } = await client()
    const started = performance.now()
    socket.write('x'.repeat(4000))
    await expect.poll(() => got().length, { timeout: 5000 }).toBe(4000)
    expect(performance.now() - started).toBeGreaterThanOrEqual(150)
    socket.destroy()
  })

  test('a cut falls after exactly so many bytes', async () => {
    proxy.set('down', { cutAfterBytes: 7 })
    const { socket, got } = await client()
    socket.write('0123456789')
    await once(socket, 'end').catch(() => {})
    expect(got()).toBe('0123456')
    socket.destroy()
  })

  test('a black hole takes everything and delivers nothing; healed, new bytes pass', async () => {
    proxy.set('up', { blackHole: true })
    const { socket, got } = await client()
    socket.write('lost')
    const second = await client()
    proxy.set('up', {})
    second.socket.write('found')
    await expect.poll(second.got).toBe('found')
    expect(got()).toBe('')
    socket.destroy()
    second.socket.destroy()
  })

  test('a pause loses nothing', async () => {
    const { socket, got } = await client()
    proxy.pause()
    socket.write('held')
    const second = await client()
    second.socket.write('held too')
    proxy.resume()
    await expect.poll(got).toBe('held')
    await expect.poll(second.got).toBe('held too')
    socket.destroy()
    second.socket.destroy()
  })

  test('one direction can end while the other lives on', async () => {
    const { socket, got } = await client()
    socket.write('before')
    await expect.poll(got).toBe('before')
    proxy.halfClose('up')
    await once(socket, 'end')
    expect(got()).toBe('beforebye')
    socket.destroy()
  })

  test('refused connections fail at once, open ones go on, and it listens again at the same address', async () => {
    const { socket, got } = await client()
    await proxy.refuse()
    const refused = connect(dial)
    const [failure] = (await once(refused, 'error')) as [NodeJS.ErrnoException]
    expect(['ECONNREFUSED', 'ENOENT']).toContain(failure.code)
    socket.write('still here')
    await expect.poll(got).toBe('still here')
    await proxy.accept()
    const again = await client()
    again.socket.write('back')
    await expect.poll(again.got).toBe('back')
    socket.destroy()
    again.socket.destroy()
  })

  test('all connections can be killed, by a reset where the transport has one', async () => {
    const { socket, got, error } = await client()
    socket.write('x')
    await expect.poll(got).toBe('x')
    const closed = once(socket, transport === 'tcp' ? 'close' : 'end').catch(() => {})
    proxy.cutAll(true)
    await closed
    expect(error()).toBe(transport === 'tcp' ? 'ECONNRESET' : null)
    socket.destroy()
    await expect.poll(() => proxy.stats.open).toBe(0)
  })

  test('a sender of much feels back-pressure: the proxy holds no more than its bound', async () => {
    proxy.pause()
    const { socket } = await client()
    let sent = 0
    const chunk = Buffer.alloc(256 * 1024)
    while (sent < 64 * 1024 * 1024 && socket.write(chunk)) sent += chunk.length
    expect(socket.writableLength).toBeGreaterThan(0)
    proxy.cutAll()
    socket.destroy()
  })
})
