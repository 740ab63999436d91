// A node of its own process that admits and settles calls until it is killed. Each line that it prints is a call that it would now send upstream.
//   node ledger-process.ts {"address": …, "node": …, "home": …, "grant": …, "workload": …, "resource": …}
import { databaseOn } from '../../src/db/database.ts'
import { silentLog } from '../../src/db/log.ts'
import { type ConnectionParts, createPool } from '../../src/db/pool.ts'
import { Sweeper } from '../../src/policy/sweeper.ts'
import { intentOf, ledgerNode, outcomeOf } from './ledger.ts'

interface Order {
  readonly address: ConnectionParts
  readonly node: string
  readonly home: string
  readonly grant: string
  readonly workload: string
  readonly resource: string
}

const order = JSON.parse(process.argv[2] ?? '') as Order
const pool = createPool(order.address, { name: 'node', connectionsMax: 6, log: silentLog })
await pool.query("insert into nodes (id, home, host, pid, roles, version) values ($1, $2, 'test', $3, '{gateway}', 'test')", [
  order.node,
  order.home,
  process.pid,
])
const sweeper = new Sweeper({ db: databaseOn(pool), node: order.node, home: order.home, log: silentLog })
process.stdout.write(`swept ${await sweeper.sweep()}\n`)
const { admission, settlement } = ledgerNode(pool, order.node)
for (let caller = 0; caller < 40; caller++) void callOn(caller)

async function callOn(caller: number): Promise<void> {
  for (let turn = 0; ; turn++) {
    const intent = intentOf(order, { amountNano: 1_000n })
    const verdict = await admission.admit(intent)
    if (!verdict.admitted) return
    process.stdout.write(`${intent.callId}\n`)
    await new Promise((resolve) => setTimeout(resolve, (caller * 7 + turn * 3) % 20))
    settlement.settle(outcomeOf(intent, verdict, BigInt((caller * 37 + turn * 11) % 1_000)))
  }
}
