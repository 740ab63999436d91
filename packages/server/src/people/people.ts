import type { Transaction } from 'kysely'
import type { AuditRecord } from '../audit/record.ts'
import type { Database } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import type { Egress } from '../egress/egress.ts'
import type { Log } from '../observe/log.ts'
import type { Vault } from '../vault/vault.ts'
import type { LocalLoginKey } from './local-login-key.ts'
import type { PasswordHasher } from './password-hash.ts'

export type Trx = Transaction<Tables>

/** What the functions of this folder work with. */
export interface People {
  readonly db: Database
  readonly audit: { record(record: AuditRecord): Promise<void>; recordIn(trx: Trx, record: AuditRecord): Promise<void> }
  readonly vault: {
    fingerprintOfDigest(sha256: Uint8Array): Buffer
    deriveForHolder(keyId: string, info: string, salt: Uint8Array): Promise<Buffer | undefined>
  } & Pick<Vault, 'seal' | 'open' | 'forget'>
  /** The way to identity providers. */
  readonly egress: Pick<Egress, 'request'>
  readonly log: Log
  /** The public origin of the installation, such as `https://keyward.example.com` (config: KEYWARD_ISSUER). */
  readonly origin: string
  /** Name of the organisation, as authenticators show it beside a passkey. */
  readonly organisation: string
  readonly dataFolder: string
  readonly passwords: PasswordHasher
  /** Half of the proof of local logins; undefined where they are impossible (the key-encryption key is in no file). */
  readonly localLogin: LocalLoginKey | undefined
}

/** What of a request this folder looks at (http/request-facts.ts has more). */
export interface Caller {
  readonly method: string
  readonly headers: Headers
  readonly ip: string | undefined
  readonly userAgent: string | undefined
  readonly correlationId: string
}

/** The personal part and the correlation of an audit record. */
export function recordOf(caller: Caller, userId: string | undefined): Pick<AuditRecord, 'correlationId' | 'personal'> {
  return { correlationId: caller.correlationId, personal: { user: userId, ip: caller.ip, userAgent: caller.userAgent } }
}
