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

export const CredentialKind = z.enum(credentialKinds)
export const Purpose = z.enum(purposes)
export const Authority = z.enum(authorities)
export const VersionState = z.enum(versionStates)
export const OwnerKind = z.enum(ownerKinds)
export const WorkloadType = z.enum(workloadTypes)
export const ResourceKind = z.enum(resourceKinds)
export const Role = z.enum(roles)
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
