import { type Dirent, readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import type { Notice } from '../finding.ts'
import { dependencyFolders, type IgnoreRules, ignoreRules } from './ignore-file.ts'

export interface WalkOptions {
  /** Also what is left out otherwise: folders of dependencies. */
  readonly everything: boolean
  /** Leave out what git ignores. */
  readonly respectGitignore: boolean
}

export interface WalkedFile {
  readonly file: string
  /** Relative to the walked folder, with `/`. */
  readonly path: string
  readonly ignored: boolean
}

/** Folders within folders. Deeper ones are reported, not entered: a file system that loops must not keep the scan. */
const depthMax = 128
/** In `.git`: text that people write, not git's own objects. */
const gitFiles = new Set(['config', 'hooks', 'info', 'modules', 'worktrees', 'description'])

interface Level {
  readonly folder: string
  readonly prefix: string
  readonly rules: IgnoreRules | undefined
}

/**
 * The regular files below a folder. Links are not followed, devices, FIFOs and sockets not opened. `.keywardignore` (git's syntax) leaves
 * out; `.gitignore` marks. What can't be read is told.
 */
export function* walk(root: string, options: WalkOptions, notice: (notice: Notice) => void): Generator<WalkedFile> {
  const hasGit = readNames(root, notice, '').some((entry) => entry.name === '.git')
  yield* new Walker(root, options, notice, hasGit).folder('', [], [], false, 0)
}

class Walker {
  readonly #root: string
  readonly #options: WalkOptions
  readonly #notice: (notice: Notice) => void
  readonly #hasGit: boolean

  constructor(root: string, options: WalkOptions, notice: (notice: Notice) => void, hasGit: boolean) {
    this.#root = root
    this.#options = options
    this.#notice = notice
    this.#hasGit = hasGit
  }

  *folder(prefix: string, git: readonly Level[], own: readonly Level[], ignored: boolean, depth: number): Generator<WalkedFile> {
    if (depth > depthMax) {
      this.#notice({ path: prefix, reason: 'bounded', text: `more than ${depthMax} folders within each other` })
      return
    }
    const folder = prefix === '' ? this.#root : join(this.#root, prefix)
    const entries = readNames(folder, this.#notice, prefix)
    const names = new Set(entries.map((entry) => entry.name))
    const gitLevels = names.has('.gitignore') && this.#hasGit ? [...git, level(folder, prefix, '.gitignore')] : git
    const ownLevels = names.has('.keywardignore') ? [...own, level(folder, prefix, '.keywardignore')] : own
    for (const entry of entries) {
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`
      const isFolder = entry.isDirectory()
      if (!isFolder && !entry.isFile()) continue
      if (verdict(ownLevels, path, isFolder)) continue
      const nowIgnored = ignored || verdict(gitLevels, path, isFolder)
      if (nowIgnored && this.#options.respectGitignore) continue
      if (!isFolder) yield { file: folder + sep + entry.name, path, ignored: nowIgnored }
      else if (entry.name === '.git') yield* this.#gitFolder(path, ownLevels)
      else if (!this.#options.everything && dependencyFolders.has(entry.name) && this.#isDependencies(entry.name, nowIgnored))
        this.#notice({ path, reason: 'skipped', text: 'holds dependencies; --everything scans it too' })
      else yield* this.folder(path, gitLevels, ownLevels, nowIgnored, depth + 1)
    }
  }

  #isDependencies(name: string, ignored: boolean): boolean {
    return ignored || !this.#hasGit || name === 'node_modules'
  }

  *#gitFolder(path: string, own: readonly Level[]): Generator<WalkedFile> {
    for (const entry of readNames(join(this.#root, path), this.#notice, path)) {
      if (!gitFiles.has(entry.name)) continue
      const inside = `${path}/${entry.name}`
      if (entry.isFile()) yield { file: join(this.#root, inside), path: inside, ignored: true }
      else if (entry.isDirectory() && entry.name === 'hooks') yield* this.folder(inside, [], own, true, 1)
    }
  }
}

function level(folder: string, prefix: string, name: string): Level {
  return { folder, prefix, rules: ignoreRules(folder, name) }
}

/** The deepest file that says something about the path decides. */
function verdict(levels: readonly Level[], path: string, isFolder: boolean): boolean {
  for (let index = levels.length - 1; index >= 0; index--) {
    const one = levels[index]
    const inside = one?.prefix === '' ? path : path.slice((one?.prefix.length ?? 0) + 1)
    const said = one?.rules?.test(isFolder ? `${inside}/` : inside)
    if (said !== undefined) return said
  }
  return false
}

function readNames(folder: string, notice: (notice: Notice) => void, path: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    notice({ path: path === '' ? folder : path, reason: 'unreadable', text: `can't be read (${(error as NodeJS.ErrnoException).code})` })
    return []
  }
}
