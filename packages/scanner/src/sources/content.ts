import type { Readable } from 'node:stream'
import { DocumentScanner } from '../engine/document.ts'
import type { Match } from '../engine/match.ts'
import type { Matcher } from '../engine/matcher.ts'
import { StreamScanner } from '../engine/stream.ts'
import type { Sink } from '../finding.ts'
import type { Place } from '../place.ts'
import { type ArchiveKind, archiveKind, readableKinds } from './archive-kind.ts'
import { Attribution } from './attribute.ts'
import type { Budget } from './budget.ts'
import { classify } from './classify.ts'
import { prepareText } from './prepare.ts'

/** Members up to this size are held whole, so that archives in archives and structured files can be understood. */
export const heldBytesMax = 16_777_216

/** An archive in memory, or in a file when it is too large for that, or as it arrives. */
export type ArchiveSource = { readonly kind: ArchiveKind } & (
  | { readonly bytes: Uint8Array }
  | { readonly file: string }
  | { readonly stream: Readable }
)

/** Scans the members of an archive; `archive.ts` has it, loaded when the first archive is met. */
export type ArchiveOpener = (scanner: ContentScanner, source: ArchiveSource, place: Place, budget: Budget, depth: number) => Promise<void>

/** Scans contents, whatever they turn out to be. One a thread. */
export class ContentScanner {
  readonly sink: Sink
  readonly #document: DocumentScanner
  readonly #archives: () => Promise<ArchiveOpener>

  constructor(matcher: Matcher, sink: Sink, archives: () => Promise<ArchiveOpener>) {
    this.sink = sink
    this.#archives = archives
    this.#document = new DocumentScanner(matcher)
  }

  /** Scans a document that is no archive. */
  text(bytes: Uint8Array, place: Place): void {
    const what = place.what ?? classify(place.path)
    const prepared = prepareText(bytes, what)
    const matches = this.#scan(prepared, place)
    if (this.#document.bounded) this.#bounded(place)
    if (matches.length > 0) this.#tell(matches, what === undefined ? place : { ...place, what }, prepared)
  }

  /** Added lines of a diff: like `text`, with the caller's way from a line of the bytes to a line of the file. */
  lines(bytes: Uint8Array, place: Place, lineOf: (line: number) => number): void {
    const matches = this.#scan(bytes, place)
    if (this.#document.bounded) this.#bounded(place)
    const what = matches.length > 0 ? classify(place.path) : undefined
    for (const match of matches) this.sink.found({ ...match, line: lineOf(match.line) }, what === undefined ? place : { ...place, what })
  }

  /** A document on which the engine fails is told; those after it are scanned. */
  #scan(bytes: Uint8Array, place: Place): Match[] {
    try {
      return this.#document.scan(bytes, place.path)
    } catch (error) {
      this.sink.notice({
        path: place.path,
        reason: 'broken',
        text: `could not be scanned: ${error instanceof Error ? error.message : error}`,
      })
      return []
    }
  }

  /** A document that arrives in parts; for what doesn't fit into memory. */
  stream(place: Place): { push(chunk: Uint8Array): void; peek(): void; end(): void } {
    const stream = new StreamScanner(this.#document, place.path)
    const what = place.what ?? classify(place.path)
    const full = what === undefined ? place : { ...place, what }
    return {
      push: (chunk) => this.#tell(stream.push(chunk), full),
      peek: () => this.#tell(stream.peek(), full),
      end: () => {
        this.#tell(stream.end(), full)
        if (stream.bounded) this.#bounded(place)
      },
    }
  }

  /** Scans what is in memory: an archive is opened, anything else read as it is. */
  async content(bytes: Uint8Array, place: Place, budget: Budget, depth: number): Promise<void> {
    const kind = archiveKind(bytes.subarray(0, 512))
    if (kind === undefined) return this.text(bytes, place)
    if (!readableKinds.has(kind)) {
      this.sink.notice({ path: place.path, reason: 'unsupported', text: `${kind} archives can't be looked into` })
      return
    }
    const open = await this.#archives()
    await open(this, { kind, bytes }, place, budget, depth)
  }

  #tell(matches: readonly Match[], place: Place, bytes?: Uint8Array): void {
    const attribution = bytes && new Attribution(bytes)
    for (const match of matches) this.sink.found(match, attribution?.of(match, place) ?? place)
  }

  /** Opens an archive that lies in a file. */
  async archive(source: ArchiveSource, place: Place, budget: Budget): Promise<void> {
    const open = await this.#archives()
    await open(this, source, place, budget, 0)
  }

  #bounded(place: Place): void {
    this.sink.notice({ path: place.path, reason: 'bounded', text: 'holds more encoded text or matches than are followed' })
  }
}
