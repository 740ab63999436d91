import { createHash } from 'node:crypto'
import { DocumentScanner } from '../engine/document.ts'
import { type DetectorSources, loadDetectors, matcherFor } from '../load/detectors.ts'

/** Text is rewritten in pieces of this size. */
const pieceBytes = 4_194_304
/** The end of a piece that is looked at again with the next: longer than any match with its context. */
const keptBytes = 65_536

/**
 * Copies text with each secret replaced by `[redacted DETECTOR TAG]`. The tag is the same wherever the secret is the same, in this run
 * only: it says which lines belong together and nothing else. An encoded run that holds a secret is replaced whole.
 */
export class Redactor {
  readonly #scanner: DocumentScanner
  #path: string
  readonly #salt: string
  #held: Buffer = Buffer.alloc(0)
  count = 0

  private constructor(scanner: DocumentScanner, path: string) {
    this.#scanner = scanner
    this.#path = path
    this.#salt = crypto.randomUUID()
  }

  static async load(sources: DetectorSources, path: string): Promise<Redactor> {
    return new Redactor(new DocumentScanner(await matcherFor((await loadDetectors(sources)).detectors)), path)
  }

  /** The same for the next file, after the `end` of the last: tags and the count go on. */
  for(path: string): this {
    this.#path = path
    return this
  }

  /** The next bytes in, what is settled of the copy out. */
  push(chunk: Uint8Array): Buffer {
    this.#held = Buffer.concat([this.#held, chunk])
    return this.#held.length < pieceBytes ? Buffer.alloc(0) : this.#settle(this.#held.length - keptBytes)
  }

  end(): Buffer {
    return this.#settle(this.#held.length)
  }

  #settle(wanted: number): Buffer {
    const held = this.#held
    const matches = this.#scanner.scan(held, this.#path).filter((match) => match.judgement.verdict === 'secret')
    let until = wanted
    for (const match of matches) if (match.start < until && match.end > until) until = match.start
    const out: Buffer[] = []
    let at = 0
    for (const match of matches) {
      if (match.start < at || match.end > until) continue
      out.push(held.subarray(at, match.start), Buffer.from(`[redacted ${match.detector.id} ${this.#tag(match.secret)}]`))
      at = match.end
      this.count++
    }
    out.push(held.subarray(at, until))
    this.#held = Buffer.from(held.subarray(until))
    return Buffer.concat(out)
  }

  #tag(secret: string): string {
    return createHash('sha256').update(this.#salt).update(secret, 'latin1').digest('hex').slice(0, 6)
  }
}
