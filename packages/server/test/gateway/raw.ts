import { type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly trailers: NodeJS.Dict<string>
}

export interface RawRequest {
  readonly method?: string
  readonly headers?: Record<string, string | string[]>
  readonly body?: string | Buffer
  /** Sent as it is in place of the URL's path. */
  readonly target?: string
  readonly onData?: (text: string) => void
  readonly signal?: AbortSignal
}

/** One HTTP exchange that lets a test send what fetch would mend or refuse. Rejects where the answer breaks off. */
export function raw(url: string, { method = 'GET', headers = {}, body, target, onData, signal }: RawRequest = {}): Promise<RawAnswer> {
  const { hostname, port, pathname, search } = new URL(url)
  return new Promise((resolve, reject) => {
    const made = request(
      {
        host: hostname,
        port,
        path: target ?? `${pathname}${search}`,
        method,
        headers,
        agent: false,
        ...(signal === undefined ? {} : { signal }),
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
          onData?.(text)
        })
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, trailers: response.trailers }),
        )
      },
    )
    made.on('error', reject)
    made.end(body)
  })
}

/** Writes bytes to a socket and gives everything that comes until the other side closes. */
export function bytes(origin: string, text: string): Promise<string> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text))
    let answer = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      answer += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })
}
