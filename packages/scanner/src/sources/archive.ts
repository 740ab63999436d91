import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { extract } from 'tar-stream'
import { type Entry, fromBuffer, open, type ZipFile } from 'yauzl'
import type { Place } from '../place.ts'
import { archiveKind, readableKinds } from './archive-kind.ts'
import { type Budget, nestingMax } from './budget.ts'
import { type ArchiveSource, type ContentScanner, heldBytesMax } from './content.ts'

class BudgetError extends Error {}

/**
 * Scans the members of an archive, archives among them included, within the budget of the outermost file. What is broken or too much is
 * told to the sink; the rest of the scan goes on.
 */
export async function openArchive(
  scanner: ContentScanner,
  source: ArchiveSource,
  place: Place,
  budget: Budget,
  depth: number,
): Promise<void> {
  if (depth >= nestingMax) {
    scanner.sink.notice({ path: place.path, reason: 'bounded', text: `more than ${nestingMax} archives within each other` })
    return
  }
  try {
    if (source.kind === 'zip') await openZip(scanner, source, place, budget, depth)
    else if (source.kind === 'tar') await openTar(scanner, streamOf(source), place, budget, depth)
    else await openCompressed(scanner, source, place, budget, depth)
  } catch (error) {
    const exhausted = error instanceof BudgetError
    if (!exhausted && source.kind === 'tar' && 'file' in source) await scanAsItIs(scanner, source.file, place)
    if (exhausted && depth > 0) throw error
    const text = error instanceof Error ? error.message : String(error)
    scanner.sink.notice({
      path: place.path,
      reason: exhausted ? 'bounded' : 'broken',
      text: exhausted ? text : `can't be unpacked: ${text}`,
    })
  }
}

/** What can't be unpacked may still be read: the members of a tar lie in it as they are. */
async function scanAsItIs(scanner: ContentScanner, file: string, place: Place): Promise<void> {
  const window = scanner.stream(place)
  for await (const chunk of createReadStream(file)) window.push(chunk as Buffer)
  window.end()
}

function streamOf(source: ArchiveSource): Readable {
  if ('stream' in source) return source.stream
  return 'file' in source ? createReadStream(source.file) : Readable.from([source.bytes])
}

async function openCompressed(scanner: ContentScanner, source: ArchiveSource, place: Place, budget: Budget, depth: number): Promise<void> {
  const inflate = source.kind === 'gzip' ? createGunzip() : createZstdDecompress()
  const input = streamOf(source)
  input.on('error', (error) => inflate.destroy(error))
  const inner = place.path.replace(/\.(?:gz|zst|gzip)$/i, '').replace(/\.(?:tgz|tzst)$/i, '.tar')
  const member = { ...place, path: inner === place.path ? place.path : `${place.path}!${inner.slice(inner.lastIndexOf('/') + 1)}` }
  await scanStream(scanner, input.pipe(inflate), member, budget, depth + 1)
}

async function openTar(scanner: ContentScanner, input: Readable, place: Place, budget: Budget, depth: number): Promise<void> {
  const unpack = extract()
  input.on('error', (error) => unpack.destroy(error))
  input.pipe(unpack)
  try {
    for await (const entry of unpack) {
      if (!budget.takeMember()) throw new BudgetError(budget.exhausted)
      if (entry.header.type !== 'file' && entry.header.type !== 'contiguous-file') entry.resume()
      else
        await scanStream(
          scanner,
          entry as AsyncIterable<Uint8Array>,
          { ...place, path: `${place.path}!${entry.header.name}` },
          budget,
          depth + 1,
        )
    }
  } finally {
    input.unpipe(unpack)
    input.destroy()
    unpack.destroy()
  }
}

