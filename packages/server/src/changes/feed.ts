import { limits } from '@keyward/contract/limits'
import type { DatabaseLog } from '../db/log.ts'
import type { DatabaseAddress } from '../db/pool.ts'
import { type Clock, systemClock } from '../observe/clock.ts'
import type { Change } from './change.ts'
import { EffectTimes } from './effect.ts'
import { FeedConnection, ForgottenError, type Heard, type NodeIdentity } from './feed-connection.ts'
import { Hearing } from './hearing.ts'
import { InstallationClock } from './installation-clock.ts'
import { Listeners } from './listeners.ts'
import { Pause } from './pause.ts'

export interface FeedOptions {
  /** Where the database is: the feed has a connection of its own. */
  readonly address: DatabaseAddress
  readonly node: NodeIdentity
  readonly log: DatabaseLog
  readonly clock?: Clock
  readonly pollMs?: number
  readonly deafAfterMs?: number
}

interface Waiter {
  readonly seq: bigint
  readonly resolve: () => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/** After a connection failed. Short, for a node that is deaf after 1.5 s has to try several times before. */
const reconnectMs = 100
/** How often deafness is looked for without being asked: streams are cut this much later at the most. */
const deafCheckMs = 50

/**
 * The ordered feed of everything that a node may have cached (promise 5).
 *
 * A poll every 200 ms, sooner after a hint, reads the changes above the last one heard, in the statement that writes this node's heartbeat.
 * Numbers come from a counter row that the writer locks until its commit: they have no gaps and become visible in order, so a gap means
 * that changes are missing, and listeners get a `reset` to drop whatever they hold. A node that has not heard for `deafAfterMs` is deaf: it
 * says so to whoever asks (`deaf`, computed when asked) and to listeners, so that open streams are cut.
 */
export class ChangeFeed {
  readonly #options: FeedOptions
  readonly #pollMs: number
  readonly #clock: Clock
  readonly #hearing: Hearing
  readonly #time: InstallationClock
  readonly #effects = new EffectTimes()
  readonly #changes: Listeners<Change>
  readonly #deafness: Listeners<boolean>
  readonly #effectListeners: Listeners<number>
  readonly #pause = new Pause()
  readonly #waiters = new Set<Waiter>()
  #connection: FeedConnection | undefined
  #heardSeq: bigint | undefined
  #toldDeaf = false
  #faulty = false
  #stopped = false
  #running: Promise<void> | undefined
  #deafTimer: NodeJS.Timeout | undefined

  constructor(options: FeedOptions) {
    this.#options = options
    this.#pollMs = options.pollMs ?? limits.changePollMs
    this.#clock = options.clock ?? systemClock
    this.#hearing = new Hearing(this.#clock, options.deafAfterMs ?? limits.deafAfterMs)
    this.#time = new InstallationClock(this.#clock)
    this.#changes = new Listeners<Change>()
    this.#deafness = new Listeners<boolean>()
    this.#effectListeners = new Listeners<number>()
  }

  /**
   * Makes this node known and begins at the feed's present end: caches that are loaded after this have seen everything before it.
   * @throws the driver's error where the database can't be reached
   */
  async start(): Promise<void> {
    await this.#connect()
    await this.#poll()
    this.#running = this.#run()
    this.#deafTimer = setInterval(() => this.#tellDeaf(), deafCheckMs)
    this.#deafTimer.unref()
  }

  /** Says that this node has stopped, so that nobody waits for it. Whoever calls it has settled its calls before. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#deafTimer)
    this.#pause.wake()
    await this.#running
    await this.#connection?.stopped(this.#options.node.id).catch(() => {})
    this.#connection?.close()
    for (const waiter of this.#waiters) this.#fail(waiter, 'the change feed was stopped')
  }

  /** True while this node can't hear revocations: refuse everything and cut open streams. Costs two readings of a clock. */
  get deaf(): boolean {
    return this.#faulty || this.#hearing.deaf
  }

  /** Everything up to here has been applied. @throws Error before `start` */
  get heardSeq(): bigint {
    if (this.#heardSeq === undefined) throw new Error('the change feed has not started')
    return this.#heardSeq
  }

  /** Installation time in milliseconds since the epoch: what judges expiry. */
  nowMs(): number {
    return this.#time.nowMs()
  }

  /** Calls `listener` for each change, in order, once, synchronously. Answers the way to end it. */
  on(listener: (change: Change) => void): () => void {
    return this.#changes.add(listener)
  }

  /** Calls `listener` when this node becomes deaf (true) and when it hears again (false). */
  onDeaf(listener: (deaf: boolean) => void): () => void {
    return this.#deafness.add(listener)
  }

  /** Calls `listener` with the milliseconds from each revocation's commit until it was applied here. */
  onEffect(listener: (effectMs: number) => void): () => void {
    return this.#effectListeners.add(listener)
  }

  /**
   * Resolves when this node has applied everything up to `seq`: for whoever revokes, before it answers.
   * @throws Error where that takes longer than the time after which this node is deaf: it refuses everything by then
   */
  catchUp(seq: bigint): Promise<void> {
    if (this.heardSeq >= seq) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#fail(waiter, 'the change feed could not be read in time'),
        this.#options.deafAfterMs ?? limits.deafAfterMs,
      )
      const waiter: Waiter = { seq, resolve, reject, timer }
      this.#waiters.add(waiter)
      this.#pause.wake()
    })
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const started = this.#clock.monotonicMs()
      let again = false
      try {
        if (!this.#connection || this.#connection.broken) await this.#connect()
        again = await this.#poll()
      } catch (error) {
        this.#connection?.close()
        this.#connection = undefined
        if (!this.#stopped)
          this.#options.log.warn({ err: error, silent_ms: Math.round(this.#hearing.silentMs) }, 'the change feed could not be read')
        await this.#pause.for(reconnectMs)
        continue
      }
      // At once where there is more, or where others wait to see in this node's row what it has just applied.
      if (!again) await this.#pause.for(this.#pollMs - (this.#clock.monotonicMs() - started))
    }
  }

