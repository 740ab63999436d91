// How many calls a second the ledger admits and settles: node bench/admission.ts [--seconds 5] [--waiting 64,256]
// A PostgreSQL of its own, one process, everything on this machine. `waiting` is how many calls are open at once. Processor time a call is
// told apart for Node and for the database's connections (Linux), because it says more than the rate where the machine is busy otherwise.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { silentLog } from '../packages/server/src/db/log.ts'
import { createPool } from '../packages/server/src/db/pool.ts'
import { newId } from '../packages/server/src/observe/ids.ts'
import { Admission } from '../packages/server/src/policy/admission.ts'
import type { CallIntent } from '../packages/server/src/policy/call.ts'
import { Settlement } from '../packages/server/src/policy/settlement.ts'
import { startTestServer, templateName } from '../tests/support/test-server.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '5' }, waiting: { type: 'string', default: '64,256' } } })
const seconds = Number(values.seconds)
const waitings = values.waiting.split(',').map(Number)

const server = await startTestServer()
try {
  const pool = createPool({ ...server.connection, database: templateName }, { name: 'bench', connectionsMax: 8, log: silentLog })
  await pool.query('select ensure_partitions(1)')
  const grants = Array.from({ length: 20 }, () => ({ grant: newId('grant'), workload: newId('workload') }))
  const installation = newId('installation')
  await pool.query("insert into installation (id, organisation, fingerprint_key) values ($1, 'Bench', '{}')", [installation])
  for (const waiting of waitings) await run('no budget', waiting, {})
  for (const waiting of waitings)
    await run('requests and tokens a minute', waiting, { requestsPerMinute: 1_000_000, tokensPerMinute: 1_000_000_000 })
  await pool.query("insert into budgets (id, level, subject, limit_nano, time_window) values ($1, 'org', $2, 9e18, 'day')", [
    newId('budget'),
    installation,
  ])
  for (const { grant } of grants)
    await pool.query("insert into budgets (id, level, subject, limit_nano, time_window) values ($1, 'grant', $2, 9e18, 'month')", [
      newId('budget'),
      grant,
    ])
  for (const waiting of waitings) await run('two budgets a call', waiting, {})
  await pool.end()

  /** Processor time of the server's connections so far. */
  async function serverMs(): Promise<number> {
    const { rows } = await pool.query<{ pid: number }>('select pid from pg_stat_activity where datname = current_database()')
    return rows.reduce((sum, { pid }) => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      return sum + (Number(fields[11]) + Number(fields[12])) * 10
    }, 0)
  }

  async function run(name: string, waiting: number, limits: CallIntent['limits']): Promise<void> {
    const admission = new Admission({ pool, node: 'node_bench', log: silentLog })
    const settlement = new Settlement({ pool, node: 'node_bench', log: silentLog })
    const latencies: number[] = []
    let [done, refused] = [0, 0]
    const cpu = process.cpuUsage()
    const serverCpu = await serverMs()
    const started = performance.now()
    const end = started + seconds * 1_000
    const one = async (index: number) => {
      const { grant, workload } = grants[index % grants.length] ?? { grant: '', workload: '' }
      while (performance.now() < end) {
        const callId = newId('call')
        const asked = performance.now()
        const verdict = await admission.admit(intent(callId, grant, workload, limits))
        latencies.push(performance.now() - asked)
        if (!verdict.admitted) {
          refused += 1
          continue
        }
        settlement.settle({
          callId,
          at: verdict.at,
          held: verdict.held,
          workload,
          grant,
          token: callId.replace('call', 'tok'),
          resource: 'res_bench',
          credential: 'cred_bench',
          version: 'ver_bench',
          environment: 'production',
          operation: 'chat.completions',
          model: 'gpt-4.1',
          outcome: 'ok',
          status: 200,
          streamed: false,
          usage: { inputTokens: 900, outputTokens: 250 },
          costNano: 3_800_000n,
          latencyMs: 20.5,
          firstByteMs: 20.1,
          overheadMs: 0.7,
        })
        done += 1
      }
    }
    await Promise.all(Array.from({ length: waiting }, (_, index) => one(index)))
    await settlement.flush()
    const took = (performance.now() - started) / 1_000
    const used = process.cpuUsage(cpu)
    const micros = (ms: number) => ((ms * 1_000) / Math.max(1, done)).toFixed(0)
    const cost = `${micros((used.user + used.system) / 1_000)} us of Node and ${micros((await serverMs()) - serverCpu)} us of PostgreSQL each`
    latencies.sort((a, b) => a - b)
    const quantile = (share: number) => (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(1)
    process.stdout.write(
      `${name}, ${waiting} open: ${Math.round(done / took)} admitted and settled a second, ${refused} refused, ` +
        `admission p50 ${quantile(0.5)} ms p99 ${quantile(0.99)} ms, ${cost}\n`,
    )
    await sleep(200)
  }
} finally {
  await server.stop()
}

function intent(callId: string, grant: string, workload: string, limits: CallIntent['limits']): CallIntent {
  return {
    callId,
    grant,
    workload,
    amountNano: 12_000_000n,
    reserveSeconds: 600,
    tokensWorstCase: 4_000,
    limits,
    audit: {
      token: callId.replace('call', 'tok'),
      credential: 'cred_bench',
      version: 'ver_bench',
      resource: 'res_bench',
      environment: 'production',
      model: 'gpt-4.1',
      operation: 'chat.completions',
      effect: 'spend',
      correlationId: callId,
    },
  }
}