async function openZip(scanner: ContentScanner, source: ArchiveSource, place: Place, budget: Budget, depth: number): Promise<void> {
  if ('stream' in source) {
    scanner.sink.notice({ path: place.path, reason: 'bounded', text: `a zip of more than ${heldBytesMax} bytes inside another archive` })
    source.stream.resume()
    return
  }
  const zip = await zipOf(source)
  try {
    await new Promise<void>((resolve, reject) => {
      zip.on('error', reject)
      zip.on('end', resolve)
      zip.on('entry', (entry: Entry) => {
        scanEntry(scanner, zip, entry, place, budget, depth).then(() => zip.readEntry(), reject)
      })
      zip.readEntry()
    })
  } finally {
    zip.close()
  }
}

async function scanEntry(scanner: ContentScanner, zip: ZipFile, entry: Entry, place: Place, budget: Budget, depth: number): Promise<void> {
  if (!budget.takeMember()) throw new BudgetError(budget.exhausted)
  const member = { ...place, path: `${place.path}!${entry.fileName}` }
  if (entry.fileName.endsWith('/')) return
  if (entry.isEncrypted()) {
    scanner.sink.notice({ path: member.path, reason: 'unsupported', text: 'is encrypted' })
    return
  }
  let stream: Readable
  try {
    stream = await new Promise<Readable>((resolve, reject) =>
      zip.openReadStream(entry, (error, opened) => (error || !opened ? reject(error ?? new Error('no stream')) : resolve(opened))),
    )
  } catch (error) {
    scanner.sink.notice({ path: member.path, reason: 'unsupported', text: error instanceof Error ? error.message : String(error) })
    return
  }
  await scanStream(scanner, stream, member, budget, depth + 1)
}

function zipOf(source: ArchiveSource): Promise<ZipFile> {
  const options = { lazyEntries: true, autoClose: false, strictFileNames: false, decodeStrings: true, validateEntrySizes: true }
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, zip?: ZipFile) => (error || !zip ? reject(error ?? new Error('no zip')) : resolve(zip))
    if ('file' in source) open(source.file, options, done)
    else if ('bytes' in source)
      fromBuffer(Buffer.from(source.bytes.buffer, source.bytes.byteOffset, source.bytes.byteLength), options, done)
  })
}

/** Scans a member as it is unpacked: held whole while it is small, in windows when it is not, as an archive when it is one. */
export async function scanStream(
  scanner: ContentScanner,
  stream: AsyncIterable<Uint8Array>,
  place: Place,
  budget: Budget,
  depth: number,
): Promise<void> {
  const chunks = counted(scanner, stream[Symbol.asyncIterator](), budget)
  const held: Uint8Array[] = []
  let heldBytes = 0
  for (let chunk = await chunks.next(); !chunk.done && heldBytes <= heldBytesMax; chunk = await chunks.next()) {
    held.push(chunk.value)
    heldBytes += chunk.value.length
    if (heldBytes > heldBytesMax) break
  }
  scanner.sink.counts.files++
  const start = Buffer.concat(held, heldBytes)
  if (heldBytes <= heldBytesMax) return scanner.content(start, place, budget, depth)
  const kind = archiveKind(start)
  if (kind !== undefined && readableKinds.has(kind))
    return openArchive(scanner, { kind, stream: Readable.from(continued(start, chunks), { objectMode: true }) }, place, budget, depth)
  const window = scanner.stream(place)
  window.push(start)
  for await (const chunk of chunks) window.push(chunk)
  window.end()
}

/** The chunks, taken from the budget one by one. */
async function* counted(scanner: ContentScanner, chunks: AsyncIterator<Uint8Array>, budget: Budget): AsyncGenerator<Uint8Array> {
  try {
    for (let chunk = await chunks.next(); !chunk.done; chunk = await chunks.next()) {
      if (!budget.takeBytes(chunk.value.length)) throw new BudgetError(budget.exhausted)
      scanner.sink.counts.bytes += chunk.value.length
      yield chunk.value
    }
  } finally {
    await chunks.return?.()
  }
}

/** The rest of a stream with its beginning put back. */
async function* continued(start: Buffer, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield start
  yield* rest
}
