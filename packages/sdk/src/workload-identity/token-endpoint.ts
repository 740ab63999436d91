import { request } from 'node:https'
import type { ClientCertificate } from './identity.ts'

/** What an OAuth endpoint answered. `answer` is empty where it was no JSON object. */
export interface EndpointAnswer {
  readonly status: number
  readonly headers: Headers
  readonly answer: Readonly<Record<string, unknown>>
}

export interface EndpointRequest {
  readonly address: string
  readonly form: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly certificate?: ClientCertificate | undefined
  readonly signal: AbortSignal
  /** Default: the global one. Not used where a certificate has to be shown. */
  readonly fetch?: typeof fetch | undefined
}

/** A token and what belongs to it, with room. */
const answerBytesMax = 262_144

/**
 * Sends one form to an endpoint of the token service (RFC 6749 section 3.2).
 * @throws whatever kept it from answering: the caller knows what to call it
 */
export async function postForm(asked: EndpointRequest): Promise<EndpointAnswer> {
  const { address, form, headers = {}, certificate, signal } = asked
  const body = new URLSearchParams(form).toString()
  const sent = { ...headers, 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
  if (certificate !== undefined) return await postWithCertificate(address, body, sent, certificate, signal)
  const response = await (asked.fetch ?? fetch)(address, { method: 'POST', headers: sent, body, redirect: 'error', signal })
  return { status: response.status, headers: response.headers, answer: objectIn(await response.text()) }
}

function postWithCertificate(
  address: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  { cert, key }: ClientCertificate,
  signal: AbortSignal,
): Promise<EndpointAnswer> {
  return new Promise((resolve, reject) => {
    // A connection of its own: the certificate belongs to the handshake, and may be another next time.
    const sending = request(address, { method: 'POST', headers, cert, key, agent: false, signal }, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > answerBytesMax) sending.destroy(new Error(`the answer has more than ${answerBytesMax} bytes`))
        else chunks.push(chunk)
      })
      response.once('error', reject)
      response.once('end', () => {
        const answered = new Headers()
        for (const [name, value] of Object.entries(response.headers)) if (typeof value === 'string') answered.set(name, value)
        resolve({ status: response.statusCode ?? 0, headers: answered, answer: objectIn(Buffer.concat(chunks).toString('utf8')) })
      })
    })
    sending.once('error', reject)
    sending.end(body)
  })
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
