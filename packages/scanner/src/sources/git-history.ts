import type { Place } from '../place.ts'
import { Budget } from './budget.ts'
import type { ContentScanner } from './content.ts'
import { diffArguments, git, gitStream } from './git-command.ts'
import { type PatchCommit, PatchParser } from './patch-parser.ts'

/** How often git is started again behind a commit that it can't show (a missing object), in one batch. */
const restartsMax = 64
const format = 'commit %H%nAuthor: %an <%ae>%nDate: %aI%n%n%w(0,4,4)%B'
/** Binaries in the history that may hold text worth opening. */
const openedBinaries = /\.(?:zip|jar|war|whl|egg|nupkg|tar|tgz|gz|zst|apk|docx|xlsx|env|reg|txt|csv|json|ya?ml|properties|ps1)$/i
/** Binaries larger than this are left to a scan of files. */
const binaryBytesMax = 16_777_216

/** Git processes that one thread reads from: git takes about twice as long to make a patch as this program to look through it. */
const lanes = 2
/** Commits that one git process shows. Small enough that lanes end together, large enough that starting git does not count. */
const commitsPerProcessMin = 50

/**
 * Scans what the commits brought: added lines, messages, and archives among the binaries. A commit that git can't show is told, the others
 * are shown all the same.
 */
export async function scanCommits(
  scanner: ContentScanner,
  repository: string,
  commits: readonly string[],
  reach: Readonly<Record<string, string>>,
): Promise<void> {
  const size = Math.max(commitsPerProcessMin, Math.ceil(commits.length / (lanes * 3)))
  const failures = { restarts: 0 }
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < commits.length) {
      const from = next
      next += size
      await scanSome(scanner, repository, commits.slice(from, from + size), reach, failures)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

async function scanSome(
  scanner: ContentScanner,
  repository: string,
  commits: readonly string[],
  reach: Readonly<Record<string, string>>,
  failures: { restarts: number },
): Promise<void> {
  let left = commits
  while (left.length > 0) {
    const failed = await showCommits(scanner, repository, left, reach)
    if (failed === undefined) return
    const at = failed.last === undefined ? 0 : left.indexOf(failed.last)
    const broken = left[at]
    scanner.sink.notice({ path: broken ?? repository, reason: 'git', text: `git can't show this commit: ${failed.text}` })
    if (failures.restarts >= restartsMax) {
      scanner.sink.notice({
        path: repository,
        reason: 'git',
        text: `git failed ${restartsMax} times; ${left.length - at - 1} commits were not looked at`,
      })
      return
    }
    failures.restarts++
    left = left.slice(at + 1)
  }
}

async function showCommits(
  scanner: ContentScanner,
  repository: string,
  commits: readonly string[],
  reach: Readonly<Record<string, string>>,
): Promise<{ readonly text: string; readonly last: string | undefined } | undefined> {
  const binaries: { path: string; blob: string; commit: PatchCommit }[] = []
  const parser = new PatchParser({
    added: (path, bytes, lineOf, commit) => scanner.lines(bytes, placeOf(path, commit, reach), lineOf),
    message: (bytes, commit) => scanner.lines(bytes, placeOf('(commit message)', commit, reach), (line) => line),
    binary: (path, blob, commit) => {
      if (blob !== undefined && commit && openedBinaries.test(path) && !/^0+$/.test(blob)) binaries.push({ path, blob, commit })
    },
  })
  const child = gitStream(repository, [
    'log',
    '--no-walk=unsorted',
    '--stdin',
    '--root',
    '--diff-merges=dense-combined',
    '--full-index',
    ...diffArguments,
    `--format=${format}`,
  ])
  const errors: Buffer[] = []
  child.stderr?.on('data', (data: Buffer) => errors.length < 16 && errors.push(data))
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(`${commits.join('\n')}\n`)
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(-1))
    child.on('close', resolve)
  })
  try {
    for await (const chunk of child.stdout ?? []) {
      parser.push(chunk as Buffer)
      scanner.sink.counts.bytes += (chunk as Buffer).length
    }
    parser.end()
  } finally {
    if (child.exitCode === null && child.signalCode === null && (child.stdout?.destroyed ?? true)) child.kill()
  }
  const code = await ended
  scanner.sink.counts.commits += parser.commits
  for (const one of binaries) await scanBlob(scanner, repository, one.blob, placeOf(one.path, one.commit, reach))
  if (code === 0) return undefined
  const text = Buffer.concat(errors).toString('utf8').trim().split('\n').at(-1) ?? ''
  return { text: text || `it ended with ${code}`, last: parser.lastCommit }
}

/** Scans a blob by its id. */
export async function scanBlob(scanner: ContentScanner, repository: string, blob: string, place: Place): Promise<void> {
  try {
    const size = Number(git(repository, ['cat-file', '-s', blob]))
    if (!(size <= binaryBytesMax)) {
      scanner.sink.notice({ path: place.path, reason: 'skipped', text: `a binary of ${size} bytes in the history` })
      return
    }
    const chunks: Buffer[] = []
    const child = gitStream(repository, ['cat-file', 'blob', blob])
    child.stdin?.end()
    child.stderr?.resume()
    for await (const chunk of child.stdout ?? []) chunks.push(chunk as Buffer)
    await scanner.content(Buffer.concat(chunks), place, new Budget(size), 0)
  } catch (error) {
    scanner.sink.notice({ path: place.path, reason: 'git', text: error instanceof Error ? error.message : String(error) })
  }
}

function placeOf(path: string, commit: PatchCommit | undefined, reach: Readonly<Record<string, string>>): Place {
  if (!commit) return { source: 'git', path }
  const how = reach[commit.hash]
  return {
    source: 'git',
    path,
    commit: commit.hash,
    author: commit.author,
    email: commit.email,
    at: commit.at,
    ...(how === undefined ? {} : { reach: how }),
  }
}
