/** Whose change a part of a patch is. */
export interface PatchCommit {
  readonly hash: string
  readonly author: string
  readonly email: string
  /** ISO 8601 in UTC; as the patch has it where that is no date. */
  readonly at: string
}

export interface PatchEvents {
  /** Added lines of one file; `lineOf` leads from a line of `bytes` to the file's line. */
  added(path: string, bytes: Uint8Array, lineOf: (line: number) => number, commit: PatchCommit | undefined): void
  message(bytes: Uint8Array, commit: PatchCommit): void
  /** A file that the diff shows as binary, with the blob's id where the patch has it. */
  binary?(path: string, blob: string | undefined, commit: PatchCommit | undefined): void
}

/** Added lines are handed on at this size at the latest. */
const addedBytesMax = 4_194_304
/** A header line longer than this is no header. */
const headerBytesMax = 16_384

/**
 * Reads the output of `git log -p` or `git diff` as it comes. Counts the lines of hunks, so that added lines that look like headers are
 * taken for what they are; of merges only what no parent has.
 */
export class PatchParser {
  readonly #events: PatchEvents
  #rest: Buffer = Buffer.alloc(0)
  #commit: PatchCommit | undefined
  #message: Buffer[] = []
  #path = ''
  #blob: string | undefined
  #added = Buffer.allocUnsafeSlow(65_536)
  #addedBytes = 0
  #addedLines = 0
  /** Pairs: first line in `#added`, the file's line number. */
  #hunks: number[] = []
  #oldLeft = 0
  #newLeft = 0
  /** Columns before the text: one, or one a parent in a merge. */
  #columns = 1
  commits = 0

  constructor(events: PatchEvents) {
    this.#events = events
  }

  get lastCommit(): string | undefined {
    return this.#commit?.hash
  }

