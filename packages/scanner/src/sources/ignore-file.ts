import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Ignore } from 'ignore'

/** Folders that hold what others wrote or tools made. Left out while git ignores them or they lie below the scanned folder. */
export const dependencyFolders: ReadonlySet<string> = new Set([
  'node_modules',
  'bower_components',
  '.venv',
  'venv',
  '.tox',
  '__pycache__',
  'site-packages',
  '.gradle',
  '.terraform',
  '.mypy_cache',
  '.pytest_cache',
  '.pnpm-store',
  '.yarn',
])

/** The patterns of one folder's ignore file, in git's syntax. */
export interface IgnoreRules {
  /** Path relative to the folder, `/` at the end for a folder. `undefined`: it says nothing. */
  test(path: string): boolean | undefined
}

export function ignoreRules(folder: string, name: string): IgnoreRules | undefined {
  const file = join(folder, name)
  if (!existsSync(file)) return undefined
  return ignoreRulesOf(readFileSync(file, 'utf8'))
}

export function ignoreRulesOf(text: string): IgnoreRules {
  const ignore = createRequire(import.meta.url)('ignore') as { default?: () => Ignore } & (() => Ignore)
  const rules = (ignore.default ?? ignore)().add(text)
  return {
    test: (path) => {
      const { ignored, unignored } = rules.test(path)
      return ignored ? true : unignored ? false : undefined
    },
  }
}
