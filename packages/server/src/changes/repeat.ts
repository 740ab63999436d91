import type { DatabaseLog } from '../db/log.ts'
import { Pause } from './pause.ts'

/** Runs `act` again and again, never twice at once, until it is stopped. A failure is logged and the next turn tries again. */
export class Repeat {
  readonly #name: string
  readonly #everyMs: number
  readonly #act: () => Promise<unknown>
  readonly #log: DatabaseLog
  readonly #pause = new Pause()
  #running: Promise<void> | undefined
  #stopped = false

  constructor(name: string, everyMs: number, log: DatabaseLog, act: () => Promise<unknown>) {
    this.#name = name
    this.#everyMs = everyMs
    this.#log = log
    this.#act = act
  }

  /** The first turn begins at once. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Resolves when the turn that is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#pause.wake()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#act()
      } catch (error) {
        if (!this.#stopped) this.#log.warn({ err: error, chore: this.#name }, 'a chore failed and is tried again')
      }
      if (!this.#stopped) await this.#pause.for(this.#everyMs)
    }
  }
}
