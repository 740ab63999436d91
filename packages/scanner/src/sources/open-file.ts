import { statSync } from 'node:fs'
import { openArchive } from './archive.ts'
import type { ArchiveOpener } from './content.ts'
import { isImageTar, planImage } from './image.ts'
import { scanLayer } from './image-layer.ts'

function isImage(path: string): boolean {
  return statSync(path).isDirectory() || isImageTar(path)
}

/** Opens an archive; a tar that is a saved image is opened as an image, layer by layer. */
export const openFile: ArchiveOpener = async (scanner, source, place, budget, depth) => {
  if (source.kind !== 'tar' || !('file' in source) || depth > 0 || !isImage(source.file))
    return openArchive(scanner, source, place, budget, depth)
  const plan = planImage(source.file, (notice) => scanner.sink.notice(notice))
  for (const { bytes, place: own } of plan.configurations) scanner.text(bytes, { ...own, path: `${place.path}!configuration` })
  for (const layer of plan.layers) await scanLayer(scanner, { ...layer, place: { ...layer.place, path: place.path } })
}
