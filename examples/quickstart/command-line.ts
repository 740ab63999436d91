import { spawn } from 'node:child_process'
import { isAbsolute, join, relative } from 'node:path'

/** Runs `keyward` commands one after the other, and shows each with what it prints. */
export class CommandLine {
  readonly #root: string
  readonly #bin: string
  readonly #env: Readonly<Record<string, string | undefined>>

  constructor(root: string, env: Readonly<Record<string, string | undefined>>) {
    this.#root = root
    this.#bin = join(root, 'packages/cli/bin.mjs')
    this.#env = env
  }

  /** Runs a command that has to succeed, and shows what it prints. */
  async run(args: readonly string[]): Promise<void> {
    const { code } = await this.#spawn(args, { show: true })
    if (code !== 0) throw new Error(`keyward ${args[0]} ended with ${code}`)
  }

  /** Runs a command that makes something; returns its id. `secret` goes to its standard input, never among its arguments. */
  async id(args: readonly string[], secret?: string): Promise<string> {
    const { code, output } = await this.#spawn([...args, '--quiet'], { show: true, ...(secret === undefined ? {} : { input: secret }) })
    if (code !== 0) throw new Error(`keyward ${args[0]} ended with ${code}`)
    return output.trim()
  }

  /** Runs a command for its answer as JSON, which is not shown. */
  async json<T>(args: readonly string[]): Promise<T> {
    const { code, output } = await this.#spawn([...args, '--json'], { show: false })
    if (code !== 0) throw new Error(`keyward ${args[0]} ended with ${code}`)
    return JSON.parse(output) as T
  }

  /** Runs a command that has to be refused (exit code 1). */
  async refused(args: readonly string[]): Promise<void> {
    const { code } = await this.#spawn(args, { show: true })
    if (code !== 1) throw new Error(`keyward ${args[0]} ended with ${code}, and should have been refused`)
  }

  /** A path of this clone as somebody in its folder would type it. */
  #short(word: string): string {
    return word === process.execPath
      ? 'node'
      : relative(this.#root, word).startsWith('..') || !isAbsolute(word)
        ? word
        : relative(this.#root, word)
  }

  #spawn(args: readonly string[], options: { show: boolean; input?: string }): Promise<{ code: number | null; output: string }> {
    process.stdout.write(
      `\n$ ${options.input === undefined ? '' : 'printf %s "$SECRET" | '}keyward ${args.map((word) => quoted(this.#short(word))).join(' ')}\n`,
    )
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [this.#bin, ...args], { env: this.#env, stdio: ['pipe', 'pipe', 'pipe'] })
      let output = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text
        if (options.show) process.stdout.write(text)
      })
      child.stderr.setEncoding('utf8').on('data', (text: string) => process.stdout.write(text))
      child.once('error', reject)
      child.once('close', (code) => resolve({ code, output }))
      child.stdin.end(options.input ?? '')
    })
  }
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text}'`
}
