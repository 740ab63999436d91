import type { Place } from '../place.ts'
import type { ContentScanner } from './content.ts'
import { diffArguments, git, gitStream } from './git-command.ts'
import { scanBlob } from './git-history.ts'
import { PatchParser } from './patch-parser.ts'

/** Scans a patch as it comes, such as `git log -p -U0` through a pipe. */
export async function scanPatch(scanner: ContentScanner, stream: AsyncIterable<Uint8Array>, name: string): Promise<void> {
  const parser = new PatchParser({
    added: (path, bytes, lineOf, commit) =>
      scanner.lines(
        bytes,
        {
          source: 'git',
          path: path || name,
          ...(commit ? { commit: commit.hash, author: commit.author, email: commit.email, at: commit.at } : {}),
        },
        lineOf,
      ),
    message: (bytes, commit) =>
      scanner.lines(
        bytes,
        { source: 'git', path: '(commit message)', commit: commit.hash, author: commit.author, email: commit.email, at: commit.at },
        (line) => line,
      ),
  })
  for await (const chunk of stream) {
    parser.push(chunk)
    scanner.sink.counts.bytes += chunk.length
  }
  parser.end()
  scanner.sink.counts.commits += parser.commits
}

/** Scans what would be committed now: the index, not the work tree. Only added lines; binaries whole. */
export async function scanStaged(scanner: ContentScanner, repository: string): Promise<void> {
  const place = (path: string): Place => ({ source: 'staged', path })
  const binaries: { path: string; blob: string }[] = []
  const parser = new PatchParser({
    added: (path, bytes, lineOf) => {
      scanner.sink.counts.files++
      scanner.lines(bytes, place(path), lineOf)
    },
    message: () => undefined,
    binary: (path, blob) => {
      if (blob !== undefined && !/^0+$/.test(blob)) binaries.push({ path, blob })
    },
  })
  const child = gitStream(repository, ['diff', '--cached', '--full-index', ...diffArguments])
  const errors: Buffer[] = []
  child.stdin?.end()
  child.stderr?.on('data', (data: Buffer) => errors.push(data))
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(-1))
    child.on('close', resolve)
  })
  for await (const chunk of child.stdout ?? []) {
    parser.push(chunk as Buffer)
    scanner.sink.counts.bytes += (chunk as Buffer).length
  }
  parser.end()
  for (const { path, blob } of binaries) await scanBlob(scanner, repository, blob, place(path))
  if ((await ended) !== 0)
    scanner.sink.notice({ path: repository, reason: 'git', text: Buffer.concat(errors).toString('utf8').trim() || 'git diff failed' })
}

/** Whether a folder is in a repository, and the repository's top. */
export function repositoryOf(folder: string): string | undefined {
  try {
    return git(folder, ['rev-parse', '--show-toplevel']).trim() || undefined
  } catch {
    return undefined
  }
}
