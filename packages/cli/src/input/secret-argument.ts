import { isWellFormedSecret, type SecretKind } from '@keyward/contract/secret-format'
import { type Failure, wrongUsage } from '../failure.ts'

/** Options that people expect to take a secret, by habit of other tools. We have none that does. */
const secretOptions = new Set([
  '--secret',
  '--token',
  '--api-key',
  '--apikey',
  '--password',
  '--passwd',
  '--client-secret',
  '--private-key',
])
const ours: readonly SecretKind[] = ['apiToken', 'clientSecret', 'signInLink', 'session', 'runKey']
/** What well-known secrets begin with, and PEM keys. A wrong guess costs a file, a missed one a secret. */
const known =
  /^(?:sk-[A-Za-z0-9_-]{20,}|sk_(?:live|test)_\w{16,}|gh[pousr]_\w{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}|xox[abeoprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|AIza[\w-]{35}|hf_\w{30,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.|-----BEGIN [A-Z ]*PRIVATE KEY)/

/**
 * Finds a secret among our own arguments (what follows `--` belongs to the program that `keyward run` starts). Arguments are seen by every
 * user of the machine and stay in the shell's history. The value is never repeated.
 */
export function secretAmong(args: readonly string[]): Failure | undefined {
  const end = args.indexOf('--')
  for (const argument of end === -1 ? args : args.slice(0, end)) {
    const [name = '', value] = argument.startsWith('--') ? splitOnce(argument) : ['', argument]
    if (secretOptions.has(name)) return refusal(`${name} is not an option: keyward takes no secret as an argument`, value !== undefined)
    if (value !== undefined && looksSecret(value))
      return refusal(name === '' ? 'One of the arguments looks like a secret' : `The value of ${name} looks like a secret`, true)
  }
  return undefined
}

function looksSecret(value: string): boolean {
  return known.test(value) || ours.some((kind) => isWellFormedSecret(kind, value))
}

function splitOnce(argument: string): [string, string | undefined] {
  const at = argument.indexOf('=')
  return at === -1 ? [argument, undefined] : [argument.slice(0, at), argument.slice(at + 1)]
}

function refusal(what: string, shown: boolean): Failure {
  return wrongUsage(
    what,
    'Arguments are visible to every user of this machine and stay in the shell history. Use --secret-stdin, --secret-file FILE or the hidden prompt.' +
      (shown ? ' Treat the secret that you typed as exposed: replace it at its provider.' : ''),
  )
}
