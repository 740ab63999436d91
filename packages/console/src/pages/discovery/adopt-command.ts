import type { Detection } from '@keyward/contract/detections'

/** What moves it into the vault, in the folder where it was found; undefined where it is in no file that could be rewritten. */
export function adoptCommand({ id, sources }: Pick<Detection, 'id' | 'sources'>): string | undefined {
  return sources.includes('file') ? `keyward adopt ${id}` : undefined
}
