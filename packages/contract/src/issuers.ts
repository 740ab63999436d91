import { z } from 'zod'
import { Description, Name } from './fields.ts'
import { Audiences, ClaimConditions, PublicJwk, SpiffeIdPattern } from './identities.ts'
import { idSchema } from './ids.ts'
import { limits } from './limits.ts'
import { PageQuery, Revision, Timestamp } from './page.ts'
import { IdentityMethod } from './words.ts'

/** Issuers whose claims Keyward knows, so that it can tell a careful trust rule from a careless one. */
export const issuerPresets = ['github', 'gitlab', 'kubernetes', 'google', 'entra', 'generic'] as const
export const IssuerPreset = z.enum(issuerPresets)

const KeysUrl = z.url({ protocol: /^https?$/ }).max(2_000)
const Certificates = z
  .string()
  .max(limits.issuerKeysBytesMax)
  .regex(/^\s*-----BEGIN CERTIFICATE-----/, 'must be one or more certificates in PEM')

/** Where an issuer's keys come from. */
export const IssuerKeys = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('discovery') }).meta({ description: '`ISSUER/.well-known/openid-configuration` and its `jwks_uri`' }),
    z.strictObject({ type: z.literal('jwks_uri'), url: KeysUrl }),
    z.strictObject({ type: z.literal('jwks'), keys: z.array(PublicJwk).min(1).max(50) }),
    z.strictObject({ type: z.literal('bundle_url'), url: KeysUrl }).meta({ description: 'A SPIFFE bundle endpoint of profile https_web' }),
    z.strictObject({ type: z.literal('bundle'), keys: z.array(z.record(z.string(), z.unknown())).min(1).max(50) }).meta({
      description: 'The keys of a SPIFFE bundle, as they stand in its `keys`',
    }),
    z
      .strictObject({ type: z.literal('certificates'), pem: Certificates })
      .meta({ description: 'Authorities that sign client certificates' }),
  ])
  .meta({ id: 'IssuerKeys' })

export const IssuerCreate = z
  .strictObject({
    name: Name,
    kind: z.enum(['oidc', 'spiffe', 'x509']),
    issuer: z
      .string()
      .min(1)
      .max(500)
      .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
      .meta({ description: 'OIDC: the exact `iss`. SPIFFE: the trust domain, such as acme.example. X.509: a name for the authority' }),
    preset: IssuerPreset.default('generic'),
    keys_from: IssuerKeys,
    allow_private: z.boolean().default(false).meta({ description: 'Its keys may be fetched from a private or loopback address' }),
    attests: z.boolean().default(false).meta({
      description: 'It attests what runs where (node and workload attestation): with a bound token its identities count as `attested`',
    }),
    ca: Certificates.optional().meta({ description: 'Authorities for the TLS of its key endpoint, beside those of the system' }),
    description: Description.optional(),
  })
  .meta({ id: 'IssuerCreate' })

/** Without the defaults of a new one: what is not named stays as it is. */
export const IssuerUpdate = IssuerCreate.pick({ name: true, keys_from: true })
  .extend({ allow_private: z.boolean(), attests: z.boolean(), ca: Certificates.nullable(), description: Description.nullable() })
  .partial()
  .meta({ id: 'IssuerUpdate' })

export const Issuer = z
  .object({
    id: idSchema('issuer'),
    name: z.string(),
    kind: z.enum(['oidc', 'spiffe', 'x509']),
    issuer: z.string(),
    preset: IssuerPreset,
    keys_from: IssuerKeys,
    allow_private: z.boolean(),
    attests: z.boolean(),
    ca: z.string().nullable(),
    description: z.string().nullable(),
    identities: z.number().int().meta({ description: 'Trust rules that rely on it' }),
    state: z.enum(['active', 'revoked']),
    revoked_at: Timestamp.nullable(),
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: Revision,
  })
  .meta({ id: 'Issuer' })

export const IssuerQuery = PageQuery.extend({
  kind: z.enum(['oidc', 'spiffe', 'x509']).optional(),
  state: z.enum(['active', 'revoked']).optional(),
})

/** A trust rule that is not made yet, to be tried before it is. */
export const TrustDraft = z
  .union([
    z.strictObject({ issuer: idSchema('issuer'), audiences: Audiences.optional(), claims: ClaimConditions }),
    z.strictObject({ issuer: idSchema('issuer'), audiences: Audiences.optional(), spiffe_id: SpiffeIdPattern }),
  ])
  .meta({ id: 'TrustDraft' })

/** `POST /api/v1/issuers/try`: a token as it would be presented, or its claims alone (then nothing is said about its signature). */
export const TrustTry = z
  .union([
    z.strictObject({ token: z.string().min(1).max(limits.tokenBytesMax), rule: TrustDraft.optional() }),
    z.strictObject({ issuer: idSchema('issuer'), claims: z.record(z.string(), z.unknown()), rule: TrustDraft.optional() }),
  ])
  .meta({ id: 'TrustTry' })

export const TrustTryResult = z
  .object({
    issuer: idSchema('issuer').nullable().meta({ description: 'Null: no trusted issuer has this `iss` or trust domain' }),
    /** `not_checked`: claims were given, or the token failed before. */
    signature: z.enum(['valid', 'invalid', 'not_checked']),
    problems: z.array(z.string()).meta({ description: 'Why the token would be refused whatever the rules say' }),
    claims: z.record(z.string(), z.unknown()).nullable(),
    rules: z.array(
      z.object({
        workload: z.object({ id: idSchema('workload'), name: z.string() }),
        identity: idSchema('identity'),
        name: z.string().nullable(),
        method: IdentityMethod,
        matches: z.boolean(),
        reasons: z.array(z.string()).meta({ description: 'For each condition that does not hold: what it asks and what the token says' }),
      }),
    ),
    rules_left_out: z.number().int(),
    would_mint: idSchema('workload').nullable().meta({ description: 'The one workload whose token this would get' }),
    draft: z
      .object({ matches: z.boolean(), reasons: z.array(z.string()) })
      .optional()
      .meta({
        description: 'The rule that was sent along, judged by the same claims. Absent where none was, or the claims could not be read',
      }),
  })
  .meta({ id: 'TrustTryResult' })

/** `POST /api/v1/issuers/{id}/assess`: what a rule would match, before it is made. */
export const TrustAssess = z.strictObject({ claims: ClaimConditions }).meta({ id: 'TrustAssess' })
export const TrustAssessment = z.object({ refused: z.array(z.string()), warnings: z.array(z.string()) }).meta({ id: 'TrustAssessment' })

export type IssuerPreset = z.infer<typeof IssuerPreset>
export type IssuerKeys = z.infer<typeof IssuerKeys>
export type IssuerCreate = z.infer<typeof IssuerCreate>
export type IssuerUpdate = z.infer<typeof IssuerUpdate>
export type Issuer = z.infer<typeof Issuer>
export type IssuerQuery = z.infer<typeof IssuerQuery>
export type TrustDraft = z.infer<typeof TrustDraft>
export type TrustTry = z.infer<typeof TrustTry>
export type TrustTryResult = z.infer<typeof TrustTryResult>
export type TrustAssess = z.infer<typeof TrustAssess>
export type TrustAssessment = z.infer<typeof TrustAssessment>
