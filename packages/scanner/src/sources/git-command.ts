import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'

/**
 * Settings with which a repository's own configuration can't make git run programs, fetch, lock or rewrite what it shows: a repository that
 * is scanned may be hostile.
 */
const withoutHooks = ['-c', 'core.hooksPath=/dev/null']
const safety = [
  '--no-pager',
  '-c',
  'core.fsmonitor=false',
  '-c',
  'core.quotePath=false',
  '-c',
  'log.showSignature=false',
  '-c',
  'protocol.allow=never',
  '-c',
  'diff.noprefix=false',
  '-c',
  'diff.suppressBlankEmpty=false',
]

/** The environment of git: no lock, no fetch, no replaced objects, no questions, English. */
export function gitEnvironment(): NodeJS.ProcessEnv {
  const {
    PATH,
    HOME,
    GIT_DIR,
    GIT_WORK_TREE,
    GIT_INDEX_FILE,
    GIT_OBJECT_DIRECTORY,
    GIT_ALTERNATE_OBJECT_DIRECTORIES,
    GIT_QUARANTINE_PATH,
  } = process.env
  const kept = {
    PATH,
    HOME,
    GIT_DIR,
    GIT_WORK_TREE,
    GIT_INDEX_FILE,
    GIT_OBJECT_DIRECTORY,
    GIT_ALTERNATE_OBJECT_DIRECTORIES,
    GIT_QUARANTINE_PATH,
  }
  return {
    ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)),
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
  }
}

/** What diffs look like wherever they come from: added lines only matter, as they are stored, without anyone's helper programs. */
export const diffArguments = [
  '-p',
  '-U0',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--no-renames',
  '--no-indent-heuristic',
  '-O/dev/null',
  '--src-prefix=a/',
  '--dst-prefix=b/',
]

/** A list of a million commits has 41 MB. */
const outputBytesMax = 268_435_456

export class GitError extends Error {
  override readonly name = 'GitError'
}

/** Runs git and returns its output. `rev-parse` runs no hook, and is asked where they are. Throws `GitError` with git's own words. */
export function git(repository: string, args: readonly string[], input?: string): string {
  try {
    return execFileSync('git', argumentsOf(args), {
      ...settings(repository),
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(input === undefined ? {} : { input }),
    })
  } catch (error) {
    throw gitError(error, (error as { stderr?: string }).stderr)
  }
}

/** Like `git`, while the program goes on. Rejects with `GitError`. */
export function gitLater(repository: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('git', argumentsOf(args), settings(repository), (error, stdout, stderr) =>
      error ? reject(gitError(error, stderr)) : resolve(stdout),
    )
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

function argumentsOf(args: readonly string[]): string[] {
  return [...safety, ...(args[0] === 'rev-parse' ? [] : withoutHooks), ...args]
}

function settings(repository: string) {
  return { cwd: repository, env: gitEnvironment(), encoding: 'utf8', maxBuffer: outputBytesMax } as const
}

function gitError(error: unknown, stderr: string | undefined): GitError {
  if ((error as { code?: unknown }).code === 'ENOENT') return new GitError('git is not installed, or the folder does not exist')
  return new GitError((stderr || String(error)).trim().split('\n').slice(-3).join(' ') || 'git failed')
}

/** Starts git; its output is read as it comes. */
export function gitStream(repository: string, args: readonly string[]): ChildProcess {
  return spawn('git', [...safety, ...withoutHooks, ...args], { cwd: repository, env: gitEnvironment(), stdio: ['pipe', 'pipe', 'pipe'] })
}
