import { z } from 'zod'
import { EnvironmentName, Name } from './fields.ts'
import { idSchema } from './ids.ts'
import { limits } from './limits.ts'
import { PageQuery, Timestamp } from './page.ts'
import { Role } from './words.ts'

/** A role is held over everything, or over one team, one environment, or one team in one environment. */
export const RoleBinding = z
  .strictObject({ role: Role, team: idSchema('owner').optional(), environment: EnvironmentName.optional() })
  .meta({ id: 'RoleBinding' })

/** A role as somebody holds it. */
export const HeldRole = RoleBinding.extend({
  source: idSchema('identityProvider')
    .optional()
    .meta({ description: 'The identity provider whose groups gave it; an admin did otherwise' }),
}).meta({ id: 'HeldRole' })

export const UserCreate = z
  .strictObject({
    name: Name,
    email: z.email().max(320),
    roles: z.array(RoleBinding).min(1, 'give at least one role').max(50),
    owner: idSchema('owner').optional().meta({ description: 'The owner (kind person) that this user is' }),
  })
  .meta({ id: 'UserCreate' })
export const UserUpdate = UserCreate.extend({ state: z.enum(['active', 'disabled']), owner: idSchema('owner').nullable() })
  .partial()
  .meta({ id: 'UserUpdate' })

export const User = z
  .object({
    id: idSchema('user'),
    name: z.string(),
    email: z.string().nullable(),
    state: z.enum(['active', 'disabled']),
    roles: z.array(HeldRole),
    owner: idSchema('owner').nullable(),
    sign_in: z.object({ password: z.boolean(), passkeys: z.number().int() }),
    created_at: Timestamp,
    last_sign_in_at: Timestamp.nullable(),
  })
  .meta({ id: 'User' })

/** A sign-in link as an admin hands it on: shown once, works once, 10 minutes. The secret is in the fragment, which browsers do not send. */
export const SignInLink = z.object({ url: z.string(), expires_at: Timestamp }).meta({ id: 'SignInLink' })

export const Me = z
  .object({
    user: User,
    session: z.object({ id: z.string(), method: z.string(), authenticated_at: Timestamp, expires_at: Timestamp, fresh: z.boolean() }),
    /** `resource:action` pairs that some role of this user allows. */
    allowed: z.array(z.string()),
    needs_sign_in_method: z.boolean().meta({ description: 'True until a passkey or password is set, or a provider signs in' }),
  })
  .meta({ id: 'Me' })

export const SignInByLink = z.strictObject({ token: z.string().max(200) }).meta({ id: 'SignInByLink' })
export const SignInByPassword = z
  .strictObject({ email: z.string().max(320), password: z.string().max(limits.passwordCharsMax) })
  .meta({ id: 'SignInByPassword' })
export const PasswordSet = z
  .strictObject({
    current: z.string().max(limits.passwordCharsMax).optional(),
    password: z
      .string()
      .min(limits.passwordCharsMin, `must have at least ${limits.passwordCharsMin} characters`)
      .max(limits.passwordCharsMax),
  })
  .meta({ id: 'PasswordSet' })
/** WebAuthn's own JSON forms (WebAuthn Level 3, section 5.1): passed through to the browser and back. */
export const WebAuthnJson = z.looseObject({}).meta({ id: 'WebAuthnJson' })
export const PasskeyRegister = z.strictObject({ name: Name.optional(), response: WebAuthnJson }).meta({ id: 'PasskeyRegister' })
export const PasskeySignIn = z.strictObject({ response: WebAuthnJson }).meta({ id: 'PasskeySignIn' })
export const Passkey = z
  .object({ id: idSchema('passkey'), name: z.string(), created_at: Timestamp, last_used_at: Timestamp.nullable() })
  .meta({ id: 'Passkey' })

export const Session = z
  .object({
    id: idSchema('session'),
    user: idSchema('user'),
    method: z.enum(['link', 'password', 'passkey', 'oidc']),
    current: z.boolean(),
    ip: z.string().nullable(),
    user_agent: z.string().nullable(),
    created_at: Timestamp,
    last_seen_at: Timestamp,
    expires_at: Timestamp,
  })
  .meta({ id: 'Session' })

export const ApiTokenCreate = z
  .strictObject({ name: Name, days: z.number().int().min(1).max(limits.apiTokenDaysMax).default(limits.apiTokenDaysDefault) })
  .meta({ id: 'ApiTokenCreate' })
export const ApiToken = z
  .object({
    id: idSchema('apiToken'),
    user: idSchema('user'),
    name: z.string(),
    hint: z.string(),
    kind: z.enum(['personal', 'local', 'login']),
    token: z.string().optional().meta({ shownOnce: true, description: 'Shown once, in the answer that creates it' }),
    created_at: Timestamp,
    expires_at: Timestamp,
    last_used_at: Timestamp.nullable(),
    revoked_at: Timestamp.nullable(),
  })
  .meta({ id: 'ApiToken' })

/** `keyward login --local`: proof that the caller can read the data folder and the key-encryption key's file. */
export const LocalLogin = z.strictObject({ challenge: z.string().max(200), proof: z.string().max(200) }).meta({ id: 'LocalLogin' })
export const LocalChallenge = z.object({ challenge: z.string(), expires_at: Timestamp }).meta({ id: 'LocalChallenge' })
export const LocalSession = z.object({ token: z.string(), expires_at: Timestamp }).meta({ id: 'LocalSession' })

export const UserQuery = PageQuery.extend({ q: z.string().max(200).optional(), state: z.enum(['active', 'disabled']).optional() })

export type HeldRole = z.infer<typeof HeldRole>
export type RoleBinding = z.infer<typeof RoleBinding>
export type UserCreate = z.infer<typeof UserCreate>
export type UserUpdate = z.infer<typeof UserUpdate>
export type User = z.infer<typeof User>
export type UserQuery = z.infer<typeof UserQuery>
export type Me = z.infer<typeof Me>
export type Session = z.infer<typeof Session>
export type ApiToken = z.infer<typeof ApiToken>
export type ApiTokenCreate = z.infer<typeof ApiTokenCreate>
export type Passkey = z.infer<typeof Passkey>
export type SignInLink = z.infer<typeof SignInLink>
