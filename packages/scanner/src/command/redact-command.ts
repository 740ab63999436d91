import { closeSync, createReadStream, mkdirSync, openSync, readdirSync, readSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { Redactor } from '../redact/redactor.ts'
import { archiveKind } from '../sources/archive-kind.ts'
import { flag, list, text } from './flags.ts'
import { type ScanFlags, UsageError } from './options-table.ts'
import type { ExitCode, Terminal } from './terminal.ts'

/** As much of a file as tells what it is. */
const headBytes = 512

/**
 * `keyward scan --redact OUT PATH` (or `--stdin`): a copy in which no secret is left, of a file or of all files of a folder (a chat's
 * export). `-` writes to stdout. What can't be rewritten, an archive, is not copied: refused where it is the file, told in a folder.
 */
export async function runRedact(paths: readonly string[], flags: ScanFlags, terminal: Terminal): Promise<ExitCode> {
  const target = text(flags, 'redact') ?? ''
  const inputs = [...paths, ...list(flags, 'log')].filter((path) => path !== '-')
  const fromStdin = flag(flags, 'stdin') || paths.includes('-')
  if (inputs.length + Number(fromStdin) !== 1) throw new UsageError('--redact rewrites one file or folder: name it, or use --stdin')
  const input = inputs[0]
  if (input !== undefined && statSync(input).isDirectory()) return redactFolder(input, target, flags, terminal)
  if (input !== undefined && statSync(input).isFile()) refusePacked(archiveIn(input))
  const redactor = await Redactor.load(sources(flags), input ?? 'stdin')
  const stream = input === undefined ? terminal.stdin : createReadStream(input)
  if (target === '-') await pump(stream, redactor, (bytes) => terminal.stdout.write(bytes))
  else await pumpInto(target, stream, redactor)
  terminal.stderr.write(`${replaced(redactor.count)}${target === '-' ? '' : `; the copy is ${target}`}.\n`)
  return 0
}

async function redactFolder(folder: string, target: string, flags: ScanFlags, terminal: Terminal): Promise<ExitCode> {
  if (target === '-') throw new UsageError('a folder is redacted into a folder: --redact NEW-FOLDER')
  if (!relative(resolve(folder), resolve(target)).startsWith('..')) throw new UsageError(`${target} must not lie in ${folder}`)
  mkdirSync(target, { mode: 0o700 })
  const redactor = await Redactor.load(sources(flags), folder)
  const leftOut: string[] = []
  let files = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue
    const path = join(entry.parentPath, entry.name)
    const inside = relative(folder, path)
    const kind = entry.isFile() ? archiveIn(path) : 'no regular file'
    if (kind !== undefined) {
      leftOut.push(`${inside} (${kind})`)
      continue
    }
    const copy = join(target, inside)
    mkdirSync(dirname(copy), { recursive: true, mode: 0o700 })
    await pumpInto(copy, createReadStream(path), redactor.for(path))
    files++
  }
  terminal.stderr.write(`${replaced(redactor.count)} in ${files} ${files === 1 ? 'file' : 'files'}; the copies are in ${target}.\n`)
  for (const one of leftOut) terminal.stderr.write(`Not copied, for it can't be rewritten: ${one}\n`)
  return leftOut.length > 0 ? 2 : 0
}

function refusePacked(kind: string | undefined): void {
  if (kind !== undefined) throw new UsageError(`what is packed (${kind}) can't be rewritten: unpack it and redact what comes out`)
}

/** The archive's kind, or undefined where the file is none. */
function archiveIn(path: string): string | undefined {
  const head = Buffer.alloc(headBytes)
  const descriptor = openSync(path, 'r')
  try {
    return archiveKind(head.subarray(0, readSync(descriptor, head)))
  } finally {
    closeSync(descriptor)
  }
}

async function pumpInto(path: string, stream: AsyncIterable<Uint8Array>, redactor: Redactor): Promise<void> {
  const descriptor = openSync(path, 'wx', 0o600)
  try {
    await pump(stream, redactor, (bytes) => writeSync(descriptor, bytes))
  } catch (error) {
    // Half a copy is none.
    rmSync(path)
    throw error
  } finally {
    closeSync(descriptor)
  }
}

async function pump(stream: AsyncIterable<Uint8Array>, redactor: Redactor, write: (bytes: Uint8Array) => void): Promise<void> {
  let isFirst = true
  for await (const chunk of stream) {
    if (isFirst) refusePacked(archiveKind(chunk.subarray(0, headBytes)))
    isFirst = false
    write(redactor.push(chunk))
  }
  write(redactor.end())
}

function replaced(count: number): string {
  return `${count} ${count === 1 ? 'secret' : 'secrets'} replaced`
}

function sources(flags: ScanFlags) {
  return { detectors: list(flags, 'detectors'), gitleaks: list(flags, 'gitleaks') }
}
