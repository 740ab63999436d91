import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import { Redactor } from '../redact/redactor.ts'
import { flag, list, text } from './flags.ts'
import { type ScanFlags, UsageError } from './options-table.ts'
import type { ExitCode, Terminal } from './terminal.ts'

/** `keyward scan --redact OUT FILE` (or `--stdin`): a copy in which no secret is left. `-` writes to stdout. */
export async function runRedact(paths: readonly string[], flags: ScanFlags, terminal: Terminal): Promise<ExitCode> {
  const target = text(flags, 'redact') ?? ''
  const inputs = [...paths, ...list(flags, 'log')].filter((path) => path !== '-')
  const fromStdin = flag(flags, 'stdin') || paths.includes('-')
  if (inputs.length + Number(fromStdin) !== 1) throw new UsageError('--redact rewrites one file: name it, or use --stdin')
  const redactor = await Redactor.load({ detectors: list(flags, 'detectors'), gitleaks: list(flags, 'gitleaks') }, inputs[0] ?? 'stdin')
  const descriptor = target === '-' ? undefined : openSync(target, 'wx', 0o600)
  const stream = fromStdin ? terminal.stdin : createReadStream(inputs[0] ?? '')
  const write = (bytes: Uint8Array) => (descriptor === undefined ? terminal.stdout.write(bytes) : writeSync(descriptor, bytes))
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) write(redactor.push(chunk))
    write(redactor.end())
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
  terminal.stderr.write(
    `${redactor.count} ${redactor.count === 1 ? 'secret' : 'secrets'} replaced${target === '-' ? '' : `; the copy is ${target}`}.\n`,
  )
  return 0
}
