import { existsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { folderFiles } from '../run/file-tasks.ts'
import type { Target } from '../run/options.ts'
import type { FileTask } from '../sources/files.ts'
import { flag, list, text } from './flags.ts'
import { type ScanFlags, UsageError } from './options-table.ts'

/** Zero hash: git's word for a ref that did not exist or no longer will. */
const zero = /^0+$/

/** What the command line asks to scan. Throws `UsageError` where that is nothing or isn't there. */
export async function targetsOf(paths: readonly string[], flags: ScanFlags, stdin: Readable): Promise<Target[]> {
  const targets: Target[] = []
  const repository = paths[0] ?? '.'
  if (flag(flags, 'staged')) return [{ kind: 'staged', repository: existing(repository) }]
  if (flag(flags, 'preReceive')) return pushed(existing(repository), stdin)
  for (const path of list(flags, 'image')) targets.push({ kind: 'image', path: existing(path) })
  for (const path of list(flags, 'log')) targets.push({ kind: 'log', path: existing(path) })
  if (flag(flags, 'patch')) targets.push({ kind: 'patch', stream: stdin, name: 'stdin' })
  else if (flag(flags, 'stdin') || paths.includes('-')) targets.push({ kind: 'stream', stream: stdin, name: 'stdin', source: 'stdin' })
  if (flag(flags, 'machine')) targets.push({ kind: 'files', files: await machineFiles() })
  if (flag(flags, 'processes')) targets.push({ kind: 'processes' })
  const folders = paths.filter((path) => path !== '-')
  if (targets.length === 0 && folders.length === 0) folders.push('.')
  for (const path of folders) targets.push(...(await folderTargets(existing(path), flags)))
  return targets
}

async function folderTargets(path: string, flags: ScanFlags): Promise<Target[]> {
  const asked = flag(flags, 'git') || flag(flags, 'onlyNew') || text(flags, 'range') !== undefined
  const isFolder = statSync(path).isDirectory()
  const isRepository = isFolder && (existsSync(join(path, '.git')) || (asked && (await isInRepository(path))))
  if (asked && !isRepository) throw new UsageError(`${path} is not in a git repository: leave --git out`)
  const range = text(flags, 'range')
  const history: Target[] =
    isRepository && !flag(flags, 'noGit') && flags.git !== false
      ? [{ kind: 'git', repository: path, onlyNew: flag(flags, 'onlyNew'), ...(range === undefined ? {} : { range }) }]
      : []
  return range !== undefined ? history : [{ kind: 'path', path: nearest(path) }, ...history]
}

async function isInRepository(path: string): Promise<boolean> {
  return (await import('../sources/patch.ts')).repositoryOf(path) !== undefined
}

/** Commits that a push brings and no ref of the repository has. Lines of stdin: old hash, new hash, ref. */
async function pushed(repository: string, stdin: Readable): Promise<Target[]> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array))
  const hashes = Buffer.concat(chunks)
    .toString('utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((hash) => /^[0-9a-f]{40,64}$/.test(hash) && !zero.test(hash))
  return hashes.length === 0 ? [] : [{ kind: 'pushed', repository, hashes }]
}

async function machineFiles(): Promise<Iterable<FileTask>> {
  const { knownLocations } = await import('../sources/known-locations.ts')
  const found = knownLocations()
  function* files(): Generator<FileTask> {
    for (const { path, isFolder } of found) {
      const shown = `~/${relative(homedir(), path)}`
      if (isFolder) yield* folderFiles(path, shown, { everything: false, respectGitignore: false }, () => undefined)
      else yield { file: path, place: { source: 'file', path: shown } }
    }
  }
  return files()
}

function existing(path: string): string {
  if (!existsSync(path)) throw new UsageError(`${path} does not exist`)
  return path
}

/** As people would write it: relative below the current folder, absolute elsewhere. */
function nearest(path: string): string {
  const inside = relative(process.cwd(), resolve(path))
  return inside === '' ? '.' : inside.startsWith('..') ? path : inside
}
