/** Thrown to a submitter when too many wait already. Nothing was written. */
export class OverloadError extends Error {
  override readonly name = 'OverloadError'
}

export interface GroupCommitOptions<Item, Result> {
  /**
   * Writes a batch in one transaction and answers a result for each, in order. It either writes all or nothing. Rejecting with an error that
   * `isRefusal` accepts means that the database refused the batch and rolled it back; any other error leaves open what happened.
   */
  readonly flush: (batch: readonly Item[]) => Promise<readonly Result[]>
  /** Was it the batch's content that was refused, with certainty that nothing of it was written? Then the culprit is looked for. */
  readonly isRefusal: (error: unknown) => boolean
  /** Refused as a whole for a passing reason (deadlock, serialization): tried once more as it is. */
  readonly isPassing?: (error: unknown) => boolean
  /** Flushes under way at once. Two keep the database busy while one waits for the disk; more only make batches smaller. */
  readonly inFlightMax: number
  /** Items that may wait. Beyond it `submit` rejects with OverloadError at once: a queue without a bound is a slow crash. */
  readonly waitingMax: number
  readonly batchMax: number
  /** How long the first of a batch waits for others, where nobody waits for the answer. Default: the rest of this turn of the event loop. */
  readonly gatherMs?: number
}

interface Waiting<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit: whatever waits when a connection is free is written in one transaction, so that one flush to disk serves many. An item's
 * promise settles after its batch is durable (or has failed), never before. A failed batch rejects its own waiters and no others; a batch
 * that was refused for one bad item is split until only that one is rejected.
 */
export class GroupCommit<Item, Result> {
  readonly #options: GroupCommitOptions<Item, Result>
  #waiting: Waiting<Item, Result>[] = []
  #inFlight = 0
  #scheduled = false
  #onIdle: (() => void)[] = []

  constructor(options: GroupCommitOptions<Item, Result>) {
    this.#options = options
  }

  /** Items that wait or are being written. */
  get waiting(): number {
    return this.#waiting.length
  }

  get idle(): boolean {
    return this.#waiting.length === 0 && this.#inFlight === 0
  }

  /** @throws OverloadError, or whatever `flush` rejected the item's batch with */
  submit(item: Item): Promise<Result> {
    if (this.#waiting.length >= this.#options.waitingMax) return Promise.reject(new OverloadError('too many records wait to be written'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      this.#schedule()
    })
  }

  /** Resolves when nothing waits and nothing is being written. */
  drained(): Promise<void> {
    if (this.idle) return Promise.resolve()
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }

  /** After the events of this turn of the loop, so that what arrives together is written together. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= this.#options.inFlightMax) return
    this.#scheduled = true
    const start = () => {
      this.#scheduled = false
      this.#start()
    }
    const { gatherMs } = this.#options
    if (gatherMs === undefined) setImmediate(start)
    else setTimeout(start, gatherMs)
  }

  #start(): void {
    while (this.#waiting.length > 0 && this.#inFlight < this.#options.inFlightMax) {
      const { batchMax } = this.#options
      const batch = this.#waiting.length <= batchMax ? this.#waiting : this.#waiting.slice(0, batchMax)
      this.#waiting = this.#waiting.length <= batchMax ? [] : this.#waiting.slice(batchMax)
      this.#inFlight += 1
      void this.#write(batch, true).finally(() => {
        this.#inFlight -= 1
        if (this.#waiting.length >= this.#options.batchMax || this.#options.gatherMs === undefined) this.#start()
        else if (this.#waiting.length > 0) this.#schedule()
        if (this.idle) for (const resolve of this.#onIdle.splice(0)) resolve()
      })
    }
  }

  async #write(batch: readonly Waiting<Item, Result>[], mayRepeat: boolean): Promise<void> {
    let results: readonly Result[]
    try {
      results = await this.#options.flush(batch.map((one) => one.item))
    } catch (error) {
      if (mayRepeat && this.#options.isPassing?.(error)) return await this.#write(batch, false)
      if (batch.length > 1 && this.#options.isRefusal(error)) {
        const half = Math.ceil(batch.length / 2)
        await this.#write(batch.slice(0, half), mayRepeat)
        return await this.#write(batch.slice(half), mayRepeat)
      }
      for (const one of batch) one.reject(error)
      return
    }
    batch.forEach((one, index) => {
      const result = results[index]
      if (index < results.length) one.resolve(result as Result)
      else one.reject(new Error('the batch was written, but no result came for this item'))
    })
  }
}