  push(chunk: Uint8Array): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    for (let end = bytes.indexOf(10, start); end >= 0; end = bytes.indexOf(10, start)) {
      this.#line(bytes, start, end)
      start = end + 1
    }
    this.#rest = Buffer.from(bytes.subarray(start))
    if (this.#rest.length > addedBytesMax && this.#inHunk()) {
      this.#add(this.#rest, this.#columns, this.#rest.length)
      this.#rest = Buffer.from(this.#rest.subarray(0, this.#columns))
    }
  }

  end(): void {
    if (this.#rest.length > 0) this.#line(this.#rest, 0, this.#rest.length)
    this.#rest = Buffer.alloc(0)
    this.#flushFile()
    this.#flushMessage()
  }

  #inHunk(): boolean {
    return this.#newLeft > 0 || this.#oldLeft > 0
  }

  #line(bytes: Buffer, start: number, end: number): void {
    if (!this.#inHunk()) this.#header(bytes, start, end)
    else if (this.#columns > 1) this.#mergeLine(bytes, start, end)
    else this.#plainLine(bytes, start, end)
  }

  #plainLine(bytes: Buffer, start: number, end: number): void {
    const mark = bytes[start]
    if (mark === 0x2b) {
      this.#newLeft--
      this.#add(bytes, start + 1, end + 1)
      this.#addedLines++
    } else if (mark === 0x2d) this.#oldLeft--
    else if (mark === 0x20 || start === end) {
      this.#oldLeft--
      this.#newLeft--
    } else if (mark !== 0x5c) {
      this.#oldLeft = 0
      this.#newLeft = 0
      this.#header(bytes, start, end)
    }
  }

  #mergeLine(bytes: Buffer, start: number, end: number): void {
    let plus = 0
    let minus = 0
    for (let column = start; column < start + this.#columns; column++) {
      if (bytes[column] === 0x2b) plus++
      else if (bytes[column] === 0x2d) minus++
    }
    if (bytes[start] === 0x5c) return
    if (minus > 0) return
    this.#newLeft--
    if (plus === this.#columns) {
      this.#hunks.push(this.#addedLines, this.#mergeLineNumber)
      this.#add(bytes, start + this.#columns, end + 1)
      this.#addedLines++
    }
    this.#mergeLineNumber++
    if (this.#newLeft <= 0) this.#oldLeft = 0
  }

  #mergeLineNumber = 0

  #header(bytes: Buffer, start: number, end: number): void {
    const first = bytes[start]
    if (first === 0x20 && this.#commit && this.#path === '') {
      if (bytes[start + 1] === 0x20 && bytes[start + 2] === 0x20 && bytes[start + 3] === 0x20)
        this.#message.push(Buffer.from(bytes.subarray(start + 4, end + 1)))
      return
    }
    if (end - start > headerBytesMax || end === start) return
    const line = bytes.toString('utf8', start, end)
    if (first === 0x40) this.#hunk(line)
    else if (line.startsWith('diff --')) {
      this.#flushFile()
      this.#flushMessage()
      this.#path = pathOfDiff(line)
      this.#blob = undefined
    } else if (line.startsWith('+++ '))
      this.#path = line === '+++ /dev/null' ? this.#path : unquote(line.slice(4).replace(/\t$/, '')).replace(/^b\//, '')
    else if (line.startsWith('index ')) this.#blob = /^index [0-9a-f]+(?:,[0-9a-f]+)*\.\.([0-9a-f]+)/.exec(line)?.[1]
    else if (line.startsWith('Binary files ')) this.#events.binary?.(this.#path, this.#blob, this.#commit)
    else if (line.startsWith('commit ')) this.#startCommit(line)
    else if (line.startsWith('Author:') && this.#commit) this.#commit = { ...this.#commit, ...person(line.slice(7).trim()) }
    else if (line.startsWith('Date:') && this.#commit) this.#commit = { ...this.#commit, at: isoDate(line.slice(5).trim()) }
  }

  #startCommit(line: string): void {
    const hash = /^commit ([0-9a-f]{7,64})/.exec(line)?.[1]
    if (hash === undefined) return
    this.#flushFile()
    this.#flushMessage()
    this.#path = ''
    this.#commit = { hash, author: '', email: '', at: '' }
    this.commits++
  }

  #hunk(line: string): void {
    const marks = /^@@+/.exec(line)?.[0].length ?? 0
    const next = /\+(\d+)(?:,(\d+))? @@/.exec(line)
    if (marks < 2 || !next) return
    this.#columns = marks - 1
    this.#newLeft = next[2] === undefined ? 1 : Number(next[2])
    const from = Number(next[1])
    if (this.#columns > 1) {
      this.#mergeLineNumber = from
      this.#oldLeft = 0
      return
    }
    const old = /^@@ -\d+(?:,(\d+))?/.exec(line)
    this.#oldLeft = old?.[1] === undefined ? 1 : Number(old[1])
    this.#hunks.push(this.#addedLines, from)
  }

  #add(bytes: Buffer, from: number, to: number): void {
    const end = Math.min(to, bytes.length)
    const length = end - from
    if (this.#addedBytes + length + 1 > addedBytesMax && this.#addedBytes > 0) this.#handOn()
    if (this.#addedBytes + length + 1 > this.#added.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#added.length * 2, this.#addedBytes + length + 1))
      larger.set(this.#added.subarray(0, this.#addedBytes))
      this.#added = larger
    }
    const target = this.#added
    let at = this.#addedBytes
    if (length < 64) for (let index = from; index < end; index++) target[at++] = bytes[index] as number
    else at += bytes.copy(target, at, from, end)
    if (end < to) target[at++] = 10
    this.#addedBytes = at
  }

  #flushFile(): void {
    if (this.#addedBytes > 0) this.#handOn()
    this.#hunks = []
    this.#addedLines = 0
    this.#newLeft = 0
    this.#oldLeft = 0
  }

  #handOn(): void {
    const hunks = this.#hunks
    const lineOf = (line: number): number => {
      let index = hunks.length - 2
      while (index > 0 && (hunks[index] as number) > line - 1) index -= 2
      return (hunks[index + 1] ?? 1) + (line - 1 - (hunks[index] ?? 0))
    }
    this.#events.added(this.#path, this.#added.subarray(0, this.#addedBytes), lineOf, this.#commit)
    const next = hunks.length > 0 ? lineOf(this.#addedLines + 1) : 1
    this.#addedBytes = 0
    this.#addedLines = 0
    this.#hunks = [0, next]
  }

  #flushMessage(): void {
    if (this.#message.length > 0 && this.#commit) this.#events.message(Buffer.concat(this.#message), this.#commit)
    this.#message = []
  }
}

function person(text: string): { author: string; email: string } {
  const found = /^(.*?)\s*<([^>]*)>$/.exec(text)
  return { author: found?.[1] ?? text, email: found?.[2] ?? '' }
}

function isoDate(text: string): string {
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? text : date.toISOString()
}

function pathOfDiff(line: string): string {
  const combined = /^diff --(?:cc|combined) (.*)$/.exec(line)?.[1]
  if (combined !== undefined) return unquote(combined)
  const rest = line.slice('diff --git '.length)
  const quoted = / ("b\/.*")$/.exec(rest)?.[1]
  if (quoted !== undefined) return unquote(quoted).replace(/^b\//, '')
  const half = (rest.length - 1) / 2
  return Number.isInteger(half) && rest.slice(2, half) === rest.slice(half + 3)
    ? rest.slice(half + 3)
    : rest.slice(rest.lastIndexOf(' b/') + 3)
}

/** Git quotes names with control characters, quotes and backslashes as C does. */
function unquote(text: string): string {
  if (!text.startsWith('"')) return text
  const raw = Buffer.from(text.slice(1, -1), 'utf8').toString('latin1')
  const bytes = raw.replace(/\\(?:([0-7]{3})|(.))/g, (_, octal?: string, char?: string) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
    return { n: '\n', t: '\t', r: '\r' }[char ?? ''] ?? char ?? ''
  })
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
