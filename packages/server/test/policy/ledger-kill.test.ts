import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newId } from '../../src/observe/ids.ts'
import { addBudget, addGrant, balance, count, type Ledger, openLedger, usageSum } from './ledger.ts'

let ledger: Ledger
const children = new Set<ReturnType<typeof spawn>>()
beforeEach(async () => {
  ledger = await openLedger()
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await ledger.close()
})

/** Starts a node; resolves when it has swept. `calls` fills with what it would have sent upstream. */
async function startNode(
  grant: string,
  home: string,
): Promise<{ calls: string[]; swept: number; kill(): Promise<void>; reached(n: number): Promise<void> }> {
  const order = { address: ledger.connection, node: newId('node'), home, grant, workload: ledger.workload, resource: ledger.resource }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'ledger-process.ts'), JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  const calls: string[] = []
  let waiting: { n: number; resolve: () => void } | undefined
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  if (!child.stdout) throw new Error('no output')
  const swept = await new Promise<number>((resolve, reject) => {
    child.once('close', () => reject(new Error('the node ended before it had swept')))
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('swept ')) resolve(Number(line.slice(6)))
      else calls.push(line)
      if (waiting && calls.length >= waiting.n) waiting.resolve()
    })
  })
  return {
    calls,
    swept,
    async kill() {
      child.kill('SIGKILL')
      await ended
      children.delete(child)
    },
    reached: (n) =>
      calls.length >= n
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting = { n, resolve }
          }),
  }
}

test('killed in the middle, restarted on the same folder: nothing stays held, spend is the sum of usage, never over, every call sent has its record and its end', async () => {
  const free = newId('grant')
  await addGrant(ledger.pool, free, ledger.workload, ledger.resource)
  const limit = 600_000n
  const budget = await addBudget(ledger.pool, 'grant', ledger.grant, limit)
  const sent: string[] = []
  for (const grant of [ledger.grant, free, ledger.grant]) {
    const node = await startNode(grant, 'home_a')
    await node.reached(150)
    await node.kill()
    sent.push(...node.calls)
    const { spent, reserved } = await balance(ledger.pool, budget)
    expect(spent + reserved <= limit).toBe(true)
  }
  expect(await count(ledger.pool, 'reservations')).toBeGreaterThan(0)
  // The next start on the same folder knows that the earlier ones are dead, without waiting for their silence.
  const last = await startNode(newId('grant'), 'home_a')
  expect(last.swept).toBeGreaterThan(0)
  await last.kill()

  expect(await count(ledger.pool, 'reservations')).toBe(0)
  const { spent, reserved } = await balance(ledger.pool, budget)
  expect(reserved).toBe(0n)
  expect(spent).toBe(await usageSum(ledger.pool, ledger.grant))
  expect(spent <= limit).toBe(true)
  expect(
    await count(ledger.pool, "audit_entries where action = 'gateway.call' and decision = 'allowed' and call_id = any($1)", [sent]),
  ).toBe(sent.length)
  expect(await count(ledger.pool, 'usage_events where call_id = any($1)', [sent])).toBe(sent.length)
  expect(await count(ledger.pool, "usage_events where outcome = 'lost' and not estimated")).toBe(0)
  expect(await count(ledger.pool, "usage_events where outcome = 'lost' and grant_id = $1 and cost_nano is null", [free])).toBeGreaterThan(0)
}, 120_000)
