import type { IncomingHttpHeaders } from 'node:http'
import { type Answer, type Call, type Caller, jsonAnswer, type Vendor } from '../fake/answer.ts'
import type { FaultKind } from '../fake/behaviour.ts'
import { type JsonRecord, parseRecord, textIn } from '../fake/json.ts'
import type { Keys } from '../fake/keys.ts'
import { type Fake, type FakeOptions, startFake } from '../fake/server.ts'

/** A key of the server's own that is nobody's. */
export const fakeMcpKey = 'mcp_live_FAKEFAKEFAKE0EXAMPLE0EXAMPLE0FAKE'

/** Revisions of the protocol that begin with `initialize`; the newest of them is what an unknown one is answered with. */
const revisions = ['2025-03-26', '2025-06-18', '2025-11-25']
const newest = '2025-11-25'

const tools = [
  {
    name: 'find_account',
    description: 'Finds an account by its id',
    inputSchema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
    annotations: { readOnlyHint: true },
  },
  {
    name: 'add_note',
    description: 'Adds a note to an account',
    inputSchema: { type: 'object', properties: { id: { type: 'string' }, text: { type: 'string' } }, required: ['id', 'text'] },
    annotations: { readOnlyHint: false },
  },
] as const

/**
 * Starts an MCP server: streamable HTTP at `/mcp`, without sessions, each request answered by one JSON body. Two tools, `find_account` and
 * `add_note`, over accounts that live as long as the server does. It knows its own key and no access token of anybody's.
 */
export function startFakeMcp(options: FakeOptions = {}): Promise<Fake> {
  return startFake(mcp(), { key: fakeMcpKey, ...options })
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

function mcp(): Vendor {
  const notes = new Map<string, string[]>([
    ['acme-1', ['Renewal in March']],
    ['acme-2', []],
  ])

  function callTool(params: JsonRecord): JsonRecord {
    const name = textIn(params, 'name')
    const given = typeof params.arguments === 'object' && params.arguments !== null ? (params.arguments as JsonRecord) : {}
    const id = textIn(given, 'id') ?? ''
    const account = notes.get(id)
    if (account === undefined) return toolText(`no account ${id}`, true)
    if (name === 'find_account') return toolText(JSON.stringify({ id, notes: account }))
    const text = textIn(given, 'text')
    if (name !== 'add_note' || text === undefined) return toolText(name === 'add_note' ? 'text is missing' : `no tool ${name}`, true)
    account.push(text)
    return toolText('noted')
  }

  function answer(call: Call): Answer {
    if (call.path !== '/mcp') return jsonAnswer(404, { error: 'no such path' })
    if (call.method !== 'POST') return jsonAnswer(405, { error: 'this server opens no stream of its own' }, { allow: 'POST' })
    const message = parseRecord(call.body)
    if (message?.jsonrpc !== '2.0') return jsonAnswer(400, rpcError(null, -32700, 'not a JSON-RPC message'))
    const { id, method } = message
    // A notification, or an answer to a question that was never asked.
    if (id === undefined || method === undefined) return { status: 202, headers: {}, frames: [], stream: true }
    const params = typeof message.params === 'object' && message.params !== null ? (message.params as JsonRecord) : {}
    switch (method) {
      case 'initialize': {
        const asked = textIn(params, 'protocolVersion') ?? newest
        return result(id, {
          protocolVersion: revisions.includes(asked) ? asked : newest,
          capabilities: { tools: {} },
          serverInfo: { name: 'fake-crm', version: '1.0.0' },
        })
      }
      case 'ping':
        return result(id, {})
      case 'tools/list':
        return result(id, { tools })
      case 'tools/call':
        return result(id, callTool(params))
      default:
        return jsonAnswer(200, rpcError(id, -32601, `no method ${String(method)}`))
    }
  }

  return {
    name: 'mcp',
    credentialOf: (headers: IncomingHttpHeaders) => /^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1] ?? null,
    refuse: (caller: Caller, keys: Keys) =>
      caller.credential !== null && keys.check(caller.credential).state === 'alive'
        ? null
        : jsonAnswer(401, rpcError(null, -32001, 'unknown key'), { 'www-authenticate': 'Bearer' }),
    answer,
    fault: (kind, _caller, detail) => jsonAnswer(statusOf[kind], rpcError(null, -32000, detail ?? kind)),
    faultEvent: (kind) => `event: message\ndata: ${JSON.stringify(rpcError(null, -32000, kind))}\n\n`,
  }
}

function result(id: unknown, value: unknown): Answer {
  return jsonAnswer(200, { jsonrpc: '2.0', id, result: value })
}

function rpcError(id: unknown, code: number, message: string): JsonRecord {
  return { jsonrpc: '2.0', id, error: { code, message } }
}

function toolText(text: string, isError = false): JsonRecord {
  return { content: [{ type: 'text', text }], isError }
}
