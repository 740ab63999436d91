import { z } from 'zod'
import { Name } from './fields.ts'
import { idSchema } from './ids.ts'
import { limits } from './limits.ts'
import { PageQuery, Revision, Timestamp } from './page.ts'
import { refusedRedirect } from './redirect-uri.ts'

/** Where a client takes its answer (OAuth 2.1, section 2.3): compared exactly, but for the port of a loopback address. */
export const RedirectUri = z
  .string()
  .min(1)
  .max(limits.redirectUriCharsMax)
  .superRefine((text, context) => {
    const why = refusedRedirect(text)
    if (why !== undefined) context.addIssue({ code: 'custom', message: why })
  })

/** A client that was registered by hand. Public (an editor, a desktop app), unless it names the workload that it is. */
export const OAuthClientCreate = z
  .strictObject({
    name: Name,
    redirect_uris: z.array(RedirectUri).min(1, 'give at least one address').max(limits.redirectUrisMax),
    workload: idSchema('workload')
      .optional()
      .meta({ description: 'The client is this workload: it authenticates by its identities, and acts under its own grants alone' }),
  })
  .meta({ id: 'OAuthClientCreate' })
export const OAuthClientUpdate = OAuthClientCreate.omit({ workload: true }).partial().meta({ id: 'OAuthClientUpdate' })

export const OAuthClient = z
  .object({
    id: idSchema('oauthClient'),
    client_id: z.string().meta({ description: 'What the client calls itself in requests: this id, or the workload that it is' }),
    name: z.string(),
    redirect_uris: z.array(z.string()),
    workload: idSchema('workload').nullable(),
    state: z.enum(['active', 'revoked']),
    revoked_at: Timestamp.nullable(),
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: Revision,
  })
  .meta({ id: 'OAuthClient' })

export const OAuthClientQuery = PageQuery.extend({ state: z.enum(['active', 'revoked']).optional() })

export type OAuthClientCreate = z.infer<typeof OAuthClientCreate>
export type OAuthClientUpdate = z.infer<typeof OAuthClientUpdate>
export type OAuthClient = z.infer<typeof OAuthClient>
export type OAuthClientQuery = z.infer<typeof OAuthClientQuery>
