// What the gateway costs beside a bare Node pipe, in the same run: node bench/gateway.ts [--seconds 3] [--rounds 3] [--concurrency 1,16,64]
// [--delays 0,20] [--shapes json,sse] [--memory] [--json]. The whole server in its own process with everything on: its PostgreSQL, durable
// audit, two budgets, limits of requests and tokens a minute. Upstream, pipe and load generator are processes of their own on the same machine.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chain, type Operator } from '../packages/server/test/gateway/operator.ts'
import type { LoadResult } from './load.ts'
import { processorMs, processorMsBelow } from './processor-time.ts'
import { endAll, startServer } from './server.ts'
import { compare } from './stats.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    concurrency: { type: 'string', default: '1,16,64' },
    delays: { type: 'string', default: '0,20' },
    shapes: { type: 'string', default: 'json,sse' },
    memory: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
/** After how many calls memory is looked at, and how many there are in all. */
const memoryStep = 40_000
const memoryCalls = 200_000
const warmUpSeconds = 1
const key = 'sk-proj-FAKE-BENCH-EXAMPLE-0123456789abcdefghijklmnopqrstuvwxyz-FAKE'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const children: ChildProcess[] = []
const folder = mkdtempSync(join(tmpdir(), 'keyward-bench-'))

try {
  const { operator, pid, child } = await startServer(folder)
  children.push(child)
  if (values.memory) await measureMemory(operator, pid)
  else for (const delay of values.delays.split(',').map(Number)) await measure(operator, pid, delay)
} finally {
  await endAll(children)
  rmSync(folder, { recursive: true, force: true })
}

async function measure(operator: Operator, pid: number, delay: number): Promise<void> {
  const secret = `${key}-${delay}`
  const upstream = (await startProgram('../packages/testkit/src/bench-upstream.ts', ['--key', secret, '--delay-ms', String(delay)])).origin
  const pipe = await startProgram('pipe.ts', ['--target', upstream, '--key', secret])
  const { base, token } = await budgeted(operator, upstream, secret)
  for (const shape of values.shapes.split(',')) {
    for (const concurrency of values.concurrency.split(',').map(Number)) {
      const processor = { calls: 0, server: 0, database: 0, piped: 0, pipe: 0 }
      const gateway: LoadResult[] = []
      const baseline: LoadResult[] = []
      for (let round = 0; round < Number(values.rounds); round++) {
        const load = (url: string, bearer: string) => runLoad(`${url}/v1/chat/completions`, bearer, concurrency, shape === 'sse')
        const before = { server: processorMs(pid), database: processorMsBelow(pid), pipe: processorMs(pipe.pid) }
        const piped = await load(pipe.origin, 'none')
        const called = await load(base, token)
        baseline.push(piped)
        gateway.push(called)
        // The warm-up is in the processor's time too, so it is counted in: it runs at the same rate.
        const warm = (result: LoadResult) => result.requests * (1 + warmUpSeconds / result.seconds)
        processor.calls += warm(called)
        processor.piped += warm(piped)
        processor.server += processorMs(pid) - before.server
        processor.database += processorMsBelow(pid) - before.database
        processor.pipe += processorMs(pipe.pid) - before.pipe
      }
      if (!values.json)
        console.log(
          `processor µs a call: pipe ${micros(processor.pipe, processor.piped)}, server ${micros(processor.server, processor.calls)}, database ${micros(processor.database, processor.calls)}`,
        )
      report(`${delay} ms upstream, ${shape}, ${concurrency} at once`, gateway, baseline)
    }
  }
}

function micros(ms: number, calls: number): string {
  return ((ms * 1_000) / Math.max(1, calls)).toFixed(0)
}

function report(name: string, gateway: LoadResult[], baseline: LoadResult[]): void {
  const comparison = compare(gateway, baseline)
  const errors = gateway.reduce((sum, round) => sum + round.errors, 0)
  if (values.json) {
    console.log(JSON.stringify({ name, ...comparison, errors, gateway: gateway.map((round) => round.requestsPerSecond) }))
    return
  }
  const number = (value: number, digits = 2) => value.toFixed(digits).padStart(7)
  const rate = (rounds: LoadResult[]) => number(Math.max(...rounds.map((round) => round.requestsPerSecond)), 0)
  console.log(
    `${name.padEnd(36)} ${rate(gateway)} of ${rate(baseline)} calls/s   ratio ${number(comparison.throughputRatio)}   added ms: p50 ${number(comparison.addedP50Ms)}` +
      `  p99 ${number(comparison.addedP99Ms)}  first byte ${number(comparison.addedFirstByteP50Ms)}${errors === 0 ? '' : `   ${errors} ERRORS ${gateway.find((round) => round.firstError)?.firstError}`}`,
  )
}

/** Resident memory of the server over many calls, after a collection of garbage had its chance. */
async function measureMemory(operator: Operator, pid: number): Promise<void> {
  const upstream = (await startProgram('../packages/testkit/src/bench-upstream.ts', ['--key', key])).origin
  const { base, token } = await budgeted(operator, upstream, key)
  for (let calls = 0; calls < memoryCalls; calls += memoryStep) {
    for (const stream of [false, true])
      await runLoad(`${base}/v1/chat/completions`, token, 64, stream, ['--requests', String(memoryStep / 2), '--warm-up-seconds', '0'])
    await sleep(1_000)
    console.log(`${String(calls + memoryStep).padStart(7)} calls   resident ${(residentBytes(pid) / 1_048_576).toFixed(0)} MiB`)
  }
}

async function budgeted(operator: Operator, upstream: string, secret: string): Promise<{ base: string; token: string }> {
  const made = await chain(operator, {
    upstream,
    secret,
    limits: { requests_per_minute: 1_000_000, tokens_per_minute: 1_000_000_000, max_output_tokens: 4_096 },
    credential: { name: `bench ${upstream}` },
  })
  await operator.make('/budgets', { scope: { grant: made.grant }, limit_usd: '900000000.00', window: 'month' })
  await operator.make('/budgets', { scope: { workload: made.workload }, limit_usd: '900000000.00', window: 'day' })
  return made
}

async function runLoad(url: string, token: string, concurrency: number, stream: boolean, extra?: string[]): Promise<LoadResult> {
  const child = spawn(
    process.execPath,
    [
      at('load.ts'),
      '--url',
      url,
      '--token',
      token,
      '--concurrency',
      String(concurrency),
      ...(extra ?? ['--seconds', values.seconds]),
      ...(stream ? ['--stream'] : []),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let text = ''
  for await (const chunk of child.stdout) text += String(chunk)
  return JSON.parse(text) as LoadResult
}

async function startProgram(file: string, options: string[]): Promise<{ origin: string; pid: number }> {
  const child = spawn(process.execPath, [at(file), ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  for await (const line of createInterface(child.stdout))
    return { origin: (JSON.parse(line) as { origin: string }).origin, pid: child.pid ?? 0 }
  throw new Error(`${file} ended before it listened`)
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0') * 1_024
}
