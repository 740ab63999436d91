import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exitCodes, Failure } from '../failure.ts'
import { clientId, type Login, loginOf, postForm } from './login-endpoints.ts'

/** A person reads, signs in, and decides; the server forgets nothing of it before. */
const waitMsMax = 300_000

/**
 * A login by the browser on this machine (RFC 8252): the answer comes to a port of ours on loopback, with a state that only this request has, and
 * the code is worth nothing without the verifier that never left this process (RFC 7636).
 * @param issuer the server's own name, which has to stand in the answer (RFC 9207)
 * @param open shows the address to the person
 * @throws Failure
 */
export async function browserLogin(origin: string, issuer: string, open: (address: string) => void): Promise<Login> {
  const state = randomBytes(24).toString('base64url')
  const verifier = randomBytes(32).toString('base64url')
  const answer = await listen(state, issuer)
  try {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: answer.redirectUri,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    })
    open(`${issuer}/oauth2/authorize?${query}`)
    const code = await answer.code
    return loginOf(
      await postForm(origin, '/oauth2/token', {
        grant_type: 'authorization_code',
        client_id: clientId,
        code,
        redirect_uri: answer.redirectUri,
        code_verifier: verifier,
      }),
    )
  } finally {
    answer.close()
  }
}

interface Listening {
  readonly redirectUri: string
  readonly code: Promise<string>
  close(): void
}

async function listen(state: string, issuer: string): Promise<Listening> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  promise.catch(() => undefined)
  const server = createServer((request, response) => {
    const url = URL.parse(request.url ?? '/', 'http://127.0.0.1')
    // Anything else on this machine may knock here: only the answer to this very request counts, and nothing else ends the wait.
    if (request.method !== 'GET' || url?.pathname !== '/callback' || !isSame(url.searchParams.get('state') ?? '', state)) {
      say(response, 400, 'This is not the answer that keyward login waits for.')
      return
    }
    const { searchParams: given } = url
    const code = given.get('code')
    if (given.get('iss') !== issuer) {
      say(response, 400, 'The answer is from another server. Nothing was logged in.')
      reject(new Failure(exitCodes.refused, `The answer came from ${given.get('iss') ?? 'nobody'}, not from ${issuer}`))
    } else if (code === null) {
      say(response, 200, 'Nothing was logged in. You can close this page.')
      const why = given.get('error') === 'access_denied' ? 'You said no in the browser' : `The login was refused: ${given.get('error')}`
      reject(new Failure(exitCodes.refused, why, { fix: 'Run `keyward login` again.' }))
    } else {
      say(response, 200, 'You are logged in. You can close this page and go back to the terminal.')
      resolve(code)
    }
  })
  await new Promise<void>((ready, failed) => {
    server.once('error', failed)
    server.listen(0, '127.0.0.1', ready)
  })
  const timer = setTimeout(() => {
    reject(
      new Failure(exitCodes.refused, `Nobody answered in the browser within ${waitMsMax / 60_000} minutes`, {
        fix: 'Run `keyward login` again; on a machine without a browser, `keyward login --device`.',
      }),
    )
  }, waitMsMax)
  return {
    redirectUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
    code: promise,
    close: () => {
      clearTimeout(timer)
      server.close()
      server.closeIdleConnections()
    },
  }
}

function say(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      connection: 'close',
    })
    .end(`${text}\n`)
}

function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}
