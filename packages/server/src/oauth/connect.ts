import type { Transaction } from 'kysely'
import type { Audit } from '../audit/audit.ts'
import type { Tables } from '../db/tables.ts'
import type { FamilyToEnd } from '../lifecycle/end-family.ts'
import type { Clients } from './clients/clients.ts'

/** What a login of the command line ends in. */
export interface LoginToken {
  readonly id: string
  readonly token: string
  readonly seconds: number
}

/** What connecting a person's clients needs, beside what every grant type has. */
export interface Connect {
  readonly clients: Pick<Clients, 'find' | 'isActive'>
  readonly audit: Pick<Audit, 'record' | 'recordIn'>
  /** HMAC with the installation's key: what has few letters can't be guessed from its digest. */
  readonly keyedDigest: (sha256: Buffer) => Buffer
  /** Whether a person may still let a client act under a grant (people/usable-grants). */
  mayUseGrant(user: string, grant: string): Promise<boolean>
  /** Makes the API token of a login (people/login-token); undefined where the person has no access any more. */
  createLogin(trx: Transaction<Tables>, user: string, name: string): Promise<LoginToken | undefined>
  /** Ends every token of a family (lifecycle/); resolves when this node refuses them. */
  endFamily(family: FamilyToEnd): Promise<void>
}
