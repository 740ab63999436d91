import { spawn } from 'node:child_process'
import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A forge in small: real `git http-backend` behind a token of its own. */
export interface GitServer {
  readonly origin: string
  /** Requests that came with the forge's token, oldest first: `POST /acme/app.git/git-receive-pack`. */
  readonly requests: readonly string[]
  stop(): Promise<void>
}

/**
 * Serves the bare repositories below a folder over git's smart HTTP, to whoever shows the token as the password (Basic), as forges want it.
 * @param root folder of the repositories
 */
export async function startGitServer(root: string, token: string): Promise<GitServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    if (!knows(request.headers.authorization, token)) {
      request.resume()
      response.writeHead(401, { 'www-authenticate': 'Basic realm="forge"' }).end()
      return
    }
    requests.push(`${request.method} ${request.url?.split('?')[0]}`)
    serve(root, request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function knows(authorization: string | undefined, token: string): boolean {
  const [scheme = '', value = ''] = (authorization ?? '').split(' ')
  const shown = Buffer.from(Buffer.from(value, 'base64').toString('utf8').split(':').slice(1).join(':'))
  const known = Buffer.from(token)
  return /^basic$/i.test(scheme) && shown.length === known.length && timingSafeEqual(shown, known)
}

/** git-http-backend(1) is a CGI program (RFC 3875). */
function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://forge.invalid')
  const { headers } = request
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      // The folder may belong to another user than the one who runs this: it is ours all the same.
      ...{ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' },
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      REMOTE_USER: 'forge',
      CONTENT_TYPE: headers['content-type'],
      CONTENT_LENGTH: headers['content-length'],
      HTTP_CONTENT_ENCODING: headers['content-encoding'],
      GIT_PROTOCOL: headers['git-protocol'] as string | undefined,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  request.pipe(backend.stdin)
  backend.stdin.on('error', () => {})
  let head: Buffer | undefined = Buffer.alloc(0)
  backend.stdout.on('data', (chunk: Buffer) => {
    if (head === undefined) {
      response.write(chunk)
      return
    }
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) return
    const lines = head.subarray(0, end).toString('latin1').split('\r\n')
    const fields = Object.fromEntries(lines.map((line) => line.split(/:\s*/, 2) as [string, string]))
    const { Status: status = '200', ...rest } = fields
    response.writeHead(Number.parseInt(status, 10), rest)
    response.write(head.subarray(end + 4))
    head = undefined
  })
  backend.once('close', () => {
    if (head !== undefined && !response.headersSent) response.writeHead(500)
    response.end()
  })
}
