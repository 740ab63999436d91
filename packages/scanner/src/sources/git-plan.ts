import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Notice } from '../finding.ts'
import { GitError, git, gitLater, gitStream } from './git-command.ts'

/** Commits that one git process shows. Small enough that threads end together, large enough that starting git does not count. */
const batchMin = 200
const batchMax = 4000

export interface GitPlan {
  readonly commits: readonly string[]
  /** For commits that no branch or tag leads to: what does. */
  readonly reach: Readonly<Record<string, string>>
  /** What nothing leads to: looked for by a git process of its own while the rest is scanned, for it takes as long as a tenth of it. */
  readonly dangling: Promise<Dangling>
  /** Texts of annotated tags. */
  readonly tags: string
  /** Remembers that all this was scanned. */
  readonly remember: (dangling: readonly string[]) => void
}

export interface Dangling {
  readonly commits: readonly string[]
  /** Objects that were added and never committed. */
  readonly blobs: readonly string[]
  /** The tips among the commits. */
  readonly tips: readonly string[]
}

const nothingDangling: Dangling = { commits: [], blobs: [], tips: [] }

/**
 * Which commits are to be scanned, oldest first: all refs, stashes, reflogs and dangling ones; with `onlyNew` without those of the last
 * complete scan with the same detectors. `range` (as git has it) narrows to that.
 */
export async function planHistory(
  repository: string,
  options: { readonly onlyNew: boolean; readonly range?: string; readonly detectorsVersion: string },
  notice: (notice: Notice) => void,
): Promise<GitPlan> {
  if (options.range !== undefined) {
    if (options.range.startsWith('-')) throw new GitError('a range of commits does not begin with `-`')
    const commits = lines(await gitLater(repository, ['rev-list', '--reverse', '--end-of-options', options.range]))
    return { commits, reach: {}, dangling: Promise.resolve(nothingDangling), tags: '', remember: () => undefined }
  }
  const state = new ScannedState(repository, options.detectorsVersion)
  const known = options.onlyNew ? state.known() : []
  const without = known.map((hash) => `^${hash}`)
  const [reachable, hidden, stashed, tags] = await Promise.all([
    revisions(repository, ['--all'], without),
    revisions(repository, ['--reflog', '--not', '--branches', '--tags', '--remotes', '--not'], without),
    gitLater(repository, ['stash', 'list', '--format=%H %P']).catch(() => ''),
    gitLater(repository, [
      'for-each-ref',
      '--format=%(if:equals=tag)%(objecttype)%(then)%(refname:short)%0a%(contents)%(end)',
      'refs/tags',
    ]),
  ])
  const stashes = new Set(lines(stashed).flatMap((line) => line.split(' ')))
  const reach: Record<string, string> = {}
  for (const hash of hidden) reach[hash] = stashes.has(hash) ? 'stash' : 'reflog'
  return {
    commits: [...new Set([...reachable, ...hidden])],
    reach,
    dangling: danglingObjects(repository, without, notice),
    tags,
    remember: (lost) => state.remember([...tips(repository), ...lost]),
  }
}

/** Commits that a push brings: those that its new tips have and no ref. */
export function newCommits(repository: string, hashes: readonly string[]): Promise<string[]> {
  return revisions(repository, ['--not', '--all', '--not'], hashes)
}

/** The commits in batches for so many threads. */
export function* batches(commits: readonly string[], threads: number): Generator<readonly string[]> {
  const size = Math.min(batchMax, Math.max(batchMin, Math.ceil(commits.length / (threads * 3))))
  for (let from = 0; from < commits.length; from += size) yield commits.slice(from, from + size)
}

/** Oldest first. Hashes go through stdin: there can be more than fit into a command line. */
async function revisions(repository: string, args: readonly string[], hashes: readonly string[]): Promise<string[]> {
  return lines(await gitLater(repository, ['rev-list', '--reverse', ...args, '--stdin'], hashes.map((hash) => `${hash}\n`).join('')))
}

function tips(repository: string): string[] {
  return [
    ...new Set([
      ...lines(git(repository, ['for-each-ref', '--format=%(objectname)'])),
      ...tryLines(repository, ['rev-parse', '--verify', '-q', 'HEAD']),
    ]),
  ]
}

async function danglingObjects(repository: string, without: readonly string[], notice: (notice: Notice) => void): Promise<Dangling> {
  const child = gitStream(repository, ['fsck', '--connectivity-only', '--dangling', '--no-progress'])
  const chunks: Buffer[] = []
  child.stdin?.end()
  child.stderr?.resume()
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(-1))
    child.on('close', resolve)
  })
  const found = lines(Buffer.concat(chunks).toString('latin1')).map((line) => /^dangling (commit|blob) ([0-9a-f]+)$/.exec(line))
  const named = (kind: string) => found.flatMap((one) => (one?.[1] === kind && one[2] !== undefined ? [one[2]] : []))
  if (code !== 0)
    notice({
      path: repository,
      reason: 'git',
      text: `git fsck found the repository damaged (${code}); what nothing leads to was looked for as far as it goes`,
    })
  const tips = named('commit')
  try {
    const commits = tips.length > 0 ? await revisions(repository, ['--not', '--all', '--reflog', '--not'], [...tips, ...without]) : []
    return { commits, blobs: named('blob'), tips }
  } catch (error) {
    notice({ path: repository, reason: 'git', text: `dangling commits can't be listed: ${error instanceof Error ? error.message : error}` })
    return nothingDangling
  }
}

function tryLines(repository: string, args: readonly string[]): string[] {
  try {
    return lines(git(repository, args))
  } catch {
    return []
  }
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

/** What was scanned completely before, in the repository's own folder: never in the work tree. */
class ScannedState {
  readonly #repository: string
  readonly #file: string
  readonly #detectorsVersion: string

  constructor(repository: string, detectorsVersion: string) {
    this.#repository = repository
    this.#detectorsVersion = detectorsVersion
    this.#file = join(resolve(repository, git(repository, ['rev-parse', '--git-common-dir']).trim()), 'keyward-scanned.json')
  }

  known(): string[] {
    if (!existsSync(this.#file)) return []
    try {
      const state = JSON.parse(readFileSync(this.#file, 'utf8')) as { detectors?: string; tips?: unknown }
      if (state.detectors !== this.#detectorsVersion || !Array.isArray(state.tips)) return []
      const hashes = state.tips.filter((tip): tip is string => typeof tip === 'string' && /^[0-9a-f]{40,64}$/.test(tip))
      return existing(this.#repository, hashes)
    } catch {
      return []
    }
  }

  remember(hashes: readonly string[]): void {
    const temporary = `${this.#file}.${process.pid}`
    writeFileSync(temporary, `${JSON.stringify({ detectors: this.#detectorsVersion, tips: [...new Set(hashes)].sort() })}\n`)
    renameSync(temporary, this.#file)
  }
}

/** Those that still are in the repository as commits: the others were collected. */
function existing(repository: string, hashes: readonly string[]): string[] {
  if (hashes.length === 0) return []
  return lines(
    git(repository, ['cat-file', '--batch-check=%(objectname) %(objecttype)'], `${hashes.map((hash) => `${hash}^{commit}`).join('\n')}\n`),
  )
    .filter((line) => line.endsWith(' commit'))
    .map((line) => line.split(' ')[0] ?? '')
}
