import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, type JWK } from 'jose'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { enrolledKey } from '../../../sdk/src/workload-identity/enrolled-key.ts'
import { SidecarKey } from '../../src/run/sidecar-key.ts'
import { TokenSource } from '../../src/run/token-source.ts'

/* RFC 9449, section 8: each node of the token endpoint wants a nonce of its own in the proof, and says which. */

let nodes: Server
let issuer: string
/** The nonces that the nodes want, one request after another as a balancer spreads them; the last one stays. */
let wanted: string[]
let proofs: Record<string, unknown>[]
let assertions: Set<unknown>

beforeAll(async () => {
  nodes = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    const proof = decodeJwt(String(request.headers.dpop))
    proofs.push(proof)
    assertions.add(decodeJwt(String(form.get('client_assertion'))).jti)
    const nonce = wanted.length > 1 ? wanted.shift() : wanted[0]
    const headers = { 'content-type': 'application/json', 'dpop-nonce': String(nonce) }
    if (proof.nonce !== nonce) response.writeHead(400, headers).end(JSON.stringify({ error: 'use_dpop_nonce' }))
    else
      response.writeHead(200, headers).end(
        JSON.stringify({
          access_token: `FAKE.TOKEN.${proofs.length}`,
          token_type: 'DPoP',
          expires_in: 600,
          resource: `${issuer}/g/openai`,
          resource_kind: 'llm',
        }),
      )
  }).listen(0, '127.0.0.1')
  await once(nodes, 'listening')
  issuer = `http://127.0.0.1:${(nodes.address() as AddressInfo).port}`
})
beforeEach(() => {
  proofs = []
  assertions = new Set()
})
afterAll(() => nodes?.close())

function source(): TokenSource {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ format: 'jwk' }) as JWK
  const identity = enrolledKey({ workload: `wl_${'0'.repeat(26)}`, key })
  return new TokenSource({ issuer, identity }, new SidecarKey(), `grt_${'0'.repeat(26)}`)
}

test('a run learns the nonce with its first request, and keeps it for the next', async () => {
  wanted = ['one']
  const tokens = source()
  const { token } = await tokens.get()
  expect(proofs.map(({ nonce }) => nonce)).toEqual([undefined, 'one'])
  tokens.forget(token)
  await tokens.get()
  expect(proofs.map(({ nonce }) => nonce)).toEqual([undefined, 'one', 'one'])
})

test('another node’s nonce is learnt on the way; no proof and no assertion is sent twice', async () => {
  wanted = ['one', 'two', 'two']
  await source().get()
  expect(proofs.map(({ nonce }) => nonce)).toEqual([undefined, 'one', 'two'])
  expect(new Set(proofs.map(({ jti }) => jti)).size).toBe(3)
  expect(assertions.size).toBe(3)
})

test('nodes that never agree end in a refusal, not in a loop', async () => {
  wanted = Array.from({ length: 50 }, (_, at) => `nonce ${at}`)
  await expect(source().get()).rejects.toMatchObject({ code: 'use_dpop_nonce' })
  expect(proofs.length).toBeLessThan(6)
})
