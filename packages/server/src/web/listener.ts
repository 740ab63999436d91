import { constants } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { limits } from '@keyward/contract/limits'
import type { Hono } from 'hono'
import { ConfigError } from '../config.ts'

export interface ListenerOptions {
  readonly host: string
  readonly port: number
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
  readonly clientCertificates: 'off' | 'tls' | 'proxy'
}

export interface Listener {
  readonly port: number
  /** Takes no new connections, lets running calls end for at most `graceMs`, then closes what is left. */
  stop(graceMs: number): Promise<void>
}

/** Below `/g/`, but the token service's: where vendors' SDKs ask for tokens by themselves. */
const tokenPath = /^\/g\/[a-z0-9-]{1,63}\/v1\/oauth\/token$/
/** Headers of a request have to be here by then; a slow sender is cut. */
const headersMsMax = 20_000
const keepAliveMs = 65_000

/**
 * Binds the port before anything is ready, so that its number is known and a second Keyward is told at once. Requests that arrive before
 * `serve` are answered with 503.
 */
export async function bind(options: ListenerOptions): Promise<{
  port: number
  serve(app: Hono, gateway: (request: IncomingMessage, response: ServerResponse) => void): Listener
  close(): Promise<void>
}> {
  let handle = (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '1', 'cache-control': 'no-store' }).end('Keyward is starting\n')
  }
  const server = makeServer(options, (request, response) => handle(request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    serve(app, gateway) {
      const api = getRequestListener(app.fetch, { overrideGlobalObjects: false })
      handle = (request, response) => {
        if (request.url?.startsWith('/g/') && !tokenPath.test(request.url)) gateway(request, response)
        else void api(request, response)
      }
      return { port, stop: (graceMs) => stop(server, graceMs) }
    },
    close: () => stop(server, 0),
  }
}

function makeServer(options: ListenerOptions, handle: (request: IncomingMessage, response: ServerResponse) => void): Server {
  const settings = {
    maxHeaderSize: limits.gatewayHeaderBytesMax,
    keepAliveTimeout: keepAliveMs,
    headersTimeout: headersMsMax,
    requestTimeout: limits.callSecondsMax * 1000,
    insecureHTTPParser: false,
    joinDuplicateHeaders: false,
  }
  const server = options.tls
    ? createTlsServer(
        {
          ...settings,
          cert: readPem('KEYWARD_TLS_CERT', options.tls.certFile),
          key: readKey(options.tls.keyFile),
          minVersion: 'TLSv1.2',
          // Asked for and never demanded: whose authority signed it is looked at where it is to prove something (oauth/mtls).
          requestCert: options.clientCertificates !== 'off',
          rejectUnauthorized: false,
          // Who holds the connection is settled by its handshake.
          secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
        },
        handle,
      )
    : createServer(settings, handle)
  server.on('clientError', (_error, socket: Socket) => endWith(socket, '400 Bad Request'))
  // Neither tunnels nor protocol switches: nothing here speaks them.
  server.on('connect', (_request, socket: Socket) => endWith(socket, '405 Method Not Allowed'))
  server.on('upgrade', (_request, socket: Socket) => endWith(socket, '400 Bad Request'))
  return server
}

/**
 * Says goodbye on a socket that the HTTP server has let go of: from here on nobody else hears its errors (a reset would end the process) and
 * nobody else closes it (a client that stays would hold it for ever).
 */
function endWith(socket: Socket, status: string): void {
  socket.on('error', () => socket.destroy())
  if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
  socket.destroySoon()
}

function readPem(option: 'KEYWARD_TLS_CERT' | 'KEYWARD_TLS_KEY', file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new ConfigError(option, `cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function readKey(file: string): Buffer {
  const pem = readPem('KEYWARD_TLS_KEY', file)
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
    throw new ConfigError('KEYWARD_TLS_KEY', `${file} is readable by others. Fix: chmod 600 ${file}`)
  return pem
}

function stop(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(force)
      resolve()
    })
    server.closeIdleConnections()
  })
}
