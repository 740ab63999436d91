import { type ChildProcess, spawn } from 'node:child_process'

/** What a start may take on a slow machine. */
const readyMsMax = 60_000

/** A process in the background whose output is waited for. */
export class Background {
  readonly #child: ChildProcess
  readonly #ended: Promise<void>
  #output = ''
  #look = () => {}

  constructor(args: readonly string[], env: Readonly<Record<string, string | undefined>>) {
    this.#child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()))
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text
      this.#look()
    })
  }

  /** Resolves with the first group of the pattern once the output has it. */
  until(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not ready in ${readyMsMax / 1000} s: ${this.#output}`)), readyMsMax)
      this.#look = () => {
        const found = pattern.exec(this.#output)?.[1]
        if (found === undefined) return
        clearTimeout(timer)
        resolve(found)
      }
      this.#child.once('exit', (code) => {
        clearTimeout(timer)
        reject(new Error(`ended with ${code} before it was ready: ${this.#output}`))
      })
      this.#look()
    })
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#ended
  }
}

export class Processes {
  readonly #running: Background[] = []

  start(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Background {
    const started = new Background(args, env)
    this.#running.push(started)
    return started
  }

  async stopAll(): Promise<void> {
    for (const one of this.#running.reverse()) await one.stop()
  }
}

/** Where a fake vendor listens, and the key that it knows. */
export async function firstJson(fake: Background): Promise<{ origin: string; key: string }> {
  return JSON.parse(await fake.until(/^(\{.*\})$/m)) as { origin: string; key: string }
}

export async function isUp(origin: string): Promise<boolean> {
  try {
    return (await fetch(`${origin}/healthz`)).ok
  } catch {
    return false
  }
}
