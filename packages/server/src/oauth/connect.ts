import type { Audit } from '../audit/audit.ts'
import type { FamilyToEnd } from '../lifecycle/end-family.ts'
import type { Clients } from './clients/clients.ts'

/** What connecting a person's clients needs, beside what every grant type has. */
export interface Connect {
  readonly clients: Pick<Clients, 'find' | 'isActive'>
  readonly audit: Pick<Audit, 'record' | 'recordIn'>
  /** HMAC with the installation's key: what has few letters can't be guessed from its digest. */
  readonly keyedDigest: (sha256: Buffer) => Buffer
  /** Ends every token of a family (lifecycle/); resolves when this node refuses them. */
  endFamily(family: FamilyToEnd): Promise<void>
}
