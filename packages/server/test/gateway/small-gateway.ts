import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AuditRecord } from '../../src/audit/record.ts'
import { Egress } from '../../src/egress/egress.ts'
import { createGateway } from '../../src/gateway/listener.ts'
import type { Plan } from '../../src/gateway/plan.ts'
import type { Change, GatewayParts, VerifiedToken } from '../../src/gateway/seams.ts'
import { newId } from '../../src/observe/ids.ts'
import type { CallIntent, CallOutcome, Verdict } from '../../src/policy/call.ts'
import { Secret } from '../../src/vault/secret.ts'

export const smallToken = 'FAKE.EXAMPLE.token'

/** A gateway alone, over small parts in memory that a test can hold still at any point. Egress and the upstream are real. */
export async function startSmallGateway(upstream: string, secret: string) {
  const listeners = new Set<(change: Change) => void>()
  const deafListeners = new Set<(deaf: boolean) => void>()
  const state = {
    nowMs: 1_000_000,
    deaf: false,
    plan: planOf(upstream),
    token: { id: 'tok_1', grant: 'grt_1', workload: 'wl_1', ath: '', expiresAtMs: 2_000_000 } as VerifiedToken,
    admit: async (_intent: CallIntent): Promise<Verdict> => ({ admitted: true, budgeted: false, held: false, at: new Date(0) }),
    opening: async (): Promise<void> => undefined,
    intents: [] as CallIntent[],
    outcomes: [] as CallOutcome[],
    refusals: [] as AuditRecord[],
  }
  const egress = new Egress()
  const parts: GatewayParts = {
    verifier: { verify: () => state.token, verifyProof: () => undefined },
    feed: {
      get deaf() {
        return state.deaf
      },
      nowMs: () => state.nowMs,
      on: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      onDeaf: (listener) => {
        deafListeners.add(listener)
        return () => deafListeners.delete(listener)
      },
    },
    vault: {
      open: async () => {
        await state.opening()
        return Secret.of(secret)
      },
    },
    admission: {
      admit: (intent) => {
        state.intents.push(intent)
        return state.admit(intent)
      },
    },
    budgets: { isBudgeted: () => false },
    settlement: { settle: (outcome) => state.outcomes.push(outcome) },
    prices: { current: () => ({ quote: () => ({ worstCase: () => 100n, cost: () => 7n }) }) },
    journal: { record: async (record) => state.refusals.push(record) },
    egress,
    loadPlan: async () => state.plan,
    newCallId: () => newId('call'),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  }
  const server = createServer((request, response) => gateway.handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const gateway = createGateway(parts, {
    issuer: `http://127.0.0.1:${port}`,
    scheme: 'http',
    hosts: () => new Set([`127.0.0.1:${port}`]),
    origins: new Set(),
    viaName: 'ins_small',
    inFlightMax: 5,
  })
  return {
    base: `http://127.0.0.1:${port}/g/openai`,
    state,
    gateway,
    tell: (change: Change) => {
      for (const listener of listeners) listener(change)
    },
    setDeaf: (deaf: boolean) => {
      state.deaf = deaf
      for (const listener of deafListeners) listener(deaf)
    },
    stop: async () => {
      await gateway.drain(0)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await egress.close()
    },
  }
}

function planOf(upstream: string): Plan {
  return {
    grant: {
      id: 'grt_1',
      state: 'active',
      expiresAtMs: null,
      scopes: [{ models: ['*'] }],
      limits: {},
      requireDpop: false,
      requireMtls: false,
      minimumAssurance: null,
      streamsOutliveToken: false,
    },
    workload: { id: 'wl_1', state: 'active', environment: 'production', team: null },
    tenant: null,
    resource: {
      id: 'res_1',
      name: 'openai',
      kind: 'llm',
      provider: 'openai',
      origin: upstream,
      basePath: '',
      injection: { style: 'bearer' },
      allowPrivate: true,
      limits: {},
    },
    credential: {
      id: 'cred_1',
      state: 'active',
      purpose: 'model',
      authority: ['consume', 'spend'],
      environment: 'production',
      allowedOrigins: [upstream],
      expiresAtMs: null,
      version: {
        id: 'ver_1',
        number: 1,
        sealed: { ciphertext: Buffer.alloc(0), nonce: Buffer.alloc(0), wrappedKey: Buffer.alloc(0), encryptionKey: 'kek' },
      },
    },
  }
}
