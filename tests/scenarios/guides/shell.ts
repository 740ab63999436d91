import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

type Variables = Readonly<Record<string, string>>

/** A folder of commands: `keyward` and `node` of this tree, and whatever a platform brings. It goes in front of the PATH. */
export class Commands {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = join(folder, 'bin')
    mkdirSync(this.#folder)
    this.add('keyward', `exec '${process.execPath}' '${join(root, 'packages/cli/bin.mjs')}' "$@"`)
    this.add('node', `exec '${process.execPath}' "$@"`)
  }

  get path(): string {
    return `${this.#folder}:${process.env.PATH}`
  }

  add(name: string, script: string): void {
    writeFileSync(join(this.#folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(this.#folder, name), 0o755)
  }
}

/** A shell in which a guide's blocks are run one after the other: what one block sets, the next ones have. */
export class Shell {
  readonly #env: Variables
  readonly #folder: string

  /** @param folder where it stands; its variables are kept there between blocks */
  constructor(folder: string, env: Variables) {
    this.#folder = folder
    this.#env = env
  }

  /** Runs lines; throws where they fail. @returns what they printed */
  async run(lines: string): Promise<string> {
    const state = join(this.#folder, '.variables')
    const before = existsSync(state) ? `. '${state}'\n` : ''
    const ended = await runLines(`set -e\n${before}set -a\n${lines}\nset +a\nexport -p > '${state}'`, this.#env, this.#folder)
    if (ended.code !== 0) throw new Error(`${lines}\nended with ${ended.code}: ${ended.stderr}`)
    return ended.stdout
  }

  async variable(name: string): Promise<string> {
    return (await this.run(`printf %s "$${name}"`)).trim()
  }
}

/** Runs lines in a fresh shell with these variables and no others. */
export function runLines(lines: string, env: Variables, cwd: string): Promise<Ended> {
  const child = spawn('bash', ['-c', lines], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}
