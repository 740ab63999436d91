import type { IncomingHttpHeaders } from 'node:http'
import { type Answer, type Call, type Caller, jsonAnswer, type Vendor } from '../fake/answer.ts'
import type { FaultKind } from '../fake/behaviour.ts'
import { replyPieces } from '../fake/echo.ts'
import { type JsonRecord, parseRecord, textIn } from '../fake/json.ts'
import type { Keys } from '../fake/keys.ts'
import { type Fake, type FakeOptions, startFake } from '../fake/server.ts'

/** A key of the CRM's own form that is nobody's. */
export const fakeHttpApiKey = 'crm_live_FAKEFAKEFAKE0EXAMPLE0EXAMPLE0FAKE'

export interface HttpApiOptions extends FakeOptions {
  /** The header that carries the key. Default `authorization` (as a bearer); another name takes the bare key. */
  keyHeader?: string
}

export interface Account {
  id: string
  tenant: string
  name: string
  plan: string
  notes: string[]
}

/**
 * Starts a plain HTTP API: a small CRM. `/tenants`, `/tenants/{t}/accounts[/{id}[/notes]]` (GET, POST, PATCH, DELETE), `/echo` in any method
 * (what the server received, its credential left out; the behaviours' `reply` and `echo` come back as `note`), `/status/{code}`.
 */
export function startFakeHttpApi(options: HttpApiOptions = {}): Promise<Fake> {
  return startFake(crm((options.keyHeader ?? 'authorization').toLowerCase()), { key: fakeHttpApiKey, ...options })
}

const statusOf: Record<FaultKind, number> = {
  invalid_key: 401,
  forbidden: 403,
  bad_request: 400,
  not_found: 404,
  rate_limited: 429,
  quota: 402,
  server_error: 500,
  unavailable: 503,
  overloaded: 503,
}

function crm(keyHeader: string): Vendor {
  const accounts = new Map<string, Account>()
  for (const tenant of ['acme', 'globex']) {
    for (let number = 1; number <= 3; number += 1) {
      const id = `${tenant}-${number}`
      accounts.set(id, { id, tenant, name: `${tenant} customer ${number}`, plan: number === 1 ? 'enterprise' : 'team', notes: [] })
    }
  }
  const refusal = (caller: Caller, status: number, code: string, message: string): Answer =>
    jsonAnswer(status, { code, message, request_id: caller.requestId }, { 'x-request-id': caller.requestId })

  function route(call: Call): Answer {
    const [, first, tenant, collection, id, tail] = call.path.split('/').map(decodeURIComponent)
    if (first === 'echo') return echo(call, keyHeader)
    if (first === 'status') return jsonAnswer(Number(tenant ?? '200'), { status: Number(tenant ?? '200') })
    if (first !== 'tenants') return refusal(call, 404, 'not_found', 'no such path')
    const tenants = [...new Set([...accounts.values()].map((account) => account.tenant))]
    if (tenant === undefined) return jsonAnswer(200, { items: tenants.map((name) => ({ id: name })) })
    if (collection !== 'accounts' || !tenants.includes(tenant)) return refusal(call, 404, 'not_found', 'no such tenant')
    if (id === undefined)
      return call.method === 'POST'
        ? create(call, tenant)
        : jsonAnswer(200, { items: [...accounts.values()].filter((account) => account.tenant === tenant) })
    const account = accounts.get(id)
    if (account?.tenant !== tenant) return refusal(call, 404, 'not_found', 'no such account')
    if (tail === 'notes' && call.method === 'POST') {
      const text = textIn(parseRecord(call.body), 'text')
      if (text === undefined) return refusal(call, 422, 'invalid', 'text is required')
      account.notes.push(text)
      return jsonAnswer(201, account)
    }
    if (tail !== undefined) return refusal(call, 404, 'not_found', 'no such path')
    switch (call.method) {
      case 'GET':
      case 'HEAD':
        return jsonAnswer(200, account)
      case 'PATCH':
        return change(call, account)
      case 'DELETE':
        accounts.delete(id)
        return { status: 204, headers: {}, frames: [], stream: true }
      default:
        return refusal(call, 405, 'method_not_allowed', `${call.method} is not allowed here`)
    }
  }

  function create(call: Call, tenant: string): Answer {
    const name = textIn(parseRecord(call.body), 'name')
    if (name === undefined) return refusal(call, 422, 'invalid', 'name is required')
    const account: Account = { id: `${tenant}-${call.requestId.slice(4, 12)}`, tenant, name, plan: 'team', notes: [] }
    accounts.set(account.id, account)
    return jsonAnswer(201, account, { location: `/tenants/${tenant}/accounts/${account.id}` })
  }

  function change(call: Call, account: Account): Answer {
    const wish: JsonRecord | undefined = parseRecord(call.body)
    if (!wish) return refusal(call, 400, 'invalid', 'the body must be a JSON object')
    account.name = textIn(wish, 'name') ?? account.name
    account.plan = textIn(wish, 'plan') ?? account.plan
    return jsonAnswer(200, account)
  }

  return {
    name: 'http-api',
    credentialOf: (headers) => credentialOf(headers, keyHeader),
    refuse: (caller, keys) => refuse(caller, keys, refusal),
    answer: route,
    fault: (kind, caller, detail) => refusal(caller, statusOf[kind], kind, detail ?? `the CRM says: ${kind}`),
    faultEvent: (kind) => `event: error\ndata: ${JSON.stringify({ code: kind })}\n\n`,
  }
}

function credentialOf(headers: IncomingHttpHeaders, keyHeader: string): string | null {
  const value = headers[keyHeader]
  if (typeof value !== 'string') return null
  return keyHeader === 'authorization' ? (/^Bearer\s+(.+)$/i.exec(value)?.[1] ?? null) : value
}

function refuse(
  caller: Caller,
  keys: Keys,
  refusal: (caller: Caller, status: number, code: string, message: string) => Answer,
): Answer | null {
  if (caller.credential === null) return refusal(caller, 401, 'unauthenticated', 'no API key')
  return keys.check(caller.credential).state === 'alive' ? null : refusal(caller, 401, 'unauthenticated', 'unknown API key')
}

function echo(call: Call, keyHeader: string): Answer {
  const { [keyHeader]: _credential, ...headers } = call.headers
  return jsonAnswer(200, {
    method: call.method,
    path: call.path,
    query: Object.fromEntries(call.query),
    headers,
    body: call.body.toString('utf8'),
    key_id: call.key.id,
    note: replyPieces(call.behaviour.reply ?? '', call.behaviour).join(''),
  })
}
