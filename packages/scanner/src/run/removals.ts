import type { Sighting } from '../detection/detection.ts'

/** Which layers of an image delete which paths. What a higher layer deletes is still in the lower one for whoever pulls the image. */
export class Removals {
  readonly #byPath = new Map<string, number[]>()

  add(layerNumber: number, path: string): void {
    const layers = this.#byPath.get(path) ?? []
    layers.push(layerNumber)
    this.#byPath.set(path, layers)
  }

  /** The sighting with the layer that deletes its file, or as it is. */
  mark(sighting: Sighting): Sighting {
    if (sighting.source !== 'image' || sighting.layerNumber === undefined || this.#byPath.size === 0) return sighting
    const { path } = sighting
    const above: number[] = []
    for (let end = path.length; end > 0; end = Math.max(path.lastIndexOf('/', end - 1), path.lastIndexOf('!', end - 1))) {
      above.push(...(this.#byPath.get(path.slice(0, end)) ?? []), ...(this.#byPath.get(path.slice(0, end + 1)) ?? []))
    }
    const deleting = above.filter((layer) => layer > (sighting.layerNumber ?? 0)).sort((a, b) => a - b)[0]
    return deleting === undefined ? sighting : { ...sighting, deletedInLayer: deleting }
  }
}
