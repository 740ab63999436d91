import type { Progress } from '../run/options.ts'
import { lasted, sized, thousands } from './style.ts'

/** Nothing is shown for work that ends sooner. */
const showAfterMs = 700
const everyMs = 100
const barChars = 24

/** A line on a terminal that tells how far a scan is, how fast, and how long it still takes. */
export class ProgressBar {
  readonly #stream: NodeJS.WriteStream
  readonly #started = performance.now()
  #lastShown = 0
  #shown = false

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  update(progress: Progress): void {
    const now = performance.now()
    const elapsed = now - this.#started
    if (elapsed < showAfterMs || now - this.#lastShown < everyMs) return
    this.#lastShown = now
    this.#shown = true
    this.#stream.write(`\r\x1b[2K${progressText(progress, elapsed).slice(0, Math.max(20, (this.#stream.columns ?? 80) - 1))}`)
  }

  clear(): void {
    if (this.#shown) this.#stream.write('\r\x1b[2K')
    this.#shown = false
  }
}

export function progressText(progress: Progress, elapsedMs: number): string {
  const rate = `${sized(progress.bytes / (elapsedMs / 1000))}/s`
  const found = progress.secrets === 1 ? '1 secret' : `${progress.secrets} secrets`
  if (progress.total === undefined || progress.total === 0)
    return `scanning  ${thousands(progress.done)} files  ${sized(progress.bytes)}  ${rate}  ${found}`
  const share = Math.min(1, progress.done / progress.total)
  const full = Math.round(share * barChars)
  const left = share > 0 ? lasted((elapsedMs / share) * (1 - share)) : '?'
  return `[${'█'.repeat(full)}${'░'.repeat(barChars - full)}] ${Math.floor(share * 100)} %  ${rate}  ${left} left  ${found}`
}
