import type { Credential, CredentialVersion } from '@keyward/contract/credentials'
import { Authority } from '@keyward/contract/words'
import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { CredentialsTable, CredentialVersionsTable } from '../db/tables.ts'
import { shown, shownOrNull } from './times.ts'

/** What may be read of a version outside the vault: never the envelope, never the fingerprint. */
export const versionColumns = [
  'id',
  'credential_id',
  'number',
  'state',
  'hint',
  'provider_key_id',
  'created_at',
  'activated_at',
  'ended_at',
] as const satisfies readonly (keyof CredentialVersionsTable)[]

export type VersionRow = Pick<Selectable<CredentialVersionsTable>, (typeof versionColumns)[number]>

const Authorities = z.array(Authority)
const Labels = z.record(z.string(), z.string())

export function credentialOf(row: Selectable<CredentialsTable>, versions: readonly VersionRow[]): Credential {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    provider: row.provider,
    purpose: row.purpose,
    authority: Authorities.parse(row.authority),
    environment: row.environment,
    owner: row.owner,
    backup_owner: row.backup_owner,
    description: row.description,
    allowed_origins: row.allowed_origins,
    labels: Labels.parse(row.labels),
    state: row.state,
    versions: versions.map(versionOf),
    expires_at: shownOrNull(row.expires_at),
    last_used_at: shownOrNull(row.last_used_at),
    revoked_at: shownOrNull(row.revoked_at),
    created_at: shown(row.created_at),
    updated_at: shown(row.updated_at),
    revision: row.revision,
  }
}

function versionOf(row: VersionRow): CredentialVersion {
  return {
    id: row.id,
    number: row.number,
    state: row.state,
    hint: row.hint,
    provider_key_id: row.provider_key_id,
    created_at: shown(row.created_at),
    activated_at: shownOrNull(row.activated_at),
    ended_at: shownOrNull(row.ended_at),
  }
}
