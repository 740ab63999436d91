import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { readPrivateFile, writePrivateFile } from '../connection/private-file.ts'
import { exitCodes, Failure } from '../failure.ts'
import { repositoryAbove } from './history.ts'
import { syncFolder } from './replace.ts'

/*
 * One run of `keyward adopt`, as it is written down before each step:
 *   begun      what is to be done is known; nothing was done
 *   stored     the vault has all secrets
 *   rewriting  the old bytes of each file are kept here; a file is as before, or as it is to be
 *   done       every file is as it is to be, and the check, if there was one, passed
 *   undone     every file is as before
 * Killed at any point, a repeat goes on from here. There is never a file whose old bytes are not kept.
 */
export type State = 'begun' | 'stored' | 'rewriting' | 'done' | 'undone'

export interface Adoption {
  readonly id: string
  readonly state: State
  readonly at: string
  readonly server: string
  readonly secrets: readonly AdoptedSecret[]
  readonly files: readonly KeptFile[]
  /** What the program is started with from now on. */
  readonly grants: readonly string[]
  readonly workload?: string
}

/** What was chosen for one secret: sent again as it is where a run was cut short. Never the secret. */
export interface AdoptedSecret {
  readonly fingerprint: string
  readonly detector: string
  readonly masked: string
  readonly file: string
  readonly body: Readonly<Record<string, unknown>>
  readonly credential?: string
  readonly resource?: string
  readonly grant?: string
}

export interface KeptFile {
  readonly file: string
  readonly before: string
  readonly after: string
  /** Its name in the adoption's folder. */
  readonly copy: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** Adoptions and the files that they changed, outside every tree: a folder of mode 0700 among the user's state. */
export class Adoptions {
  readonly folder: string

  constructor(env: Environment) {
    const state = env.XDG_STATE_HOME
    this.folder = join(state?.startsWith('/') ? state : join(homedir(), '.local', 'state'), 'keyward', 'adoptions')
  }

  /** @throws Failure where the state folder is in the repository that holds the file: a commit would publish what is kept */
  requireOutside(file: string): void {
    const top = repositoryAbove(dirname(file))
    const path = top === undefined ? undefined : relative(top, this.folder)
    if (top === undefined || path === undefined || path.startsWith('..') || path.startsWith('/')) return
    throw new Failure(exitCodes.refused, `${this.folder}, where copies of changed files are kept, is inside the repository ${top}`, {
      fix: 'Set XDG_STATE_HOME to a folder outside it.',
    })
  }

  newId(now = new Date()): string {
    return `${now.toISOString().slice(0, 10).replaceAll('-', '')}-${randomBytes(4).toString('hex')}`
  }

  save(adoption: Adoption): Adoption {
    mkdirSync(this.#folderOf(adoption.id), { recursive: true, mode: 0o700 })
    chmodSync(this.folder, 0o700)
    chmodSync(this.#folderOf(adoption.id), 0o700)
    writePrivateFile(this.#manifest(adoption.id), `${JSON.stringify(adoption, null, 2)}\n`)
    syncFolder(this.#folderOf(adoption.id))
    return adoption
  }

  /** Keeps bytes beside the manifest, durably. */
  keep(id: string, name: string, bytes: Uint8Array): void {
    const path = join(this.#folderOf(id), name)
    rmSync(path, { force: true })
    const fd = openSync(path, 'wx', 0o600)
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  }

  kept(id: string, name: string): Buffer {
    return readFileSync(join(this.#folderOf(id), name))
  }

  /** @throws Failure where there is none of that id */
  read(id: string): Adoption {
    const text = /^\d{8}-[0-9a-f]{8}$/.test(id) ? readPrivateFile(this.#manifest(id)) : undefined
    if (text !== undefined) return JSON.parse(text) as Adoption
    throw new Failure(exitCodes.refused, `There is no adoption ${id} in ${this.folder}`, {
      fix: 'keyward adopt --list shows those there are.',
    })
  }

  /** Oldest first. */
  list(): Adoption[] {
    if (!existsSync(this.folder)) return []
    const ids = readdirSync(this.folder).filter((name) => existsSync(this.#manifest(name)))
    return ids.map((id) => this.read(id)).sort((a, b) => (a.at < b.at ? -1 : 1))
  }

  /** Adoptions that were cut short. */
  open(): Adoption[] {
    return this.list().filter(({ state }) => state !== 'done' && state !== 'undone')
  }

  /** Removes the copies: then there is no way back, and no copy of the secret here. */
  forget(id: string): void {
    this.read(id)
    rmSync(this.#folderOf(id), { recursive: true })
  }

  #folderOf(id: string): string {
    return join(this.folder, id)
  }

  #manifest(id: string): string {
    return join(this.#folderOf(id), 'manifest.json')
  }
}
