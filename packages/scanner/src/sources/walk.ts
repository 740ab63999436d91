import { type Dirent, existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
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
  /** A folder that is an image (OCI layout): one thing, not many files. */
  readonly isImage?: true
}

/** Folders within folders. Deeper ones are reported, not entered: a file system that loops must not keep the scan. */
const depthMax = 128
/** In `.git`: text that people write, not git's own objects. */
const gitFiles = new Set(['config', 'hooks', 'info', 'modules', 'worktrees', 'description'])

interface Level {
  /** What stands before a path below the walked folder, seen from the ignore file's folder. */
  readonly before: string
  readonly prefix: string
  readonly rules: IgnoreRules | undefined
}

/** What a folder inherits from the folders above it. */
interface State {
  readonly git: readonly Level[] | undefined
  readonly own: readonly Level[]
  readonly inGit: boolean
  readonly ignored: boolean
  readonly depth: number
}

/**
 * The regular files below a folder. Links are not followed, devices, FIFOs and sockets not opened. `.keywardignore` (git's syntax) leaves
 * out; `.gitignore` marks. What can't be read is told.
 */
export function* walk(root: string, options: WalkOptions, notice: (notice: Notice) => void): Generator<WalkedFile> {
  const above = levelsAbove(root)
  yield* new Walker(root, options, notice).folder('', { git: above, own: [], inGit: above !== undefined, ignored: false, depth: 0 })
}

class Walker {
  readonly #root: string
  readonly #options: WalkOptions
  readonly #notice: (notice: Notice) => void

  constructor(root: string, options: WalkOptions, notice: (notice: Notice) => void) {
    this.#root = root
    this.#options = options
    this.#notice = notice
  }

  *folder(prefix: string, state: State): Generator<WalkedFile> {
    if (state.depth > depthMax) {
      this.#notice({ path: prefix, reason: 'bounded', text: `more than ${depthMax} folders within each other` })
      return
    }
    const folder = prefix === '' ? this.#root : join(this.#root, prefix)
    const entries = readNames(folder, this.#notice, prefix)
    const names = new Set(entries.map((entry) => entry.name))
    if (names.has('oci-layout') && names.has('index.json') && names.has('blobs')) {
      yield { file: folder, path: prefix, ignored: state.ignored, isImage: true }
      return
    }
    const inGit = state.inGit || names.has('.git')
    const git = names.has('.gitignore') && inGit ? [...(state.git ?? []), level(folder, prefix, '.gitignore')] : (state.git ?? [])
    const own = names.has('.keywardignore') ? [...state.own, level(folder, prefix, '.keywardignore')] : state.own
    for (const entry of entries) {
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`
      const isFolder = entry.isDirectory()
      if ((!isFolder && !entry.isFile()) || verdict(own, path, isFolder)) continue
      const ignored = state.ignored || verdict(git, path, isFolder)
      if (ignored && this.#options.respectGitignore) continue
      if (!isFolder) yield { file: folder + sep + entry.name, path, ignored }
      else if (entry.name === '.git') yield* this.#gitFolder(path, own)
      else if (this.#isLeftOut(entry.name, ignored, inGit))
        this.#notice({ path, reason: 'skipped', text: 'holds dependencies; --everything scans it too' })
      else yield* this.folder(path, { git, own, inGit, ignored, depth: state.depth + 1 })
    }
  }

  #isLeftOut(name: string, ignored: boolean, inGit: boolean): boolean {
    if (this.#options.everything || !dependencyFolders.has(name)) return false
    return ignored || !inGit || name === 'node_modules'
  }

  *#gitFolder(path: string, own: readonly Level[]): Generator<WalkedFile> {
    for (const entry of readNames(join(this.#root, path), this.#notice, path)) {
      if (!gitFiles.has(entry.name)) continue
      const inside = `${path}/${entry.name}`
      if (entry.isFile()) yield { file: join(this.#root, inside), path: inside, ignored: true }
      else if (entry.isDirectory() && entry.name === 'hooks')
        yield* this.folder(inside, { git: [], own, inGit: true, ignored: true, depth: 1 })
    }
  }
}

function level(folder: string, prefix: string, name: string): Level {
  return { before: '', prefix, rules: ignoreRules(folder, name) }
}

/** The `.gitignore` files between the walked folder and the top of its repository; undefined where it is in none. */
function levelsAbove(root: string): readonly Level[] | undefined {
  const start = resolve(root)
  const levels: Level[] = []
  for (let folder = start, before = ''; ; folder = dirname(folder)) {
    if (folder !== start) levels.unshift({ before, prefix: '', rules: ignoreRules(folder, '.gitignore') })
    if (existsSync(join(folder, '.git'))) return levels
    if (dirname(folder) === folder) return undefined
    before = `${basename(folder)}/${before}`
  }
}

/** The deepest file that says something about the path decides. */
function verdict(levels: readonly Level[], path: string, isFolder: boolean): boolean {
  for (let index = levels.length - 1; index >= 0; index--) {
    const one = levels[index]
    if (!one?.rules) continue
    const inside = one.before + (one.prefix === '' ? path : path.slice(one.prefix.length + 1))
    const said = one.rules.test(isFolder ? `${inside}/` : inside)
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
