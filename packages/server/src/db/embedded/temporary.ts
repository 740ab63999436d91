import { mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'

/** A folder outside of the data folder that lives as long as this run. */
export interface TemporaryFolder {
  readonly path: string
  dispose(): void
}

/** Its folders are `keyward-XXXXXX`; its links in `home` are `temporary-XXXXXX`. */
const prefix = 'keyward-'
const linkPrefix = 'temporary-'

/** Makes a fresh folder (0700) below `above`, and a link to it in `home`, so that the next start removes it where this run is killed. */
export function makeTemporary(home: string, above: string): TemporaryFolder {
  const path = mkdtempSync(join(above, prefix))
  const link = join(home, linkPrefix + basename(path).slice(prefix.length))
  symlinkSync(path, link)
  return {
    path,
    dispose() {
      rmSync(path, { recursive: true, force: true })
      rmSync(link, { force: true })
    },
  }
}

/** Removes what runs that were killed left behind. Only for who holds the folder's lock. */
export function clearTemporary(home: string): void {
  for (const name of readdirSync(home)) {
    if (!name.startsWith(linkPrefix)) continue
    const path = readlinkSync(join(home, name))
    if (basename(path) === prefix + name.slice(linkPrefix.length)) rmSync(path, { recursive: true, force: true })
    rmSync(join(home, name), { force: true })
  }
}
