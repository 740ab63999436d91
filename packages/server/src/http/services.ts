import type { RevocableKind } from '@keyward/contract/records'
import type { Audit } from '../audit/audit.ts'
import type { ChangeFeed } from '../changes/feed.ts'
import type { Database } from '../db/database.ts'
import type { OwnAddress } from '../inventory/resources.ts'
import type { Clients } from '../oauth/clients/clients.ts'
import type { Tryout } from '../oauth/federation/federation.ts'
import type { Minter } from '../oauth/mint.ts'
import type { Clock } from '../observe/clock.ts'
import type { Vault } from '../vault/vault.ts'

/** What the handlers work with. */
export interface Services {
  readonly db: Database
  readonly vault: Pick<Vault, 'seal' | 'fingerprint' | 'fingerprintOfDigest' | 'installation'>
  readonly audit: Pick<Audit, 'record' | 'recordIn'>
  readonly minter: Pick<Minter, 'mint'>
  /** Programs that people may connect to their agents. */
  readonly clients: Pick<Clients, 'find'>
  readonly trust: Tryout
  readonly feed: Pick<ChangeFeed, 'catchUp'>
  /** Id of this node. */
  readonly node: string
  readonly clock: Clock
  /** Where this Keyward is reached: the addresses of resources, and what no upstream may be. */
  readonly address: OwnAddress
  /** Open streams of this node that hang on a thing; they are cut when it is revoked. */
  openStreams(kind: RevocableKind | 'identity', id: string): number
}
