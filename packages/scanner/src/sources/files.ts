import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { windowBytes } from '../engine/stream.ts'
import type { Place } from '../place.ts'
import { archiveKind, readableKinds } from './archive-kind.ts'
import { Budget } from './budget.ts'
import type { ContentScanner } from './content.ts'

/** Not to follow a link that appeared since the folder was read, nor to wait for a FIFO's writer. */
const openFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** One file to scan: how the system finds it, and how it is told. */
export interface FileTask {
  readonly file: string
  readonly place: Place
  /** It is a folder that holds an image. */
  readonly isImage?: true
}

/** Reads files into one buffer and scans them. One a thread. */
export class FileScanner {
  readonly #scanner: ContentScanner
  readonly #buffer = Buffer.allocUnsafeSlow(windowBytes)

  constructor(scanner: ContentScanner) {
    this.#scanner = scanner
  }

  /** Scans one file. Returns a promise only where it is an archive: that is what makes many small files fast. */
  scan(task: FileTask): Promise<void> | undefined {
    const { sink } = this.#scanner
    if (task.isImage) return this.#scanner.archive({ kind: 'tar', file: task.file }, task.place, new Budget(0))
    let descriptor: number
    try {
      descriptor = openSync(task.file, openFlags)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      const gone = code === 'ENOENT' || code === 'ELOOP'
      sink.notice({
        path: task.place.path,
        reason: gone ? 'changed' : 'unreadable',
        text: gone ? 'went away before it was read' : `can't be read (${code})`,
      })
      return undefined
    }
    try {
      return this.#read(descriptor, task)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      sink.notice({
        path: task.place.path,
        reason: code === 'EAGAIN' ? 'skipped' : 'unreadable',
        text: `can't be read (${code ?? String(error)})`,
      })
      return undefined
    } finally {
      closeSync(descriptor)
    }
  }

  #read(descriptor: number, task: FileTask): Promise<void> | undefined {
    const { sink } = this.#scanner
    let length = readSync(descriptor, this.#buffer, 0, windowBytes, null)
    sink.counts.files++
    if (length === 0) return undefined
    const kind = archiveKind(this.#buffer.subarray(0, Math.min(length, 512)))
    if (kind !== undefined) {
      const size = fstatSync(descriptor).size
      sink.counts.bytes += size
      if (readableKinds.has(kind)) return this.#scanner.archive({ kind, file: task.file }, task.place, new Budget(size))
      sink.notice({ path: task.place.path, reason: 'unsupported', text: `${kind} archives can't be looked into` })
      return undefined
    }
    if (length === windowBytes) return this.#large(descriptor, task)
    for (let more = 1; more > 0 && length < windowBytes; length += more) {
      more = readSync(descriptor, this.#buffer, length, windowBytes - length, null)
    }
    sink.counts.bytes += length
    this.#scanner.text(this.#buffer.subarray(0, length), task.place)
    return undefined
  }

  /** A file that grows while it is read is read as far as it was when it was opened. */
  #large(descriptor: number, task: FileTask): undefined {
    const size = fstatSync(descriptor).size
    const stream = this.#scanner.stream(task.place)
    let read = windowBytes
    stream.push(this.#buffer)
    while (read < size) {
      const length = readSync(descriptor, this.#buffer, 0, Math.min(windowBytes, size - read), null)
      if (length === 0) {
        this.#scanner.sink.notice({ path: task.place.path, reason: 'changed', text: 'became shorter while it was read' })
        break
      }
      read += length
      stream.push(this.#buffer.subarray(0, length))
    }
    this.#scanner.sink.counts.bytes += read
    stream.end()
    return undefined
  }
}
