import type { Readable } from 'node:stream'
import type { Detection } from '../detection/detection.ts'
import type { DetectorSources } from '../load/detectors.ts'
import type { FileTask } from '../sources/files.ts'

/** What is scanned. */
export type Target =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'git'; readonly repository: string; readonly onlyNew: boolean; readonly range?: string }
  | { readonly kind: 'pushed'; readonly repository: string; readonly hashes: readonly string[] }
  | { readonly kind: 'staged'; readonly repository: string }
  | { readonly kind: 'patch'; readonly stream: Readable; readonly name: string }
  | { readonly kind: 'image'; readonly path: string }
  | { readonly kind: 'log'; readonly path: string }
  | { readonly kind: 'stream'; readonly stream: Readable; readonly name: string; readonly source: 'stdin' | 'log' }
  | { readonly kind: 'files'; readonly files: Iterable<FileTask> }
  | { readonly kind: 'processes' }

export interface ScanOptions extends DetectorSources {
  readonly targets: readonly Target[]
  /** Folders of dependencies too. */
  readonly everything?: boolean
  readonly respectGitignore?: boolean
  /** Key of fingerprints; without it they are plain digests. */
  readonly key?: Uint8Array
  readonly threads?: number
  readonly baseline?: string
  readonly allowFile?: string
  /** Also what judgement holds unlikely. */
  readonly all?: boolean
  readonly onProgress?: (progress: Progress) => void
  /** For live streams: a secret, as soon as it is first seen. */
  readonly onDetection?: (detection: Detection) => void
  /** Gets each detection's secret, in this process only: for adoption. */
  readonly onSecret?: (detection: Detection, secret: string) => void
  /** Ask the providers whether the secrets live. */
  readonly verify?: (detection: Detection, secret: string, parts: Readonly<Record<string, string>>) => Promise<'alive' | 'dead' | 'unknown'>
  readonly now?: Date
}

export interface Progress {
  readonly files: number
  readonly bytes: number
  readonly commits: number
  /** How many there will be, where that is known; in what counts here: files or commits. */
  readonly total: number | undefined
  readonly done: number
  readonly secrets: number
}
