import { readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { wrongUsage } from '../failure.ts'
import { askHidden } from './prompt.ts'
import { readStdin } from './stdin.ts'

export interface SecretOptions {
  readonly secretStdin?: boolean
  readonly secretFile?: string
}

/** The only ways in for a secret, beside the hidden prompt. */
export function addSecretOptions(command: Command): Command {
  return command
    .option('--secret-stdin', 'read the secret from standard input')
    .option('--secret-file <file>', 'read the secret from a file')
}

/**
 * The secret from standard input, a file, or a hidden prompt (where a person sits there); undefined where none was given and none is needed.
 * One newline at the end is taken away, for `echo` and editors put it there.
 * @throws Failure (usage) where it is needed and nowhere
 */
export async function readSecret(options: SecretOptions, what: string, needed: boolean): Promise<string | undefined> {
  if (options.secretStdin === true && options.secretFile !== undefined) throw wrongUsage('Give one of --secret-stdin and --secret-file')
  if (options.secretStdin === true) return notEmpty(bare(await readStdin()), 'Standard input')
  if (options.secretFile !== undefined) return notEmpty(bare(readSecretFile(options.secretFile)), options.secretFile)
  if (process.stdin.isTTY && process.stderr.isTTY) {
    const typed = await askHidden(needed ? what : `${what} (leave empty to store none now)`)
    if (typed !== '') return typed
  }
  if (needed)
    throw wrongUsage(
      `${what} is missing`,
      'Use --secret-stdin, --secret-file FILE, or run this in a terminal and type it at the hidden prompt.',
    )
  return undefined
}

function readSecretFile(path: string): string {
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0)
      process.stderr.write(`keyward: warning: others on this machine can read ${path}. Remove it once its secret is in the vault.\n`)
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw wrongUsage(`${path} can't be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function bare(text: string): string {
  return text.replace(/\r?\n$/, '')
}

function notEmpty(text: string, where: string): string {
  if (text === '') throw wrongUsage(`${where} is empty: there is no secret in it`)
  return text
}