  async #connect(): Promise<void> {
    const { address, node } = this.#options
    const wake = () => this.#pause.wake()
    const connection = await FeedConnection.open(address, wake, wake)
    this.#connection = connection
    if (this.#heardSeq === undefined) await this.#register(connection, node)
  }

  async #register(connection: FeedConnection, node: NodeIdentity): Promise<void> {
    const sent = this.#clock.monotonicMs()
    const { counter, databaseMs } = await connection.register(node)
    this.#time.heard(databaseMs, sent, this.#clock.monotonicMs())
    const before = this.#heardSeq
    this.#heardSeq = counter
    if (before !== undefined) this.#tell({ op: 'reset', seq: counter })
  }

  /** @returns true where the next poll should follow at once */
  async #poll(): Promise<boolean> {
    const connection = this.#connection
    if (!connection) throw new Error('no connection')
    const start = this.#hearing.moment()
    let heard: Heard
    try {
      const nowMs = this.#time.nowMs()
      heard = await connection.poll(this.#options.node.id, this.heardSeq, this.#effects.lastMs, this.#effects.slowestMs(nowMs))
    } catch (error) {
      if (!(error instanceof ForgottenError)) throw error
      await this.#register(connection, this.#options.node)
      return true
    }
    this.#time.heard(heard.databaseMs, start.monotonicMs, this.#clock.monotonicMs())
    const more = this.#apply(heard)
    if (!more) this.#hearing.heard(start)
    this.#tellDeaf()
    for (const waiter of this.#waiters) if (this.heardSeq >= waiter.seq) this.#settle(waiter)
    return more || heard.changes.length > 0
  }

  /** @returns true where the poll was full: what it did not hold is still unheard */
  #apply({ counter, changes }: Heard): boolean {
    let next = this.heardSeq + 1n
    for (const change of changes) {
      if (change.seq !== next) return this.#reset(counter)
      const { atMs, ...entry } = change
      this.#tell(entry)
      this.#heardSeq = next
      if (entry.op === 'revoked') this.#measure(this.nowMs() - atMs)
      next += 1n
    }
    if (this.heardSeq === counter) return false
    if (changes.length > 0 && this.heardSeq < counter) return true
    return this.#reset(counter)
  }

  #reset(counter: bigint): false {
    this.#options.log.warn(
      { heard: this.heardSeq.toString(), counter: counter.toString() },
      'changes are missing: everything that is cached is dropped',
    )
    this.#heardSeq = counter
    this.#tell({ op: 'reset', seq: counter })
    return false
  }

  /** A listener that throws may hold what was revoked: it is told to drop everything, and if it can't do that, this node refuses everything. */
  #tell(change: Change): void {
    this.#changes.tell(change, (error, listener) => {
      this.#options.log.error(
        { err: error, kind: change.op === 'reset' ? 'reset' : change.kind },
        'a cache could not apply a change and is emptied',
      )
      try {
        listener({ op: 'reset', seq: change.seq })
      } catch (second) {
        this.#faulty = true
        this.#options.log.error({ err: second }, 'a cache could not be emptied: this node refuses everything until it is restarted')
      }
    })
  }

  #measure(effectMs: number): void {
    const ms = Math.max(0, effectMs)
    this.#effects.add(ms, this.nowMs())
    this.#effectListeners.tell(ms, (error) => this.#options.log.error({ err: error }, 'a measurement could not be told'))
  }

  #tellDeaf(): void {
    const { deaf } = this
    if (deaf === this.#toldDeaf) return
    this.#toldDeaf = deaf
    if (deaf)
      this.#options.log.error({ silent_ms: Math.round(this.#hearing.silentMs) }, 'this node cannot hear revocations: it refuses everything')
    else this.#options.log.info({}, 'this node hears revocations again')
    this.#deafness.tell(deaf, (error) => this.#options.log.error({ err: error }, 'a listener could not be told of deafness'))
  }

  #settle(waiter: Waiter): void {
    clearTimeout(waiter.timer)
    this.#waiters.delete(waiter)
    waiter.resolve()
  }

  #fail(waiter: Waiter, text: string): void {
    clearTimeout(waiter.timer)
    this.#waiters.delete(waiter)
    waiter.reject(new Error(text))
  }
}
