/** Where a secret was seen: what a sighting says besides the secret. Paths use `/`; a member of an archive is `archive.zip!member`. */
export interface Place {
  readonly source: SourceKind
  readonly path: string
  /** What sort of file it is, where its name tells: `dotenv`, `shell history`, `MCP client configuration`, … */
  readonly what?: string
  /** Git: the commit that brought it, by whom and when (ISO 8601). */
  readonly commit?: string
  readonly author?: string
  readonly email?: string
  readonly at?: string
  /** The reason why git would not show it: `stash`, `reflog`, `dangling`. */
  readonly reach?: string
  /** Images: digest of the layer, its number from the bottom (1), and in which layer the file is deleted again. */
  readonly layer?: string
  readonly layerNumber?: number
  readonly deletedInLayer?: number
  /** Git ignores this file: it was probably never shared. */
  readonly ignored?: boolean
}

export type SourceKind = 'file' | 'git' | 'staged' | 'image' | 'log' | 'stdin' | 'environment' | 'process'
