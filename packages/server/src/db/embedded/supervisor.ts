import { setTimeout as sleep } from 'node:timers/promises'
import type { DatabaseLog } from '../log.ts'
import { endLeftovers } from './leftovers.ts'
import { type Postmaster, type ServerParts, startPostmaster } from './postmaster.ts'

/*
 * starting -> up -> (ended unasked) -> restarting -> up …, until stop(): stopping -> stopped. abandon(): stopped at once.
 * While stopping nothing is started. A restart is tried for ever: a full disk that is freed brings the database back.
 */

export interface SupervisedServer {
  readonly pid: number
  onRestart(listener: (downMs: number) => void): void
  /** Fast shutdown, then harder ways where that takes too long. Idempotent. */
  stop(): Promise<void>
  /** Immediate shutdown, no restart: the data folder is no longer ours. */
  abandon(): void
}

/** The first restart comes at once; a server that keeps falling is tried more slowly, but so that it is back within 5 s of any fall. */
const backOffMs = [0, 100, 300, 1_000, 2_000] as const
/** A server that ran this long is healthy: its next crash counts as the first. */
const healthyMs = 60_000
/** A fast shutdown writes a checkpoint: at most the 128 MB of shared buffers, on a slow disk. */
const stopFastMs = 30_000
/** An immediate shutdown: PostgreSQL kills its own children after five seconds. */
const stopAtOnceMs = 7_000

/** @throws EmbeddedPostgresError where the first start fails: only a server that once ran is restarted */
export async function supervise(parts: ServerParts): Promise<SupervisedServer> {
  const { log } = parts
  const listeners: ((downMs: number) => void)[] = []
  const stopping = new AbortController()
  let abandoned = false
  let startedAt = 0
  let current = await begin()
  await up()
  let stopped: Promise<void> | undefined
  const watching = watch()

  async function begin(): Promise<Postmaster> {
    await endLeftovers(parts.cluster.folder, log)
    return startPostmaster(parts)
  }

  async function up(): Promise<void> {
    await current.ready()
    startedAt = performance.now()
  }

  async function watch(): Promise<void> {
    let falls = 0
    while (!stopping.signal.aborted) {
      const ending = await current.ended
      if (stopping.signal.aborted) return
      const fellAt = performance.now()
      if (startedAt > 0 && fellAt - startedAt > healthyMs) falls = 0
      log.error(
        { pid: current.pid, exit_code: ending.code, signal: ending.signal },
        `PostgreSQL ended unasked and is restarted. ${ending.explanation.message}`,
      )
      await restart(fellAt, () => falls++)
    }
  }

  async function restart(fellAt: number, fall: () => number): Promise<void> {
    while (true) {
      await sleep(backOffMs[Math.min(fall(), backOffMs.length - 1)], undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      try {
        current = await begin()
        await up()
        const downMs = Math.round(performance.now() - fellAt)
        log.info({ pid: current.pid, down_ms: downMs }, 'PostgreSQL is up again')
        tell(downMs)
        return
      } catch (error) {
        if (!stopping.signal.aborted) log.error({}, `PostgreSQL could not be restarted; it is tried again. ${(error as Error).message}`)
      }
    }
  }

  function tell(downMs: number): void {
    for (const listener of listeners)
      try {
        listener(downMs)
      } catch (error) {
        log.error({}, `a listener to the restart of PostgreSQL failed: ${(error as Error).message}`)
      }
  }

  async function stop(): Promise<void> {
    stopping.abort()
    await end(current, log)
    await watching
    // A restart that was under way may have come up meanwhile.
    await end(current, log)
    if (!abandoned) await endLeftovers(parts.cluster.folder, log)
  }

  return {
    get pid() {
      return current.pid
    },
    onRestart(listener) {
      listeners.push(listener)
    },
    stop() {
      stopped ??= stop()
      return stopped
    },
    abandon() {
      abandoned = true
      stopping.abort()
      current.signal('SIGQUIT')
    },
  }
}

async function end(postmaster: Postmaster, log: DatabaseLog): Promise<void> {
  for (const [name, withinMs] of [
    ['SIGINT', stopFastMs],
    ['SIGQUIT', stopAtOnceMs],
    ['SIGKILL', stopAtOnceMs],
  ] as const) {
    postmaster.signal(name)
    if (await endsWithin(postmaster, withinMs)) return
    log.warn({ pid: postmaster.pid, signal: name }, 'PostgreSQL takes long to stop')
  }
}

async function endsWithin(postmaster: Postmaster, withinMs: number): Promise<boolean> {
  const timeout = new AbortController()
  const late = sleep(withinMs, false, { signal: timeout.signal }).catch(() => false)
  const ended = await Promise.race([postmaster.ended.then(() => true), late])
  timeout.abort()
  return ended
}
