import type { Authority, CredentialKind, Purpose } from '@keyward/contract/words'

/**
 * A provider's file in `detectors/` (YAML, one a provider): what its credentials look like, what they can do, and how they end.
 * Users' own detectors have the same form (`keyward scan --detectors DIR`).
 */
export interface DetectorFile {
  /** Slug of the provider, also the file's name: `openai`. */
  readonly provider: string
  /** How people write it: `OpenAI`. */
  readonly name: string
  readonly detectors: readonly Detector[]
}

export interface Detector {
  /** Unique over all files, starts with the provider's slug: `openai-project-key`. */
  readonly id: string
  /** What a person calls it: `OpenAI project API key`. */
  readonly name: string
  readonly kind: CredentialKind
  readonly purpose: Purpose
  /** What it lets a machine do unattended. */
  readonly authority: readonly Authority[]
  readonly severity: Severity
  /**
   * Regular expression without look-around or back-references (it must also compile in RE2). The secret is the named group
   * `secret`, else group 1, else the whole match. Case-sensitive unless `ignoreCase`.
   */
  readonly pattern: string
  readonly ignoreCase?: boolean
  /** Literals (any case in the text), at least one of which lies inside the match or within `context.distanceBytes` of it. At least 3 bytes each: they feed the Aho-Corasick prefilter. */
  readonly keywords: readonly string[]
  /** What must stand near the match where the shape alone says too little (32 hex digits …). */
  readonly context?: { readonly near: string; readonly distanceBytes: number }
  /** Shannon entropy of the secret in bits per character, below which it is no secret. */
  readonly entropyMin?: number
  /** Name of a checksum or structure check in `src/checks/`, which either proves or refutes the match. */
  readonly check?: string
  /** How far shape (and check) alone prove that it is what the name says. */
  readonly confidence: Confidence
  /** Other parts without which it is of no use: AWS id + secret, client id + secret, host + password. */
  readonly parts?: readonly { readonly detector: string; readonly withinLines: number; readonly required: boolean }[]
  /** The harmless call that tells whether it lives (`--verify`, opt-in). */
  readonly verify?: VerifyCall
  /** How it is ended: a page or call, in words for people, and the API call where the provider has one. */
  readonly revoke: { readonly how: string; readonly url?: string; readonly api?: string; readonly selfService?: boolean }
  readonly examples: { readonly match: readonly string[]; readonly noMatch: readonly string[] }
  /** Where the format's facts come from. */
  readonly source: string
}

export type Severity = 'critical' | 'high' | 'medium' | 'low'
export type Confidence = 'high' | 'medium' | 'low'

/** Declarative HTTP: `{secret}` and `{part:ID}` are replaced in headers, url (path only) and body. Alive and dead are told by status, optionally by a JSON path. */
export interface VerifyCall {
  readonly method: 'GET' | 'POST' | 'HEAD'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly alive: readonly number[]
  readonly dead: readonly number[]
  /** Requests a minute that are polite there. */
  readonly requestsPerMinuteMax: number
}
