import { z } from 'zod'

/** The closed vocabularies of Keyward. One word per thing: code, tables, API, console and docs all use these. */

export const credentialKinds = ['api_key', 'oauth_token', 'workload_identity', 'certificate', 'short_lived_token'] as const
export const purposes = ['model', 'data', 'tool', 'training', 'billing', 'deploy'] as const
/** What a credential lets a machine do without a person in the loop. */
export const authorities = ['consume', 'modify', 'spend'] as const
export const versionStates = ['pending', 'current', 'previous', 'disabled', 'retired', 'revoked'] as const
export const ownerKinds = ['person', 'team'] as const
export const workloadTypes = ['agent', 'pipeline', 'ci', 'service', 'model'] as const
export const resourceKinds = ['llm', 'mcp', 'http', 'git', 'database', 'cloud'] as const
export const roles = ['admin', 'operator', 'auditor', 'viewer'] as const
export const budgetWindows = ['total', 'hour', 'day', 'month'] as const

/** How a workload can prove who it is, the strongest first; a client secret is the discouraged last resort. */
export const identityMethods = [
  'spiffe_x509',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'spiffe_jwt',
  'oidc',
  'private_key_jwt',
  'client_secret_basic',
] as const
/**
 * How sure we are of who holds a token, by analogy with NIST SP 800-63 (which itself speaks of people only): a secret that can be copied; a
 * proof by an issuer or a key; the same, and the token is bound to a key; the same, and the issuer attests what runs there.
 */
export const assuranceLevels = ['shared_secret', 'federated', 'key_bound', 'attested'] as const

export const CredentialKind = z.enum(credentialKinds)
export const Purpose = z.enum(purposes)
export const Authority = z.enum(authorities)
export const VersionState = z.enum(versionStates)
export const OwnerKind = z.enum(ownerKinds)
export const WorkloadType = z.enum(workloadTypes)
export const ResourceKind = z.enum(resourceKinds)
export const Role = z.enum(roles)
export const IdentityMethod = z.enum(identityMethods)
export const AssuranceLevel = z.enum(assuranceLevels)
export const BudgetWindow = z.enum(budgetWindows)

export type CredentialKind = z.infer<typeof CredentialKind>
export type Purpose = z.infer<typeof Purpose>
export type Authority = z.infer<typeof Authority>
export type VersionState = z.infer<typeof VersionState>
export type OwnerKind = z.infer<typeof OwnerKind>
export type WorkloadType = z.infer<typeof WorkloadType>
export type ResourceKind = z.infer<typeof ResourceKind>
export type Role = z.infer<typeof Role>
export type BudgetWindow = z.infer<typeof BudgetWindow>
export type IdentityMethod = z.infer<typeof IdentityMethod>
export type AssuranceLevel = z.infer<typeof AssuranceLevel>
