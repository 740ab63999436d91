import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Notice } from '../finding.ts'
import type { Place } from '../place.ts'
import type { LayerTask } from '../run/task.ts'
import { type TarMember, tarIndex } from './tar-index.ts'

export class ImageError extends Error {
  override readonly name = 'ImageError'
}

/** A manifest or configuration is no larger than this (the registries' own limit is 4 MiB). */
const manifestBytesMax = 8_388_608
const imagesMax = 1000
const indexDepthMax = 4

/** What an image consists of: configurations to scan as documents, layers to scan as file trees. */
export interface ImagePlan {
  readonly configurations: readonly { readonly bytes: Buffer; readonly place: Place }[]
  readonly layers: readonly LayerTask[]
}

interface Descriptor {
  readonly digest?: string
  readonly mediaType?: string
}

/** Reads the blobs of an image, wherever they lie. */
interface Blobs {
  read(name: string): Buffer | undefined
  locate(name: string): ({ readonly file: string } & TarMember) | undefined
}

/**
 * Plans the scan of an OCI layout (a folder or its tar) or of what `docker save` writes. Each layer once, also where several images share it;
 * files that a higher layer deletes are still there. Throws `ImageError` where the path is neither.
 */
export function planImage(path: string, notice: (notice: Notice) => void): ImagePlan {
  const blobs = statSync(path).isDirectory() ? folderBlobs(path) : tarBlobs(path)
  const plan = new Planner(blobs, path, notice)
  const saved = json(blobs.read('manifest.json'))
  const index = json(blobs.read('index.json'))
  if (Array.isArray(saved)) for (const one of saved.slice(0, imagesMax)) plan.saved(one as SavedImage)
  else if (index) plan.index(index as { manifests?: Descriptor[] }, 0)
  else throw new ImageError(`${path} is no image: neither an OCI layout nor the output of \`docker save\``)
  return plan
}

/** Whether a tar holds an image: the output of `docker save`, or an OCI layout. */
export function isImageTar(file: string): boolean {
  const blobs = tarBlobs(file)
  return blobs.read('oci-layout') !== undefined || /"Layers"/.test(blobs.read('manifest.json')?.toString('latin1') ?? '')
}

interface SavedImage {
  readonly Config?: string
  readonly RepoTags?: readonly string[] | null
  readonly Layers?: readonly string[]
}

class Planner implements ImagePlan {
  readonly configurations: { bytes: Buffer; place: Place }[] = []
  readonly layers: LayerTask[] = []
  readonly #blobs: Blobs
  readonly #path: string
  readonly #notice: (notice: Notice) => void
  readonly #seen = new Set<string>()

  constructor(blobs: Blobs, path: string, notice: (notice: Notice) => void) {
    this.#blobs = blobs
    this.#path = path
    this.#notice = notice
  }

  saved(image: SavedImage): void {
    const name = image.RepoTags?.[0] ?? this.#path
    if (image.Config) this.#configuration(image.Config, name)
    for (const [index, layer] of (image.Layers ?? []).entries()) this.#layer(layer, digestOfName(layer), index + 1)
  }

  index(index: { manifests?: Descriptor[] }, depth: number): void {
    for (const one of (index.manifests ?? []).slice(0, imagesMax)) {
      if (!one.digest || this.#seen.has(one.digest)) continue
      this.#seen.add(one.digest)
      const manifest = json(this.#blobs.read(blobName(one.digest))) as
        | { manifests?: Descriptor[]; config?: Descriptor; layers?: Descriptor[] }
        | undefined
      if (!manifest) this.#missing(one.digest)
      else if (manifest.manifests && depth < indexDepthMax) this.index(manifest, depth + 1)
      else {
        if (manifest.config?.digest) this.#configuration(blobName(manifest.config.digest), this.#path)
        for (const [at, layer] of (manifest.layers ?? []).entries())
          if (layer.digest) this.#layer(blobName(layer.digest), layer.digest, at + 1)
      }
    }
  }

  #configuration(blob: string, name: string): void {
    if (this.#seen.has(blob)) return
    this.#seen.add(blob)
    const bytes = this.#blobs.read(blob)
    if (!bytes) {
      this.#missing(blob)
      return
    }
    const place: Place = { source: 'image', path: `${name}!configuration`, what: 'image configuration, environment and history' }
    this.configurations.push({ bytes: Buffer.from(JSON.stringify(json(bytes) ?? bytes.toString('latin1'), null, 1)), place })
  }

  #layer(blob: string, digest: string, layerNumber: number): void {
    if (this.#seen.has(`${blob} ${layerNumber}`)) return
    this.#seen.add(`${blob} ${layerNumber}`)
    const found = this.#blobs.locate(blob)
    if (found) this.layers.push({ ...found, place: { source: 'image', path: '', layer: digest, layerNumber } })
    else this.#missing(blob)
  }

  #missing(blob: string): void {
    this.#notice({ path: `${this.#path}!${blob}`, reason: 'broken', text: 'the image names it, but it is not there' })
  }
}

function folderBlobs(folder: string): Blobs {
  const fileOf = (name: string): string | undefined => {
    const file = join(folder, name)
    return /(?:^|\/)\.\.(?:\/|$)/.test(name) || !existsSync(file) || !statSync(file).isFile() ? undefined : file
  }
  return {
    read: (name) => {
      const file = fileOf(name)
      return file === undefined ? undefined : readPart(file, 0, statSync(file).size)
    },
    locate: (name) => {
      const file = fileOf(name)
      return file === undefined ? undefined : { file, offset: 0, length: statSync(file).size }
    },
  }
}

function tarBlobs(file: string): Blobs {
  const descriptor = openSync(file, 'r')
  let members: ReadonlyMap<string, TarMember>
  try {
    members = tarIndex(descriptor)
  } finally {
    closeSync(descriptor)
  }
  return {
    read: (name) => {
      const member = members.get(name)
      return member && readPart(file, member.offset, member.length)
    },
    locate: (name) => {
      const member = members.get(name)
      return member && { file, ...member }
    },
  }
}

function readPart(file: string, offset: number, length: number): Buffer | undefined {
  if (length > manifestBytesMax) return undefined
  const bytes = Buffer.alloc(length)
  const descriptor = openSync(file, 'r')
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset))
  } finally {
    closeSync(descriptor)
  }
}

function blobName(digest: string): string {
  return /^[a-z0-9]+:[0-9a-f]+$/.test(digest) ? `blobs/${digest.replace(':', '/')}` : ''
}

function digestOfName(name: string): string {
  const hex = /[0-9a-f]{64}/.exec(name)?.[0]
  return hex === undefined ? name : `sha256:${hex}`
}

function json(bytes: Buffer | undefined): unknown {
  if (!bytes) return undefined
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
