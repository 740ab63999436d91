import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { DetectorSources } from '../load/detectors.ts'
import type { Executor } from './executor.ts'
import type { Task, TaskResult } from './task.ts'

export interface WorkerStart {
  readonly sources: DetectorSources
}

/** Tasks that a worker has in hand: one that it does and one that waits, so that it never stands idle. */
const inHandMax = 2
/** Garbage of a thread before it is collected: what is scanned is short-lived, and more only costs memory. */
const youngMegabytesMax = 12
/** More threads than this wait for the disk. */
const threadsMax = 16

/** Threads that do tasks, this one among them. Workers take the next task when they are done with one: nobody waits for the slowest. */
export class Pool {
  readonly #workers: PoolWorker[] = []
  readonly #executor: Executor
  readonly #onResult: (result: TaskResult) => void

  constructor(executor: Executor, onResult: (result: TaskResult) => void) {
    this.#executor = executor
    this.#onResult = onResult
  }

  /** Starts threads beside this one. Worth it from some hundred files on: a thread costs 60 ms of work before its first. */
  start(sources: DetectorSources, threads = Math.min(threadsMax, availableParallelism())): void {
    while (this.#workers.length < threads - 1) this.#workers.push(new PoolWorker(sources, this.#onResult))
  }

  /** Does all tasks. Rejects where a task fails in a way that it doesn't report itself. */
  async run(tasks: Iterator<Task>): Promise<void> {
    let next = tasks.next()
    const take = (): Task | undefined => {
      if (next.done) return undefined
      const task = next.value
      next = tasks.next()
      return task
    }
    const feeders = this.#workers.map((worker) => worker.feed(take))
    for (let task = take(); task !== undefined; task = take()) {
      this.#onResult(await this.#executor.run(task))
      await setImmediate()
    }
    await Promise.all(feeders)
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()))
  }
}

class PoolWorker {
  readonly #worker: Worker
  readonly #onResult: (result: TaskResult) => void
  #settle: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined
  #take: (() => Task | undefined) | undefined
  #inHand = 0

  constructor(sources: DetectorSources, onResult: (result: TaskResult) => void) {
    this.#onResult = onResult
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const workerData: WorkerStart = { sources }
    this.#worker = new Worker(new URL(`./worker.${extension}`, import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: youngMegabytesMax },
    })
    this.#worker.on('message', (message: { result?: TaskResult; error?: string }) => this.#answered(message))
    this.#worker.on('error', (error) => this.#settle?.reject(error))
    this.#worker.on('exit', (code) => {
      if (this.#inHand > 0) this.#settle?.reject(new Error(`a thread of the scan ended with ${code}`))
    })
    this.#worker.unref()
  }

  /** Gives the worker tasks until there are none; resolves when it has done them all. */
  feed(take: () => Task | undefined): Promise<void> {
    this.#take = take
    this.#worker.ref()
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      for (let count = 0; count < inHandMax; count++) this.#give()
      this.#done()
    })
  }

  #give(): void {
    const task = this.#take?.()
    if (task === undefined) return
    this.#inHand++
    this.#worker.postMessage(task)
  }

  #answered(message: { result?: TaskResult; error?: string }): void {
    this.#inHand--
    if (message.result) this.#onResult(message.result)
    else this.#settle?.reject(new Error(message.error ?? 'a worker failed'))
    this.#give()
    this.#done()
  }

  #done(): void {
    if (this.#inHand > 0) return
    this.#worker.unref()
    this.#settle?.resolve()
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}
