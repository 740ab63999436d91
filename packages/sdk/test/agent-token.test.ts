import { decodeJwt, exportJWK, generateKeyPair, type JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTokenService, type TokenService } from '../../server/test/oauth/token-service.ts'
import { agentToken } from '../src/agent-token.ts'

let service: TokenService
beforeAll(async () => {
  service = await startTokenService()
})
afterAll(() => service.stop())

/** A workload with a key of its own and a grant. */
async function agent(name: string): Promise<{ workload: string; grant: string; key: JWK; other: JWK }> {
  const workload = await service.addWorkload(name)
  const pair = await generateKeyPair('ES256', { extractable: true })
  const foreign = await generateKeyPair('ES256', { extractable: true })
  await service.addIdentity(workload, { method: 'private_key_jwt', public_jwk: JSON.stringify(await exportJWK(pair.publicKey)) })
  return {
    workload,
    grant: await service.addGrant(workload),
    key: await exportJWK(pair.privateKey),
    other: await exportJWK(foreign.privateKey),
  }
}

describe('tokens for an agent', () => {
  test('an agent proves itself with its key and gets a token of its own grant', async () => {
    const { workload, grant, key } = await agent('support')
    const token = await agentToken({ origin: service.issuer, workload, key, grant }).get()
    expect(decodeJwt(token)).toMatchObject({ sub: workload, grant, iss: service.issuer })
  })

  test('callers share one request and one token until it is forgotten', async () => {
    const { workload, grant, key } = await agent('sharing')
    let asked = 0
    const tokens = agentToken({
      origin: service.issuer,
      workload,
      key,
      grant,
      fetch: (...args) => {
        asked += 1
        return fetch(...args)
      },
    })
    const [first, second] = await Promise.all([tokens.get(), tokens.get()])
    expect(second).toBe(first)
    expect(await tokens.get()).toBe(first)
    expect(asked).toBe(1)
    tokens.forget()
    expect(await tokens.get()).not.toBe(first)
    expect(asked).toBe(2)
  })

  test('a token that was forgotten while it was asked for does not come back', async () => {
    const { workload, grant, key } = await agent('forgetting')
    const tokens = agentToken({ origin: service.issuer, workload, key, grant })
    const early = tokens.get()
    tokens.forget()
    const stale = await early
    expect(await tokens.get()).not.toBe(stale)
  })

  test('somebody else’s key gets no token, and the error says so without the key', async () => {
    const { workload, grant, other } = await agent('impostor')
    const refused = await agentToken({ origin: service.issuer, workload, key: other, grant })
      .get()
      .catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'invalid_client' })
    expect(String(refused)).not.toContain(other.d)
  })
})
