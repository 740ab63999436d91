import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { diffArguments, git, gitStream } from '@keyward/scanner/sources/git-command'
import { PatchParser } from '@keyward/scanner/sources/patch-parser'

export interface Person {
  readonly name: string
  readonly email: string
}

/** What git knows of secrets in one file. */
export interface History {
  /** Commits of any branch that added it to this file; undefined where git does not say, for example because the folder is another user's. */
  readonly commits: number | undefined
  /** Who brought it first; where it was never committed, who commits here. */
  readonly by: Person | undefined
}

/** A history longer than this is read as far as it goes: then the first author is not the first. */
const historyBytesMax = 268_435_456

/**
 * Who brought a secret into a file, and how many commits keep it. git shows the file's changes, and the secret is looked for here: as an
 * argument of `git log -S` every user of the machine would see it. Nothing is known where there is no repository or no git.
 */
export async function historyOf(file: string, secret: string): Promise<History> {
  const folder = dirname(file)
  const here = committer(folder)
  const tracked = isTracked(folder, file)
  if (tracked !== true) return { commits: tracked === undefined && repositoryAbove(folder) !== undefined ? undefined : 0, by: here }
  const needle = Buffer.from(secret, 'latin1')
  let commits = 0
  let first: Person | undefined
  let last = ''
  const parser = new PatchParser({
    added: (_, bytes, __, commit) => {
      if (commit === undefined || commit.hash === last || !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(needle))
        return
      last = commit.hash
      commits += 1
      first = { name: commit.author, email: commit.email }
    },
    message: () => undefined,
  })
  const child = gitStream(folder, ['log', '--all', '--format=medium', '--date=iso-strict', ...diffArguments, '--', file])
  child.stdin?.end()
  child.stderr?.resume()
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    child.once('close', () => resolve())
  })
  let bytesRead = 0
  for await (const chunk of child.stdout ?? []) {
    parser.push(chunk as Buffer)
    bytesRead += (chunk as Buffer).length
    if (bytesRead > historyBytesMax) child.kill()
  }
  parser.end()
  await ended
  return { commits, by: first ?? here }
}

/** The repository that a folder is in, whether git likes it or not. */
export function repositoryAbove(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (dirname(at) === at) return undefined
  }
}

/** Whether some commit has the file; undefined where git does not say. */
function isTracked(folder: string, file: string): boolean | undefined {
  try {
    return git(folder, ['log', '--all', '-1', '--format=%H', '--', file]).trim() !== ''
  } catch {
    return undefined
  }
}

function committer(folder: string): Person | undefined {
  const read = (name: string) => {
    try {
      return git(folder, ['config', '--get', name]).trim()
    } catch {
      return ''
    }
  }
  const email = read('user.email')
  return email === '' ? undefined : { name: read('user.name'), email }
}
