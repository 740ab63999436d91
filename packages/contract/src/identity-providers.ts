import { z } from 'zod'
import { SecretInput } from './credentials.ts'
import { Name } from './fields.ts'
import { idSchema } from './ids.ts'
import { limits } from './limits.ts'
import { PageQuery, Revision, Timestamp } from './page.ts'
import { Me, RoleBinding } from './people.ts'

/** A group of the provider, and the role that whoever is in it holds. Compared exactly: letter case counts. */
export const GroupMapping = RoleBinding.extend({
  group: z.string().min(1, 'must not be empty').max(limits.groupCharsMax),
}).meta({ id: 'GroupMapping' })

const Scope = z
  .string()
  .max(200)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be one scope such as profile')
const Scopes = z
  .array(Scope)
  .min(1)
  .max(20)
  .refine((scopes) => scopes.includes('openid'), 'must hold openid')
const GroupsClaim = z.string().trim().min(1, 'must not be empty').max(200).meta({
  description: 'Claim with the names or ids of the groups, such as groups; inside of others with dots, such as realm_access.roles',
})
const Mappings = z.array(GroupMapping).max(limits.groupMappingsMax)

/** `POST /api/v1/identity-providers`. */
export const IdentityProviderCreate = z
  .strictObject({
    name: Name.meta({ description: 'What the button at the sign-in page says after "Continue with"' }),
    issuer: z
      .url({ protocol: /^https?$/ })
      .max(500)
      .meta({ description: 'The exact `iss`; `ISSUER/.well-known/openid-configuration` is read' }),
    client_id: z.string().min(1, 'must not be empty').max(300),
    client_secret: SecretInput.optional().meta({
      description: 'Write-only. None for a public client, which has PKCE alone',
      writeOnly: true,
    }),
    scopes: Scopes.default(['openid', 'email', 'profile']),
    groups_claim: GroupsClaim.default('groups'),
    mappings: Mappings.default([]),
    create_users: z.boolean().default(false).meta({ description: 'Whoever is in a mapped group becomes a user at the first sign-in' }),
    allow_private: z.boolean().default(false).meta({ description: 'It may be at a private or loopback address, and there without TLS' }),
  })
  .meta({ id: 'IdentityProviderCreate' })

/** The issuer and the client stay: the ids of linked people mean something there alone. */
export const IdentityProviderUpdate = z
  .strictObject({
    name: Name,
    client_secret: SecretInput.meta({ description: 'Write-only', writeOnly: true }),
    scopes: Scopes,
    groups_claim: GroupsClaim,
    mappings: Mappings,
    create_users: z.boolean(),
    allow_private: z.boolean(),
    state: z.enum(['active', 'disabled']),
  })
  .partial()
  .meta({ id: 'IdentityProviderUpdate' })

export const IdentityProvider = z
  .object({
    id: idSchema('identityProvider'),
    name: z.string(),
    issuer: z.string(),
    client_id: z.string(),
    has_client_secret: z.boolean(),
    redirect_uri: z.string().meta({ description: 'To be registered at the provider for this client' }),
    scopes: z.array(z.string()),
    groups_claim: z.string(),
    mappings: z.array(GroupMapping),
    create_users: z.boolean(),
    allow_private: z.boolean(),
    state: z.enum(['active', 'disabled']),
    users: z.number().int().meta({ description: 'People who are linked to it' }),
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: Revision,
  })
  .meta({ id: 'IdentityProvider' })

export const IdentityProviderQuery = PageQuery.extend({ state: z.enum(['active', 'disabled']).optional() })

/** What the sign-in page shows to anybody. */
export const SignInProvider = z.object({ id: idSchema('identityProvider'), name: z.string() }).meta({ id: 'SignInProvider' })

const ReturnTo = z.string().max(2_000).meta({ description: 'Path of the console to go to afterwards; anything else leads to the overview' })
export const ProviderSignInStart = z
  .strictObject({
    provider: idSchema('identityProvider'),
    to: ReturnTo.optional(),
    again: z
      .boolean()
      .default(false)
      .meta({ description: 'The provider shall ask who it is even where it knows: for acts that need it fresh' }),
  })
  .meta({ id: 'ProviderSignInStart' })
export const ProviderLinkStart = z
  .strictObject({ provider: idSchema('identityProvider'), to: ReturnTo.optional() })
  .meta({ id: 'ProviderLinkStart' })
export const ProviderSignInStarted = z
  .object({ url: z.string().meta({ description: 'At the provider: where the browser goes now' }) })
  .meta({ id: 'ProviderSignInStarted' })

export const ProviderSignInFinish = z
  .strictObject({
    provider: idSchema('identityProvider'),
    query: z.string().max(8_000).meta({ description: 'The query with which the provider sent the browser back, without `?`' }),
  })
  .meta({ id: 'ProviderSignInFinish' })
export const ProviderSignInFinished = z
  .object({
    me: Me,
    to: z.string(),
    linked: z.boolean().meta({ description: 'It was no sign-in: the provider was connected to the account' }),
  })
  .meta({ id: 'ProviderSignInFinished' })

/** One person's way in by a provider. The subject is the provider's own id of them. */
export const UserLink = z
  .object({
    provider: SignInProvider,
    subject: z.string(),
    created_at: Timestamp,
    last_used_at: Timestamp.nullable(),
  })
  .meta({ id: 'UserLink' })
export const UserLinkCreate = z
  .strictObject({ provider: idSchema('identityProvider'), subject: z.string().min(1, 'must not be empty').max(255) })
  .meta({ id: 'UserLinkCreate' })

export type GroupMapping = z.infer<typeof GroupMapping>
export type IdentityProviderCreate = z.infer<typeof IdentityProviderCreate>
export type IdentityProviderUpdate = z.infer<typeof IdentityProviderUpdate>
export type IdentityProvider = z.infer<typeof IdentityProvider>
export type IdentityProviderQuery = z.infer<typeof IdentityProviderQuery>
export type SignInProvider = z.infer<typeof SignInProvider>
export type UserLink = z.infer<typeof UserLink>
