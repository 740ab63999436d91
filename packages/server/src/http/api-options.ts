import type { Context } from 'hono'
import type { Audit } from '../audit/audit.ts'
import type { Database } from '../db/database.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import type { Gate } from './gate.ts'

export interface ApiOptions {
  readonly db: Database
  readonly log: Log
  readonly clock: Clock
  readonly gate: Gate
  readonly audit: Pick<Audit, 'record' | 'recordIn'>
  /** Resolves when this node has applied the change of that number. */
  readonly caughtUp: (seq: bigint) => Promise<void>
  /** HMAC under the installation's key (`Vault.fingerprintOfDigest`), for what is remembered of requests. */
  readonly keyedDigest: (sha256: Buffer) => Buffer
  /** False for a `Host` that this server does not answer for (DNS rebinding). */
  readonly isOwnHost: (host: string) => boolean
  readonly clientAddress: (context: Context) => string | undefined
}
