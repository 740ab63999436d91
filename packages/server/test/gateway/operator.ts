import { setTimeout as sleep } from 'node:timers/promises'
import { readLocalLogin } from '../../src/people/local-proof.ts'

/** An administrator with the control API of a running Keyward in hand. */
export class Operator {
  readonly origin: string
  readonly #token: string

  private constructor(origin: string, token: string) {
    this.origin = origin
    this.#token = token
  }

  /** Signs in with the local login of the data folder. */
  static async of(dataFolder: string): Promise<Operator> {
    const { address, prove } = readLocalLogin(dataFolder)
    const asked = await post(`${address}/api/v1/sign-in/local/challenge`, {})
    const challenge = String(asked.challenge)
    const answered = await post(`${address}/api/v1/sign-in/local`, { challenge, proof: prove(challenge) })
    return new Operator(address, String(answered.token))
  }

  /** Any call of the control API; throws where it is refused. */
  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.origin}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  }

  async make(path: string, body: Record<string, unknown>): Promise<string> {
    return String((await this.ask('POST', path, body)).id)
  }

  async items(path: string): Promise<Record<string, unknown>[]> {
    const { items } = await this.ask('GET', path)
    return items as Record<string, unknown>[]
  }

  /** RFC 8414. */
  async metadata(): Promise<Record<string, unknown>> {
    return (await (await fetch(`${this.origin}/.well-known/oauth-authorization-server`)).json()) as Record<string, unknown>
  }

  async mint(grant: string): Promise<string> {
    return String((await this.ask('POST', `/grants/${grant}/tokens`, {})).access_token)
  }

  /** Polls a list until `holds` is true of it. */
  async until(path: string, holds: (items: Record<string, unknown>[]) => boolean, timeoutMs = 10_000): Promise<Record<string, unknown>[]> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const items = await this.items(path)
      if (holds(items)) return items
      if (performance.now() > deadline)
        throw new Error(`${path} never held what was expected; last: ${JSON.stringify(items).slice(0, 2_000)}`)
      await sleep(20)
    }
  }
}

let count = 0
function unique(word: string): string {
  count += 1
  return `${word}-${count}`
}

export interface ChainOptions {
  readonly upstream: string
  readonly secret: string
  readonly provider?: string
  readonly kind?: 'llm' | 'http'
  readonly purpose?: string
  readonly authority?: string[]
  readonly scope?: Record<string, unknown>
  readonly limits?: Record<string, unknown>
  readonly resource?: Record<string, unknown>
  readonly grant?: Record<string, unknown>
  readonly credential?: Record<string, unknown>
}

export interface Chain {
  readonly owner: string
  readonly credential: string
  readonly resource: string
  readonly name: string
  readonly workload: string
  readonly grant: string
  readonly token: string
  /** `http://127.0.0.1:7411/g/NAME` */
  readonly base: string
}

/** Owner, credential, resource, workload, grant and a token, hanging together. */
export async function chain(operator: Operator, options: ChainOptions): Promise<Chain> {
  const kind = options.kind ?? 'llm'
  const provider = options.provider ?? 'openai'
  const owner = await operator.make('/owners', { kind: 'team', name: unique('team'), contact: '#team' })
  const credential = await operator.make('/credentials', {
    name: unique('credential'),
    kind: 'api_key',
    provider,
    purpose: options.purpose ?? (kind === 'llm' ? 'model' : 'data'),
    authority: options.authority ?? ['consume', 'spend'],
    environment: 'production',
    owner,
    secret: options.secret,
    allowed_origins: [new URL(options.upstream).origin],
    ...options.credential,
  })
  const name = unique('resource')
  const resource = await operator.make('/resources', {
    name,
    kind,
    upstream: options.upstream,
    ...(kind === 'llm' ? { provider } : {}),
    credential,
    allow_private: true,
    ...options.resource,
  })
  const workload = await operator.make('/workloads', { name: unique('workload'), type: 'agent', owner, environment: 'production' })
  const grant = await operator.make('/grants', {
    workload,
    resource,
    scope: options.scope ?? (kind === 'llm' ? { models: ['*'] } : { methods: ['GET', 'POST'], paths: ['/**'] }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...options.grant,
  })
  const token = await operator.mint(grant)
  return { owner, credential, resource, name, workload, grant, token, base: `${operator.origin}/g/${name}` }
}

async function post(url: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`)
  return JSON.parse(text) as Record<string, unknown>
}
