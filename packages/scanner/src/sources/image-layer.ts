import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { extract } from 'tar-stream'
import type { LayerTask } from '../run/task.ts'
import { scanStream } from './archive.ts'
import { archiveKind } from './archive-kind.ts'
import { Budget } from './budget.ts'
import type { ContentScanner } from './content.ts'

/** The prefix with which a layer says that it deletes what lower layers hold, and its form for all of a folder. */
const whiteout = '.wh.'
const opaque = '.wh..wh..opq'

/** Scans the files of one layer, and tells which paths it deletes. */
export async function scanLayer(scanner: ContentScanner, layer: LayerTask): Promise<void> {
  const { layerNumber = 0, layer: digest } = layer.place
  const budget = new Budget(layer.length)
  const unpack = extract()
  const input = layerStream(layer)
  input.on('error', (error) => unpack.destroy(error))
  input.pipe(unpack)
  try {
    for await (const entry of unpack) {
      const path = `/${entry.header.name.replace(/^\.?\//, '')}`
      const name = path.slice(path.lastIndexOf('/') + 1)
      const folder = path.slice(0, path.length - name.length)
      if (!budget.takeMember()) throw new Error(budget.exhausted)
      const prefix = layer.place.path === '' ? '' : `${layer.place.path}!`
      if (name === opaque) scanner.sink.removed(layerNumber, prefix + folder)
      else if (name.startsWith(whiteout)) scanner.sink.removed(layerNumber, prefix + folder + name.slice(whiteout.length))
      if (entry.header.type === 'file' || entry.header.type === 'contiguous-file')
        await scanStream(scanner, entry as AsyncIterable<Uint8Array>, { ...layer.place, path: prefix + path }, budget, 1)
      else entry.resume()
    }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    scanner.sink.notice({ path: digest ?? layer.file, reason: budget.exhausted ? 'bounded' : 'broken', text })
  } finally {
    input.destroy()
    unpack.destroy()
  }
}

function layerStream(layer: LayerTask): Readable {
  if (layer.length === 0) return Readable.from([])
  const start = Buffer.alloc(Math.min(512, layer.length))
  const descriptor = openSync(layer.file, 'r')
  try {
    readSync(descriptor, start, 0, start.length, layer.offset)
  } finally {
    closeSync(descriptor)
  }
  const bytes = createReadStream(layer.file, { start: layer.offset, end: layer.offset + layer.length - 1 })
  const kind = archiveKind(start)
  const inflate = kind === 'gzip' ? createGunzip() : kind === 'zstd' ? createZstdDecompress() : undefined
  if (!inflate) return bytes
  bytes.on('error', (error) => inflate.destroy(error))
  return bytes.pipe(inflate)
}
