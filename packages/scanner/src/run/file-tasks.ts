import type { Notice } from '../finding.ts'
import type { Place } from '../place.ts'
import type { FileTask } from '../sources/files.ts'
import { type WalkOptions, walk } from '../sources/walk.ts'
import type { Task } from './task.ts'

/** Files of one task: some 20 ms of work, so that threads end together and messages don't count. */
const filesPerTask = 64
/** Paths that are listed before scanning begins, so that progress knows its end. More are listed on the way: paths cost memory. */
const aheadMax = 200_000

/** Files to scan, listed ahead as far as that is sensible. */
export class FileList {
  readonly #ahead: FileTask[] = []
  #rest: Iterator<FileTask>
  /** How many files there are, where that is known. */
  readonly total: number | undefined

  constructor(files: Iterable<FileTask>, onListed: (count: number) => void) {
    this.#rest = files[Symbol.iterator]()
    let ended = false
    while (this.#ahead.length < aheadMax) {
      const next = this.#rest.next()
      if (next.done) {
        ended = true
        break
      }
      this.#ahead.push(next.value)
      onListed(this.#ahead.length)
    }
    this.total = ended ? this.#ahead.length : undefined
  }

  *tasks(): Generator<Task> {
    for (let from = 0; from < this.#ahead.length; from += filesPerTask)
      yield { kind: 'files', files: this.#ahead.slice(from, from + filesPerTask) }
    if (this.total !== undefined) return
    let batch: FileTask[] = []
    for (let next = this.#rest.next(); !next.done; next = this.#rest.next()) {
      batch.push(next.value)
      if (batch.length < filesPerTask) continue
      yield { kind: 'files', files: batch }
      batch = []
    }
    if (batch.length > 0) yield { kind: 'files', files: batch }
  }
}

/** The files below a folder, with paths that begin with `prefix`. */
export function* folderFiles(folder: string, prefix: string, options: WalkOptions, notice: (notice: Notice) => void): Generator<FileTask> {
  const named = (path: string) => (prefix === '' ? path : `${prefix}/${path}`)
  for (const { file, path, ignored, isImage } of walk(folder, options, (one) => notice({ ...one, path: named(one.path) }))) {
    const place: Place = { source: 'file', path: named(path) }
    yield { file, place: ignored ? { ...place, ignored } : place, ...(isImage ? { isImage } : {}) }
  }
}
