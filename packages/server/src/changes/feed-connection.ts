import pg from 'pg'
import type { DatabaseAddress } from '../db/pool.ts'
import type { ChangeEntry } from './change.ts'
import type { ChangeKind } from './record.ts'

/** This process, as other nodes see it. */
export interface NodeIdentity {
  /** New with each start. */
  readonly id: string
  /** Names the data folder that this process has locked for itself; absent where it holds none. */
  readonly home?: string | undefined
  readonly host: string
  readonly roles: readonly string[]
  readonly version: string
}

export interface Heard {
  /** The database's clock, in milliseconds since the epoch. */
  readonly databaseMs: number
  /** The feed's counter. */
  readonly counter: bigint
  readonly changes: readonly (ChangeEntry & { readonly atMs: number })[]
}

interface Row {
  now_ms: number
  counter: string
  seq: string | null
  at_ms: number
  kind: ChangeKind
  subject: string
  op: 'changed' | 'revoked'
  reason: string | null
  node: string | null
}

/** A poll of some ms that takes this long goes nowhere: a black hole. Twice this fits into the time after which a node is deaf. */
const answerMsMax = 600
/** Changes that one poll takes; when it was full, the next one follows at once. */
const changesMax = 5_000

/**
 * One statement proves and reads: the heartbeat row can only be written at a primary, and the changes are of the same snapshot. What it
 * writes may be lost in a crash of the database (synchronous_commit is off on this connection): it proves hearing, no fact.
 */
const pollText = `
with beat as (
  update nodes set heard_at = clock_timestamp(), heard_seq = $2, last_effect_ms = $3, max_effect_ms = $4, swept_at = null
  where id = $1 returning id
)
select (extract(epoch from clock_timestamp()) * 1000)::double precision as now_ms, counter.seq::text as counter,
  c.seq::text as seq, (extract(epoch from c.at) * 1000)::double precision as at_ms, c.kind, c.subject, c.op, c.reason, c.node
from beat cross join change_counter counter left join changes c on c.seq > $2
order by c.seq limit ${changesMax + 1}`

const registerText = `
insert into nodes (id, home, host, pid, roles, version, heard_seq) select $1, $2, $3, $4, $5, $6, seq from change_counter
on conflict (id) do update set heard_seq = excluded.heard_seq, heard_at = clock_timestamp(), stopped_at = null, swept_at = null
returning heard_seq::text as counter, (extract(epoch from clock_timestamp()) * 1000)::double precision as now_ms`

/** The node's row is gone: it was away for so long that it was tidied away. */
export class ForgottenError extends Error {
  override readonly name = 'ForgottenError'
}

/** The feed's own connection: it listens, and nothing else ever waits on it. */
export class FeedConnection {
  readonly #client: pg.Client
  #broken = false

  private constructor(client: pg.Client) {
    this.#client = client
  }

  /**
   * @param onHint something was committed: poll soon
   * @param onLost the connection ended
   */
  static async open(address: DatabaseAddress, onHint: () => void, onLost: () => void): Promise<FeedConnection> {
    const client = new pg.Client({
      ...address,
      application_name: 'keyward changes',
      connectionTimeoutMillis: answerMsMax,
      query_timeout: answerMsMax,
      statement_timeout: answerMsMax,
      keepAlive: true,
    })
    const connection = new FeedConnection(client)
    client.on('error', () => connection.#lose(onLost))
    client.on('end', () => connection.#lose(onLost))
    client.on('notification', onHint)
    try {
      await client.connect()
      await client.query('set synchronous_commit = off')
      await client.query('listen keyward_changes')
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  get broken(): boolean {
    return this.#broken
  }

  /** Makes the node's row, with the counter as it stands: what came before it, caches that load from now on have seen. */
  async register(node: NodeIdentity): Promise<{ counter: bigint; databaseMs: number }> {
    const { rows } = await this.#client.query<{ counter: string; now_ms: number }>(registerText, [
      node.id,
      node.home ?? null,
      node.host,
      process.pid,
      node.roles,
      node.version,
    ])
    const [row] = rows
    if (!row) throw new Error('the database has no change counter')
    return { counter: BigInt(row.counter), databaseMs: row.now_ms }
  }

  /** @throws ForgottenError where the node has no row; the driver's errors */
  async poll(node: string, heardSeq: bigint, lastEffectMs: number | undefined, slowestEffectMs: number | undefined): Promise<Heard> {
    const { rows } = await this.#client.query<Row>({
      name: 'poll',
      text: pollText,
      values: [node, heardSeq.toString(), lastEffectMs ?? null, slowestEffectMs ?? null],
    })
    const [first] = rows
    if (!first) throw new ForgottenError('this node has no row any more')
    const changes = rows.flatMap(({ seq, at_ms, kind, subject, op, reason, node: by }) =>
      seq === null ? [] : [{ seq: BigInt(seq), atMs: at_ms, kind, subject, op, reason, node: by }],
    )
    return { databaseMs: first.now_ms, counter: BigInt(first.counter), changes }
  }

  async stopped(node: string): Promise<void> {
    await this.#client.query('update nodes set stopped_at = clock_timestamp() where id = $1', [node])
  }

  /** Drops the connection at once, whatever is under way on it. */
  close(): void {
    this.#broken = true
    this.#client.end().catch(() => {})
  }

  #lose(onLost: () => void): void {
    if (this.#broken) return
    this.#broken = true
    onLost()
  }
}
