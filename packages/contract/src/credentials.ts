import { z } from 'zod'
import { Description, EnvironmentName, Labels, Name, Origin, Provider } from './fields.ts'
import { idSchema } from './ids.ts'
import { limits } from './limits.ts'
import { PageQuery, Revision, Timestamp } from './page.ts'
import { Authority, CredentialKind, Purpose, VersionState } from './words.ts'

/** A secret on its way in. Never in an answer. */
export const SecretInput = z
  .string()
  .min(1, 'must not be empty')
  .refine((text) => new TextEncoder().encode(text).length <= limits.secretBytesMax, `must be at most ${limits.secretBytesMax} bytes`)
  .refine((text) => text.trim() === text, 'has white space at an end: a copied newline is the usual cause; send the bare secret')
  .meta({ description: 'The secret. Write-only', writeOnly: true })

export const credentialStates = ['active', 'revoked'] as const

export const CredentialCreate = z
  .strictObject({
    name: Name,
    kind: CredentialKind,
    provider: Provider,
    purpose: Purpose,
    authority: z
      .array(Authority)
      .min(1, 'name at least one of consume, modify, spend')
      .refine((list) => new Set(list).size === list.length, 'names one twice'),
    environment: EnvironmentName,
    owner: idSchema('owner').meta({ description: 'The accountable person or team. Required' }),
    backup_owner: idSchema('owner').optional(),
    description: Description.optional(),
    allowed_origins: z
      .array(Origin)
      .max(20)
      .optional()
      .meta({ description: "Where the gateway may send it. Default: the provider's own origins" }),
    expires_at: Timestamp.optional(),
    labels: Labels.optional(),
    secret: SecretInput.optional(),
  })
  .meta({ id: 'CredentialCreate' })

export const CredentialUpdate = CredentialCreate.omit({ secret: true, kind: true, provider: true, purpose: true, environment: true })
  .extend({ backup_owner: idSchema('owner').nullable(), description: Description.nullable(), expires_at: Timestamp.nullable() })
  .partial()
  .meta({ id: 'CredentialUpdate' })

/** A further secret value for the same credential: it becomes `current`, the one before it `previous`. */
export const VersionCreate = z
  .strictObject({ secret: SecretInput, provider_key_id: z.string().max(255).optional() })
  .meta({ id: 'VersionCreate' })

export const CredentialVersion = z
  .object({
    id: idSchema('version'),
    number: z.number().int(),
    state: VersionState,
    hint: z.string().meta({ description: 'Enough to recognise it, too little to use it' }),
    provider_key_id: z.string().nullable(),
    created_at: Timestamp,
    activated_at: Timestamp.nullable(),
    ended_at: Timestamp.nullable(),
  })
  .meta({ id: 'CredentialVersion' })

export const Credential = z
  .object({
    id: idSchema('credential'),
    name: z.string(),
    kind: CredentialKind,
    provider: z.string(),
    purpose: Purpose,
    authority: z.array(Authority),
    environment: z.string(),
    owner: idSchema('owner'),
    backup_owner: idSchema('owner').nullable(),
    description: z.string().nullable(),
    allowed_origins: z.array(z.string()),
    labels: z.record(z.string(), z.string()),
    state: z.enum(credentialStates),
    versions: z.array(CredentialVersion).meta({ description: 'Newest first; in lists only the current one' }),
    expires_at: Timestamp.nullable(),
    last_used_at: Timestamp.nullable(),
    revoked_at: Timestamp.nullable(),
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: Revision,
  })
  .meta({ id: 'Credential' })

export const CredentialQuery = PageQuery.extend({
  environment: EnvironmentName.optional(),
  owner: idSchema('owner').optional(),
  provider: Provider.optional(),
  purpose: Purpose.optional(),
  kind: CredentialKind.optional(),
  state: z.enum(credentialStates).optional(),
  q: z.string().max(200).optional().meta({ description: 'Words (or beginnings of words) of name, provider, description or labels' }),
})

export type CredentialCreate = z.infer<typeof CredentialCreate>
export type CredentialUpdate = z.infer<typeof CredentialUpdate>
export type VersionCreate = z.infer<typeof VersionCreate>
export type Credential = z.infer<typeof Credential>
export type CredentialVersion = z.infer<typeof CredentialVersion>
export type CredentialQuery = z.infer<typeof CredentialQuery>
