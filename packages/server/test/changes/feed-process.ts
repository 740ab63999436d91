// A node of its own process for the feed's tests. One JSON line for each thing that it hears or becomes, so that a test can follow it.
//   node feed-process.ts {"address": …, "id": "node_…", "wallSkewMs": 0}

import { ChangeFeed } from '../../src/changes/feed.ts'
import { silentLog } from '../../src/db/log.ts'
import type { DatabaseAddress } from '../../src/db/pool.ts'

interface Order {
  readonly address: DatabaseAddress
  readonly id: string
  /** How far this machine's wall clock is off. */
  readonly wallSkewMs: number
}

const { address, id, wallSkewMs } = JSON.parse(process.argv[2] ?? '') as Order
const say = (event: object) =>
  process.stdout.write(`${JSON.stringify({ ...event, monotonicMs: performance.timeOrigin + performance.now() })}\n`)
const feed = new ChangeFeed({
  address,
  node: { id, host: 'test', roles: ['gateway'], version: 'test' },
  log: silentLog,
  clock: { wallMs: () => Date.now() + wallSkewMs, monotonicMs: () => performance.now() },
})
feed.on((change) =>
  say(change.op === 'reset' ? { reset: String(change.seq) } : { heard: String(change.seq), subject: change.subject, op: change.op }),
)
feed.onDeaf((deaf) => say({ deaf }))
await feed.start()
say({ started: String(feed.heardSeq), nowMs: feed.nowMs(), deaf: feed.deaf })
process.stdin.on('data', (line) => {
  if (line.toString().includes('status')) say({ status: String(feed.heardSeq), deaf: feed.deaf, nowMs: feed.nowMs() })
  if (line.toString().includes('stop')) void feed.stop().then(() => process.exit(0))
})
