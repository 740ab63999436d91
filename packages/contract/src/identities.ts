import { z } from 'zod'
import { Name } from './fields.ts'
import { idSchema } from './ids.ts'
import { limits } from './limits.ts'
import { Timestamp } from './page.ts'
import { AssuranceLevel, IdentityMethod } from './words.ts'

/** A public key as a JWK (RFC 7517): EC P-256/P-384, Ed25519 or RSA of at least 2048 bits. A private key is refused. */
export const PublicJwk = z
  .looseObject({ kty: z.enum(['EC', 'OKP', 'RSA']), kid: z.string().max(255).optional(), alg: z.string().max(32).optional() })
  .refine(
    (jwk) => !('d' in jwk) && !('p' in jwk) && !('q' in jwk) && !('k' in jwk),
    'contains a private key: send the public key alone, and replace the private one, for it was shown',
  )
  .meta({ id: 'PublicJwk' })

/**
 * What a claim must say. A text, number or boolean: exactly that (numbers and texts that read the same are the same, for issuers differ in how
 * they write ids). A list: one of them. `prefix`: begins with it. `contains`: the claim is a list that has it.
 */
export const ClaimCondition = z
  .union([
    z.string().min(1).max(500),
    z.number(),
    z.boolean(),
    z
      .array(z.union([z.string().min(1).max(500), z.number()]))
      .min(1)
      .max(100),
    z.strictObject({ prefix: z.string().min(1).max(500) }),
    z.strictObject({ contains: z.string().min(1).max(500) }),
  ])
  .meta({ id: 'ClaimCondition' })

/** Conditions by claim: a name such as `repository_id`, or a JSON pointer (RFC 6901) such as `/kubernetes.io/namespace` for one that lies deeper. */
export const ClaimConditions = z
  .record(z.string().regex(/^[^\p{Cc}]{1,200}$/u, 'must be the name of a claim, or a JSON pointer'), ClaimCondition)
  .refine((claims) => Object.keys(claims).length <= limits.claimConditionsMax, `must be ${limits.claimConditionsMax} conditions at most`)
  .meta({ id: 'ClaimConditions' })

/** `spiffe://acme.example/ns/prod/agent`, or with one star as its last segment. */
export const SpiffeIdPattern = z
  .string()
  .max(2_048)
  .regex(
    /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/[A-Za-z0-9._-]+)*\/(?:[A-Za-z0-9._-]+|\*)$/,
    'must be a SPIFFE ID such as spiffe://acme.example/ns/prod/agent, optionally with * as its last segment',
  )

const Pem = z
  .string()
  .max(limits.issuerKeysBytesMax)
  .regex(/^\s*-----BEGIN CERTIFICATE-----/, 'must be a certificate in PEM')

const common = {
  name: Name.optional(),
  grants: z
    .array(idSchema('grant'))
    .max(50)
    .optional()
    .meta({ description: 'The grants of its workload that this identity may use. Default: all of them' }),
}
export const Audiences = z
  .array(z.string().min(1).max(500))
  .min(1)
  .max(limits.audiencesMax)
  .meta({ description: 'Values of `aud` that are accepted. Default: the issuer identifier of this Keyward' })

/** How a workload proves who it is. The ones with an `issuer` are trust rules: what that issuer says of somebody, pinned to this workload. */
export const IdentityCreate = z
  .discriminatedUnion('method', [
    z.strictObject({
      method: z.literal('oidc'),
      ...common,
      issuer: idSchema('issuer'),
      audiences: Audiences.optional(),
      claims: ClaimConditions,
      single_use: z.boolean().default(false).meta({
        description: 'Take each token of the issuer once, by its `jti`. Not for tokens that a platform writes into a file and leaves there',
      }),
    }),
    z.strictObject({
      method: z.literal('spiffe_jwt'),
      ...common,
      issuer: idSchema('issuer'),
      audiences: Audiences.optional(),
      spiffe_id: SpiffeIdPattern,
    }),
    z.strictObject({ method: z.literal('spiffe_x509'), ...common, issuer: idSchema('issuer'), spiffe_id: SpiffeIdPattern }),
    z
      .strictObject({
        method: z.literal('tls_client_auth'),
        ...common,
        issuer: idSchema('issuer'),
        subject_dn: z.string().min(1).max(1_000).optional().meta({ description: 'RFC 4514 string of the whole subject' }),
        san_dns: z.string().min(1).max(253).optional(),
        san_uri: z.string().min(1).max(2_048).optional(),
        san_ip: z.string().min(1).max(45).optional(),
        san_email: z.string().min(1).max(320).optional(),
      })
      .refine(
        (one) => [one.subject_dn, one.san_dns, one.san_uri, one.san_ip, one.san_email].filter((value) => value !== undefined).length === 1,
        'must name exactly one of subject_dn, san_dns, san_uri, san_ip, san_email (RFC 8705, section 2.1.2)',
      ),
    z.strictObject({ method: z.literal('self_signed_tls_client_auth'), ...common, certificate: Pem }),
    z.strictObject({ method: z.literal('private_key_jwt'), ...common, jwk: PublicJwk }),
    z.strictObject({ method: z.literal('client_secret_basic'), ...common, expires_at: Timestamp.optional() }),
  ])
  .meta({ id: 'IdentityCreate' })

export const Identity = z
  .object({
    id: idSchema('identity'),
    method: IdentityMethod,
    name: z.string().nullable(),
    issuer: idSchema('issuer').nullable(),
    audiences: z.array(z.string()).nullable(),
    claims: ClaimConditions.nullable(),
    subject: z
      .string()
      .nullable()
      .meta({ description: 'SPIFFE ID, or what of a certificate is matched, such as `san_dns=agent.acme.example`' }),
    single_use: z.boolean(),
    grants: z.array(idSchema('grant')).nullable().meta({ description: 'Null: all grants of its workload' }),
    thumbprint: z.string().nullable().meta({ description: 'RFC 7638 thumbprint of the key, or SHA-256 of the certificate' }),
    hint: z.string().nullable(),
    assurance: AssuranceLevel.meta({ description: 'What it reaches without, and so at least; a bound token adds `key_bound`' }),
    warnings: z.array(z.string()).meta({ description: 'What of this rule matches more than it should, and how to narrow it' }),
    created_at: Timestamp,
    expires_at: Timestamp.nullable(),
    last_used_at: Timestamp.nullable(),
    revoked_at: Timestamp.nullable(),
    client_secret: z.string().optional().meta({ shownOnce: true, description: 'Shown once, when a client secret is created' }),
  })
  .meta({ id: 'Identity' })

export type PublicJwk = z.infer<typeof PublicJwk>
export type ClaimCondition = z.infer<typeof ClaimCondition>
export type ClaimConditions = z.infer<typeof ClaimConditions>
export type IdentityCreate = z.infer<typeof IdentityCreate>
export type Identity = z.infer<typeof Identity>
